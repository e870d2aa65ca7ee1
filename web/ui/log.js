// The lines of a conversation. The page holds a window onto them, which moves as somebody scrolls.

import { Component, html } from '../vendor/htm-preact.js';
import { Comings, isComing, Line } from './line.js';

/** Lines that the page holds at once, how far the window moves, and how near to its edge. */
const WINDOW = 240;
const STEP = 100;
const NEAR_PX = 500;
const BOTTOM_PX = 60;

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
    // The last line in the window, or null when that is the newest.
    this.state = { end: null, picked: null };
    this.isAtBottom = true;
  }

  componentDidMount() {
    this.toBottom();
    this.observer = new ResizeObserver(() => { if (this.isAtBottom) this.toBottom(); });
    this.observer.observe(this.element);
  }

  componentWillUnmount() {
    this.observer.disconnect();
    if (!this.isAtBottom) this.props.store.dispatch({ type: 'above', name: this.props.buffer.name, isAbove: false });
  }

  toBottom() {
    this.element.scrollTop = this.element.scrollHeight;
  }

  range() {
    const { lines } = this.props.buffer;
    let end = lines.length;
    if (this.state.end) {
      const at = lines.findLastIndex((line) => line.key === this.state.end);
      if (at >= 0) end = at + 1;
    }
    return [Math.max(0, end - WINDOW), end];
  }

  /** Where the first line that one sees stands, so that it can stay there. */
  getSnapshotBeforeUpdate() {
    const { element } = this;
    if (!element || this.isAtBottom) return null;
    const top = element.getBoundingClientRect().top;
    const places = [];
    for (const child of element.children) {
      const box = child.getBoundingClientRect();
      if (box.bottom > top && child.dataset.key) places.push([child.dataset.key, box.top]);
      if (places.length >= 40) break;
    }
    return places;
  }

  componentDidUpdate(_props, _state, places) {
    if (this.isAtBottom) {
      this.toBottom();
      return;
    }
    if (!places) return;
    const children = new Map([...this.element.children].map((child) => [child.dataset.key, child]));
    for (const [key, top] of places) {
      const child = children.get(key);
      if (!child) continue;
      this.element.scrollTop += child.getBoundingClientRect().top - top;
      return;
    }
  }

  scrolled = () => {
    const { element } = this;
    const { buffer, store } = this.props;
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

  react = (line, sign) => this.props.store.react(line, sign);

  join = (channel) => this.props.store.type(`/join ${channel}`);

  render({ buffer, store }) {
    const [start, end] = this.range();
    const answered = (id) => (id ? buffer.lines.findLast((line) => line.id === id) ?? null : null);
    const shown = items(buffer.lines.slice(start, end), buffer.marker);
    const isBehind = end < buffer.lines.length || !this.isAtBottom;
    return html`<div class="logbox">
      <div role="log" aria-label="Messages" aria-live="polite" aria-relevant="additions" class="log" tabindex="0"
        ref=${(element) => { this.element = element; }} onScroll=${this.scrolled} onPointerOver=${this.pick} onClick=${this.pick}>
        ${shown.map((item) => {
          if (item.label) return html`<div class=${item.isNew ? 'separator new' : 'separator'} key=${item.key}><span>${item.label}</span></div>`;
          if (item.lines?.length > 1) return html`<${Comings} key=${item.key} lines=${item.lines} />`;
          const line = item.line ?? item.lines[0];
          return html`<${Line} key=${item.key} line=${line} picked=${this.state.picked === line.key} answered=${answered(line.reply)}
            onReply=${this.reply} onReact=${this.react} onJoin=${this.join} />`;
        })}
      </div>
      ${isBehind && html`<button type="button" class="newest" onClick=${this.newest}>Newest ↓</button>`}
    </div>`;
  }
}
