// One line of a conversation.

import { Component, html } from '../vendor/htm-preact.js';
import { clean, cleanLine, clock, hue, pieces } from '../text.js';

/** Longer texts get a frame of their own, so that nothing is as high as the page. */
const LONG = 700;
const LINES = 12;

const rich = (text) => pieces(text).map((piece) => (piece.href
  ? html`<a href=${piece.href} target="_blank" rel="noopener noreferrer nofollow">${piece.text}</a>`
  : piece.text));

const shownNick = ({ kind, nick, ranks = '' }) => {
  const name = cleanLine(nick);
  if (kind === 'action') return `* ${name}`;
  return kind === 'notice' ? `-${name}-` : `<${ranks}${name}>`;
};

/** Shown anew only when something about it has changed. */
export class Line extends Component {
  shouldComponentUpdate(next) {
    return next.line !== this.props.line || next.picked !== this.props.picked || next.answered !== this.props.answered;
  }

  render({ line, picked, answered, onReply, onReact }) {
    const text = clean(line.text);
    const time = html`<time datetime=${line.ts}>[${clock(line.ts)}]</time>`;
    if (!['message', 'action', 'notice'].includes(line.kind)) {
      const who = line.nick ? html`<bdi class="who">${cleanLine(line.nick)}</bdi> ` : '';
      return html`<div class=${`event ${line.kind}`} data-key=${line.key}>${time} <span class="what">${who}${text}
        ${line.channel && html` <button type="button" onClick=${() => this.props.onJoin(line.channel)}>Join ${cleanLine(line.channel)}</button>`}</span></div>`;
    }
    const isLong = text.length > LONG || text.split('\n').length > LINES;
    const kinds = `message ${line.kind}${line.mention ? ' mentions' : ''}${line.mine ? ' mine' : ''}`;
    return html`<div class=${kinds} data-key=${line.key}>
      ${time} <bdi class=${`nick h${hue(line.nick)}`}>${shownNick(line)}</bdi> <div class="said">
        ${line.reply && html`<div class="answered">↪ ${answered ? html`<bdi>${cleanLine(answered.nick)}: ${cleanLine(answered.text).slice(0, 120)}</bdi>` : 'an earlier message'}</div>`}
        <div class=${isLong ? 'text long' : 'text'} dir="auto" tabindex=${isLong ? 0 : undefined} role=${isLong ? 'group' : undefined} aria-label=${isLong ? 'Long text' : undefined}>${rich(text)}</div>
        ${line.signed && html`<span class="signed" title="This message carries a signature, which was not verified here">✎</span>`}
        ${line.reactions && html`<div class="reactions">${[...line.reactions].map(([sign, nicks]) => html`
          <button type="button" tabindex="-1" title=${[...nicks].slice(0, 20).map(cleanLine).join(', ')} onClick=${() => onReact(line, sign)}><bdi>${cleanLine(sign) || '?'}</bdi> ${nicks.size}</button>`)}</div>`}
      </div>
      ${picked && html`<span class="tools">
        <button type="button" tabindex="-1" title="Reply" aria-label="Reply" onClick=${() => onReply(line)}>↩</button>
        ${['👍', '❤️', '😄'].map((sign) => html`<button type="button" tabindex="-1" aria-label=${`React with ${sign}`} onClick=${() => onReact(line, sign)}>${sign}</button>`)}
      </span>`}
    </div>`;
  }
}

const COUNTED = [['join', 'joined'], ['part', 'left'], ['quit', 'quit'], ['nick', 'changed nick']];
export const isComing = (line) => COUNTED.some(([kind]) => kind === line.kind);

/** Several who come and go, in one line that tells more when asked. */
export class Comings extends Component {
  shouldComponentUpdate(next) {
    return next.lines.length !== this.props.lines.length || next.lines[0] !== this.props.lines[0];
  }

  render({ lines }) {
    const counts = COUNTED.map(([kind, word]) => [lines.filter((line) => line.kind === kind).length, word]).filter(([count]) => count);
    return html`<details class="event" data-key=${lines[0].key}>
      <summary tabindex="-1"><time datetime=${lines[0].ts}>[${clock(lines[0].ts)}]</time> ${counts.map(([count, word]) => `${count} ${word}`).join(', ')}</summary>
      ${lines.slice(0, 200).map((line) => html`<div key=${line.key}>[${clock(line.ts)}] <bdi>${cleanLine(line.nick)}</bdi> ${clean(line.text)}</div>`)}
    </details>`;
  }
}
