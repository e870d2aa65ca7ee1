// The lines of a conversation. The page holds a window onto them, which moves as somebody scrolls.

import { Component, html } from '../vendor/htm-preact.js';
import { cleanLine, fold } from '../text.js';
import { Comings, isComing, Line } from './line.js';
import { focusRow, nextRow, nextSign } from './rows.js';

/** Lines that the page holds at once, how far the window moves, and how near to its edge. */
const WINDOW = 240;
const STEP = 100;
const NEAR_PX = 500;
const BOTTOM_PX = 60;
/** Characters that are shown of a line that is not sent yet. */
const HELD = 200;

const day = (ts) => new Date(ts).toDateString();

/** What is shown for these lines: separators, single lines, and those who come and go together. */
function items(lines, marker) {
  const shown = [];
  let marked = !marker;
  lines.forEach((line, index) => {
    const before = lines[index - 1];
    if (before && day(before.ts) !== day(line.ts)) shown.push({ key: `day${line.key}`, label: new Date(line.ts).toLocaleDateString() });
    if (!marked && line.order >= marker && !line.mine) {
      marked = true;
      if (before) shown.push({ key: 'marker', label: 'New', isNew: true });
    }
    const last = shown.at(-1);
    if (isComing(line) && last?.lines) last.lines.push(line);
    else if (isComing(line)) shown.push({ key: line.key, lines: [line] });
    else shown.push({ key: line.key, line });
  });
  return shown;
}

export class Log extends Component {
  constructor(props) {
    super(props);
    // The last line in the window, or null when that is the newest; the line under the pointer, and that at which the keyboard is.
    this.state = { end: null, picked: null, current: null };
    this.isAtBottom = true;
    // Where it was scrolled to, as far as is known.
    this.top = 0;
  }

  componentDidMount() {
    this.toBottom();
    this.fill();
    this.jump();
    this.observer = new ResizeObserver(() => { if (this.isAtBottom) this.toBottom(); });
    this.observer.observe(this.element);
  }

  componentWillUnmount() {
    this.observer.disconnect();
    if (!this.isAtBottom) this.props.store.dispatch({ type: 'above', name: this.props.buffer.name, isAbove: false });
  }

  toBottom() {
    this.element.scrollTop = this.element.scrollHeight;
    this.top = this.element.scrollTop;
  }

  /** For somebody who waits at the very top, where nothing can scroll that would show a page which came, or ask for the next one. */
  fill() {
    if (!this.isAtBottom || this.element.scrollHeight <= this.element.clientHeight) this.scrolled();
  }

  range() {
    const { lines } = this.props.buffer;
    let end = lines.length;
    // Where that line is gone, so are all before it.
    if (this.state.end) end = Math.max(lines.findLastIndex((line) => line.key === this.state.end) + 1, Math.min(WINDOW, end));
    return [Math.max(0, end - WINDOW), end];
  }

  /** Where the first line that one sees stands, so that it can stay there. */
  getSnapshotBeforeUpdate() {
    const { element } = this;
    // Whoever has just scrolled up is not to be taken back, although the event that tells of it has not come yet: on its way up
    // the pointer comes over other lines, which are drawn anew.
    const isLeaving = element?.scrollTop < this.top - 1;
    if (!element || (this.isAtBottom && !isLeaving)) return null;
    const top = element.getBoundingClientRect().top;
    const places = [];
    for (const child of element.children) {
      const box = child.getBoundingClientRect();
      if (box.bottom > top && child.dataset.key) places.push([child.dataset.key, box.top]);
      if (places.length >= 40) break;
    }
    return places;
  }

  componentDidUpdate(before, _state, places) {
    this.jump();
    if (places) this.stay(places);
    else if (this.isAtBottom) this.toBottom();
    if (before.buffer.oldest !== this.props.buffer.oldest) this.fill();
    if (this.going) focusRow(this.element, this.state.current, this.going);
    this.going = null;
  }

  stay(places) {
    const children = new Map([...this.element.children].map((child) => [child.dataset.key, child]));
    for (const [key, top] of places) {
      const child = children.get(key);
      if (!child) continue;
      this.element.scrollTop += child.getBoundingClientRect().top - top;
      this.top = this.element.scrollTop;
      return;
    }
  }

  scrolled = () => {
    const { element } = this;
    const { buffer, store } = this.props;
    this.top = element.scrollTop;
    const [start, end] = this.range();
    const { lines } = buffer;
    const below = element.scrollHeight - element.clientHeight - element.scrollTop;
    const isAtBottom = end === lines.length && below < BOTTOM_PX;
    if (isAtBottom !== this.isAtBottom) {
      this.isAtBottom = isAtBottom;
      store.dispatch({ type: 'above', name: buffer.name, isAbove: !isAtBottom });
      // Held from now on, so that new lines do not push out those that are being read.
      this.setState({ end: isAtBottom ? null : lines[end - 1]?.key ?? null });
    }
    if (element.scrollTop < NEAR_PX) {
      if (start > 0) this.move(end - Math.min(STEP, start));
      else if (!isAtBottom || element.scrollHeight <= element.clientHeight + NEAR_PX) store.past(buffer.name);
    } else if (below < NEAR_PX && end < lines.length) {
      this.move(end + STEP);
    }
  };

  move(end) {
    const { lines } = this.props.buffer;
    if (end >= lines.length) this.setState({ end: lines.at(-1)?.key ?? null });
    else this.setState({ end: lines[Math.max(end, Math.min(WINDOW, lines.length)) - 1].key });
  }

  /** Goes where somebody was sent, once that line is there. */
  jump() {
    const { buffer, store } = this.props;
    const { jumping } = store;
    if (!jumping || jumping.key !== fold(buffer.name)) return;
    const at = buffer.lines.findIndex((line) => line.id === jumping.id);
    store.jumping = null;
    if (at < 0) return;
    this.isAtBottom = false;
    const end = buffer.lines[Math.min(Math.max(at + STEP, WINDOW), buffer.lines.length) - 1].key;
    this.going = null;
    this.setState({ end, current: buffer.lines[at].key }, () => {
      focusRow(this.element, this.state.current, 'center');
      this.scrolled();
    });
  }

  /** The keyboard goes to a line, which gets the focus when it is shown as the one at hand. */
  go(key) {
    if (!key) return;
    this.going = 'nearest';
    this.setState({ current: key });
  }

  pressed = (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const { target, key } = event;
    const row = target === this.element ? null : target.closest('[data-key]');
    const isSign = target.matches('.sign');
    // A long text scrolls by the same keys.
    const isRow = !isSign && !target.matches('.long');
    const line = this.props.buffer.lines.find((one) => one.key === row?.dataset.key);
    const isMessage = row?.classList.contains('message') && line?.id;
    const by = { ArrowUp: -1, ArrowDown: 1 }[key];
    const aside = { ArrowLeft: -1, ArrowRight: 1 }[key];
    if (isRow && by) this.go(nextRow(this.element, row, by));
    else if (isRow && key === 'r' && isMessage) this.reply(line);
    else if (isRow && key === 'e' && isMessage) row.querySelector('.sign')?.focus();
    else if (isSign && aside) nextSign(row, target, aside).focus();
    else if (key === 'Escape' && row && !isRow) row.focus();
    else if (key === 'Escape' && row) document.getElementById('field')?.focus();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  /** A long text is a stop of Tab for whoever is on its line, where it scrolls; elsewhere it would stand in the way to the lines. */
  focused = ({ type, target }) => {
    const long = target.closest('.message')?.querySelector('.long');
    if (long) long.tabIndex = type === 'focusin' && long.scrollHeight > long.clientHeight ? 0 : -1;
  };

  newest = () => {
    this.isAtBottom = true;
    this.props.store.dispatch({ type: 'above', name: this.props.buffer.name, isAbove: false });
    this.setState({ end: null });
  };

  pick = (event) => {
    const key = event.target.closest?.('.message')?.dataset.key ?? null;
    if (key !== this.state.picked) this.setState({ picked: key });
  };

  reply = (line) => {
    this.props.store.set({ replying: line });
    document.getElementById('field')?.focus();
  };

  react = (line, sign) => {
    this.props.store.react(line, sign);
    if (document.activeElement?.classList.contains('sign')) focusRow(this.element, line.key, 'nearest');
  };

  join = (channel) => this.props.store.type(`/join ${channel}`);

  render({ buffer, store }) {
    const [start, end] = this.range();
    const answered = (id) => (id ? buffer.lines.findLast((line) => line.id === id) ?? null : null);
    const shown = items(buffer.lines.slice(start, end), buffer.marker);
    const { current, picked } = this.state;
    // The one stop of Tab in here: the line at hand, or all of it while there is none.
    const isHeld = shown.some((item) => item.key === current);
    const isBehind = end < buffer.lines.length || !this.isAtBottom;
    return html`<div class="logbox">
      <div role="log" aria-label="Messages" aria-live="polite" aria-relevant="additions" class="log" tabindex=${isHeld ? -1 : 0}
        ref=${(element) => { this.element = element; }} onScroll=${this.scrolled} onKeyDown=${this.pressed} onPointerOver=${this.pick} onClick=${this.pick}
        onfocusin=${this.focused} onfocusout=${this.focused}>
        ${shown.map((item) => {
          if (item.label) return html`<div class=${item.isNew ? 'separator new' : 'separator'} key=${item.key}><span>${item.label}</span></div>`;
          if (item.lines?.length > 1) return html`<${Comings} key=${item.key} lines=${item.lines} current=${item.key === current} />`;
          const line = item.line ?? item.lines[0];
          return html`<${Line} key=${item.key} line=${line} picked=${picked === line.key} current=${current === line.key} answered=${answered(line.reply)}
            pinned=${line.signed ? store.state.keys.get(fold(line.nick))?.key : undefined}
            onReply=${this.reply} onReact=${this.react} onJoin=${this.join} />`;
        })}
        ${end === buffer.lines.length && store.held(buffer.name).map((text) => html`<div class="event"><span>[waiting]</span> <span class="what">${cleanLine(text).slice(0, HELD)}</span></div>`)}
      </div>
      ${isBehind && html`<button type="button" class="newest" onClick=${this.newest}>Newest ↓</button>`}
    </div>`;
  }
}
