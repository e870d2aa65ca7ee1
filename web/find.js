// Searching what was said, and the way from there to where it was said.

import * as net from './net.js';
import { fold, isChannel, same } from './text.js';

/** Lines of one request on the way back to an old one, and how many requests one goes back. */
const PAGE = 500;
const PAGES = 20;

/** Searches anew. `fields` are `q`, `target` and `from`. */
export function find(store, { q, target, from }) {
  store.set({ found: { fields: { q, target, from }, messages: [], mayHaveMore: false, problem: '', isBusy: false } });
  return findMore(store);
}

/** The next page, behind the oldest that was found. */
export async function findMore(store) {
  const { found } = store;
  if (found.isBusy) return;
  const busy = { ...found, isBusy: true, problem: '' };
  store.set({ found: busy });
  let result = null;
  try {
    const { messages, limit } = await net.search({ ...found.fields, before: found.messages.at(-1)?.id });
    result = { messages: [...found.messages, ...messages], mayHaveMore: messages.length === limit };
  } catch (error) {
    result = { problem: explain(error) };
  }
  // Unless something else was searched for meanwhile.
  if (store.found === busy) store.set({ found: { ...busy, ...result, isBusy: false, isDone: true } });
}

function explain(error) {
  if (error instanceof TypeError) return 'The server cannot be reached.';
  if (error.status === 429) return `Too many searches. Wait ${error.retryAfter || 'a few'} seconds.`;
  return error.message;
}

/** The conversation in which a message was said: `asked` is that which was searched, if it was one alone. */
export function placeOf(message, nick, asked) {
  const to = String(message.to).replace(/^[@+]+(?=#)/, '');
  if (isChannel(to)) return to;
  if (same(to, nick)) return message.from;
  return same(message.from, nick) || !asked ? to : asked;
}

/** Opens a conversation at a message, however long ago it was said. */
export async function jump(store, id, name) {
  const key = fold(name);
  const there = () => store.state.buffers.get(key);
  if (!there() && isChannel(name)) {
    store.tell(`You are not in ${name} any more.`, 'error');
    return;
  }
  store.look(name);
  // Else the oldest lines would be forgotten while they are fetched.
  store.dispatch({ type: 'above', name, isAbove: true });
  let oldest;
  try {
    for (let page = 0; page < PAGES && store.state.active === key; page += 1) {
      if (there().lines.some((line) => line.id === id)) {
        store.set({ jumping: { key, id } });
        return;
      }
      if (page > 0 && there().complete) break;
      const found = await net.history(name, oldest, PAGE);
      store.dispatch({ type: 'past', name, ...found });
      oldest = found.messages[0]?.id;
    }
    if (store.state.active === key) store.tell('That was said too long ago to be shown here.', 'error');
  } catch (error) {
    store.tell(error.message, 'error');
  }
  store.dispatch({ type: 'above', name, isAbove: false });
}
