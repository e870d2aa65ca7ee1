// Where one types: sends with Enter, completes with Tab, and remembers what was typed.

import { html, useEffect, useRef, useState } from '../vendor/htm-preact.js';
import { NAMES } from '../commands.js';
import { SERVER } from '../state.js';
import { cleanLine, cleanName, completions, fold, isChannel } from '../text.js';

const KEPT = 100;
const ROWS_MAX = 6;

/** Nicks, those who spoke last before the others. */
function nicksOf(store) {
  const { here, state } = store;
  const known = [...here.members.values()].filter(({ nick }) => fold(nick) !== fold(state.nick));
  known.sort((one, other) => (other.spoke ?? 0) - (one.spoke ?? 0) || (fold(one.nick) < fold(other.nick) ? -1 : 1));
  const nicks = known.map(({ nick }) => nick);
  return here.name !== SERVER && !isChannel(here.name) ? [here.name, ...nicks] : nicks;
}

export function Field({ store }) {
  const [value, setValue] = useState('');
  const field = useRef(null);
  const past = useRef({ lines: [], at: 0, draft: '' });
  const tab = useRef(null);
  const { here, state, replying } = store;
  useEffect(() => {
    if (!matchMedia('(pointer: coarse)').matches) field.current?.focus();
  }, [state.active, replying]);

  function put(text) {
    setValue(text);
    if (field.current) field.current.value = text;
  }

  async function send() {
    const text = field.current.value;
    if (!text.trim()) return;
    const kept = past.current;
    if (!/^\/(pass|oper|register)\b/i.test(text) && kept.lines.at(-1) !== text) kept.lines = [...kept.lines, text].slice(-KEPT);
    kept.at = kept.lines.length;
    put('');
    store.typed = 0;
    if (!await store.type(text) && field.current?.value === '') put(text);
  }

  function recall(by) {
    const kept = past.current;
    const at = kept.at + by;
    if (at < 0 || at > kept.lines.length) return;
    if (kept.at === kept.lines.length) kept.draft = field.current.value;
    kept.at = at;
    put(at === kept.lines.length ? kept.draft : kept.lines[at]);
    field.current.setSelectionRange(field.current.value.length, field.current.value.length);
  }

  function complete(back) {
    const element = field.current;
    let turn = tab.current;
    if (!turn || turn.value !== element.value) {
      const text = element.value;
      const caret = element.selectionStart;
      const channels = [...state.buffers.values()].map(({ name }) => name).filter(isChannel);
      const isCommand = /^\/[a-z]*$/i.test(text.slice(0, caret));
      const found = isCommand
        ? { start: 0, candidates: NAMES.map((name) => `/${name} `).filter((name) => name.startsWith(text.slice(0, caret).toLowerCase())) }
        : completions(text, caret, nicksOf(store), channels);
      if (found.candidates.length === 0) return;
      turn = { ...found, before: text.slice(0, found.start), after: text.slice(caret), at: back ? 0 : -1 };
    }
    turn.at = (turn.at + (back ? -1 : 1) + turn.candidates.length) % turn.candidates.length;
    const front = turn.before + turn.candidates[turn.at];
    put(front + turn.after);
    element.setSelectionRange(front.length, front.length);
    turn.value = element.value;
    tab.current = turn;
  }

  function pressed(event) {
    if (event.isComposing) return;
    const { value: text, selectionStart, selectionEnd } = event.target;
    const isPlain = !event.altKey && !event.ctrlKey && !event.metaKey;
    if (event.key === 'Enter' && !event.shiftKey) send();
    else if (event.key === 'Tab' && isPlain && text.slice(0, selectionStart).trim() && !(event.shiftKey && !tab.current)) complete(event.shiftKey);
    else if (event.key === 'ArrowUp' && isPlain && !event.shiftKey && !text.slice(0, selectionStart).includes('\n')) recall(-1);
    else if (event.key === 'ArrowDown' && isPlain && !event.shiftKey && !text.slice(selectionEnd).includes('\n')) recall(1);
    else if (event.key === 'Escape' && replying) store.set({ replying: null });
    else return;
    event.preventDefault();
  }

  function typed(event) {
    setValue(event.target.value);
    tab.current = null;
    if (!event.target.value.startsWith('/')) store.typing(event.target.value ? 'active' : 'done');
  }

  const name = here.name === SERVER ? 'the server: commands begin with /' : cleanName(here.name);
  return html`<form class="field" onSubmit=${(event) => { event.preventDefault(); send(); }}>
    ${replying && html`<p class="replying">↪ ${cleanName(replying.nick)}: ${cleanLine(replying.text).slice(0, 100)}
      <button type="button" aria-label="No reply" onClick=${() => store.set({ replying: null })}>×</button></p>`}
    <bdi class="me" aria-hidden="true">${cleanName(state.nick)}</bdi>
    <textarea id="field" ref=${field} aria-label="Message" placeholder=${name} rows=${Math.min(ROWS_MAX, value.split('\n').length)} value=${value}
      autocomplete="off" enterkeyhint="send" onKeyDown=${pressed} onInput=${typed} onBlur=${() => { tab.current = null; }}></textarea>
    <button type="submit" class="primary" aria-label="Send" tabindex="-1">➤</button>
  </form>`;
}
