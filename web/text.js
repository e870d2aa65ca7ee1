// What becomes of text before it is shown. Pure functions.

/** The same name, however its ASCII letters are written. */
export const fold = (name) => name.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
export const same = (one, other) => fold(one) === fold(other);
export const isChannel = (name) => name.startsWith('#');

// Colours and styles of IRC: their bytes and what belongs to them.
const FORMAT = /\x03(?:\d{1,2}(?:,\d{1,2})?)?|\x04(?:[0-9a-f]{6}(?:,[0-9a-f]{6})?)?|[\x02\x0f\x11\x16\x1d\x1e\x1f]/gi;
// Escape sequences of terminals, which somebody's bot may have sent along.
const ESCAPE = /(?:\x1b\[|\x9b)[0-9;?]*[@-~]?/g;
// Control bytes but the line feed; what has no width, except what emoji are made with; what turns the direction of what stands
// behind it.
const CONTROL = /(?![\u200c\u200d\ufe0e\ufe0f\u{e0020}-\u{e007f}])[\0-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ufff9-\ufffb\p{Default_Ignorable_Code_Point}]/gu;
// Elsewhere than in emoji, that hides between letters: a joiner that joins no two signs, a selector without a sign, tags without a flag.
const STRAY = /(?<!\p{Extended_Pictographic}\ufe0f?|\p{Emoji_Modifier}|[\u0600-\u0dff])[\u200c\u200d]|(?<!\p{Extended_Pictographic})[\ufe0e\ufe0f](?!\u20e3)|(?<!\u{1f3f4}[\u{e0020}-\u{e007f}]{0,6})[\u{e0020}-\u{e007f}]/gu;
const MARKS = /(?<=\p{M}{3})\p{M}+/gu;

const strip = (text, sign) => [FORMAT, ESCAPE, CONTROL, STRAY, MARKS].reduce((left, hidden) => left.replace(hidden, sign), text);

/** Text without what cannot be seen, and without more than three marks on one letter. */
export const clean = (text) => strip(String(text).replace(/\t/g, ' '), '');

/** The same in one line, for topics and excerpts. */
export const cleanLine = (text) => clean(text).replace(/\n/g, ' ');

/** A name. What a text would lose is shown, or two names would look the same. */
export const cleanName = (name) => strip(String(name), (hidden) => [...hidden].map((char) => `<U+${char.codePointAt(0).toString(16).toUpperCase().padStart(4, '0')}>`).join(''));

const LINK = /\bhttps?:\/\/[^\s<>"'`{}|\\^\u0000-\u0020]+/giu;

/** Pieces of a clean text: `{ text }`, and `{ text, href }` for links that lead somewhere on the web. */
export function pieces(text) {
  const found = [];
  let end = 0;
  for (const match of text.matchAll(LINK)) {
    let link = match[0];
    for (;;) {
      const last = link.at(-1);
      if (/[.,;:!?*_~]/.test(last) || (last === ')' && !link.includes('(')) || (last === ']' && !link.includes('['))) link = link.slice(0, -1);
      else break;
    }
    let url = null;
    try {
      url = new URL(link);
    } catch {
      continue;
    }
    if (!['http:', 'https:'].includes(url.protocol) || url.username || url.password) continue;
    if (match.index > end) found.push({ text: text.slice(end, match.index) });
    found.push({ text: link, href: url.href });
    end = match.index + link.length;
  }
  if (end < text.length) found.push({ text: text.slice(end) });
  return found;
}

const WORD = /[\p{L}\p{N}_[\]\\^{}|`-]/u;

/** Whether a text names this nick as a word of its own. */
export function mentions(text, nick) {
  const [hay, needle] = [fold(text), fold(nick)];
  for (let at = hay.indexOf(needle); needle && at >= 0; at = hay.indexOf(needle, at + 1)) {
    if (!WORD.test(hay[at - 1] ?? ' ') && !WORD.test(hay[at + needle.length] ?? ' ')) return true;
  }
  return false;
}

/** A number from 0 to 11 for a nick, so that everybody keeps a colour. */
export function hue(nick) {
  let hash = 7;
  for (const char of fold(nick)) hash = (hash * 31 + char.codePointAt(0)) >>> 0;
  return hash % 12;
}

/** `HH:MM:SS` where one is. */
export function clock(ts) {
  const date = new Date(ts);
  return Number.isNaN(date.getTime()) ? '' : [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) => String(part).padStart(2, '0')).join(':');
}

/** What Tab makes of the word before the caret: the candidates in order, with what follows them. */
export function completions(value, caret, nicks, channels) {
  const start = value.lastIndexOf(' ', caret - 1) + 1;
  const word = value.slice(start, caret);
  if (!word) return { start, candidates: [] };
  const fits = (name) => fold(name).startsWith(fold(word));
  const after = start === 0 ? ': ' : ' ';
  const candidates = isChannel(word) ? channels.filter(fits).map((name) => `${name} `) : nicks.filter(fits).map((nick) => nick + after);
  return { start, candidates };
}
