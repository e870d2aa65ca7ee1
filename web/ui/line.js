// One line of a conversation.

import { Component, html, useEffect, useState } from '../vendor/htm-preact.js';
import { clean, cleanLine, cleanName, clock, hue, pieces } from '../text.js';

/** Longer texts get a frame of their own, so that nothing is as high as the page. The log makes it a stop of Tab. */
const LONG = 700;
const LINES = 12;

/** Tab stops at links in the line at hand alone: else the way through the log would be long. */
const rich = (text, current) => pieces(text).map((piece) => (piece.href
  ? html`<a href=${piece.href} tabindex=${current ? undefined : -1} target="_blank" rel="noopener noreferrer nofollow">${piece.text}</a>`
  : piece.text));

const shownNick = ({ kind, nick, ranks = '' }) => {
  const name = cleanName(nick);
  if (kind === 'action') return `* ${name}`;
  return kind === 'notice' ? `-${name}-` : `<${ranks}${name}>`;
};

const VERDICTS = {
  good: ['✓', (nick) => `Signed with the key of ${nick}`],
  bad: ['✗', (nick) => `The signature does not fit the key of ${nick}: this may be by somebody else, or be changed`],
  unknown: ['', () => 'This message carries a signature, which was not verified here'],
};

/** The mark of a signed message, which is verified where the key of its author is known. */
function Signature({ message, pinned }) {
  const [found, setFound] = useState('unknown');
  useEffect(() => {
    let isWanted = true;
    const told = (verdict) => { if (isWanted) setFound(verdict); };
    if (pinned) import('../signed.js').then(({ verdict }) => verdict(message, pinned)).then(told, () => told('unknown'));
    return () => { isWanted = false; };
  }, [message, pinned]);
  const [sign, words] = VERDICTS[found];
  const title = words(cleanName(message.from));
  return html`<span class=${`signed ${found}`} role="img" aria-label=${title} title=${title}>✎${sign}</span>`;
}

/** Shown anew only when something about it has changed. */
export class Line extends Component {
  shouldComponentUpdate(next) {
    return ['line', 'picked', 'current', 'answered', 'pinned'].some((name) => next[name] !== this.props[name]);
  }

  render({ line, picked, current, answered, pinned, onReply, onReact }) {
    const text = clean(line.text);
    const time = html`<time datetime=${line.ts}>[${clock(line.ts)}]</time>`;
    if (!['message', 'action', 'notice'].includes(line.kind)) {
      const who = line.nick ? html`<bdi class="who">${cleanName(line.nick)}</bdi> ` : '';
      return html`<div class=${`event ${line.kind}`} data-key=${line.key} tabindex=${current ? 0 : -1}>${time} <span class="what">${who}${text}
        ${line.channel && html` <button type="button" onClick=${() => this.props.onJoin(line.channel)}>Join ${cleanName(line.channel)}</button>`}</span></div>`;
    }
    const isLong = text.length > LONG || text.split('\n').length > LINES;
    const kinds = `message ${line.kind}${line.mention ? ' mentions' : ''}${line.mine ? ' mine' : ''}`;
    // Its name for those who hear the page, where they have come to it.
    const label = current ? `${cleanName(line.nick)}: ${cleanLine(text).slice(0, LONG)}` : undefined;
    return html`<div class=${kinds} data-key=${line.key} tabindex=${current ? 0 : -1} role="article" aria-label=${label}
      aria-keyshortcuts=${current ? 'r e' : undefined}>
      ${time} <bdi class=${`nick h${hue(line.nick)}`}>${shownNick(line)}</bdi> <div class=${line.signed ? 'said marked' : 'said'}>
        ${line.reply && html`<div class="answered">↪ ${answered ? html`<bdi>${cleanName(answered.nick)}: ${cleanLine(answered.text).slice(0, 120)}</bdi>` : 'an earlier message'}</div>`}
        <div class=${isLong ? 'text long' : 'text'} dir="auto" tabindex=${isLong ? -1 : undefined} role=${isLong ? 'group' : undefined} aria-label=${isLong ? 'Long text' : undefined}>${rich(text, current)}</div>
        ${line.signed && html`<${Signature} message=${line.signed} pinned=${pinned} />`}
        ${line.reactions && html`<div class="reactions">${[...line.reactions].map(([sign, nicks]) => html`
          <button type="button" tabindex="-1" title=${[...nicks].slice(0, 20).map(cleanName).join(', ')} onClick=${() => onReact(line, sign)}><bdi>${cleanLine(sign) || '?'}</bdi> ${nicks.size}</button>`)}</div>`}
      </div>
      ${(picked || current) && html`<span class="tools">
        <button type="button" tabindex="-1" title="Reply (r)" aria-label="Reply" onClick=${() => onReply(line)}>↩</button>
        ${['👍', '❤️', '😄'].map((sign) => html`<button type="button" tabindex="-1" class="sign" title="React (e)" aria-label=${`React with ${sign}`} onClick=${() => onReact(line, sign)}>${sign}</button>`)}
      </span>`}
    </div>`;
  }
}

const COUNTED = [['join', 'joined'], ['part', 'left'], ['quit', 'quit'], ['nick', 'changed nick']];
export const isComing = (line) => COUNTED.some(([kind]) => kind === line.kind);

/** Several who come and go, in one line that tells more when asked. */
export class Comings extends Component {
  shouldComponentUpdate(next) {
    return next.lines.length !== this.props.lines.length || next.lines[0] !== this.props.lines[0] || next.current !== this.props.current;
  }

  render({ lines, current }) {
    const counts = COUNTED.map(([kind, word]) => [lines.filter((line) => line.kind === kind).length, word]).filter(([count]) => count);
    return html`<details class="event" data-key=${lines[0].key}>
      <summary tabindex=${current ? 0 : -1}><time datetime=${lines[0].ts}>[${clock(lines[0].ts)}]</time> ${counts.map(([count, word]) => `${count} ${word}`).join(', ')}</summary>
      ${lines.slice(0, 200).map((line) => html`<div key=${line.key}>[${clock(line.ts)}] <bdi>${cleanName(line.nick)}</bdi> ${clean(line.text)}</div>`)}
    </details>`;
  }
}
