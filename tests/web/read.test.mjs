// How far one has read: what counts as unread, where the line stands, and what the server is asked and told.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Markers } from '../../web/markers.js';
import { moment } from '../../web/read.js';
import { initial, reduce } from '../../web/state.js';

const START = Date.parse('2026-11-29T08:00:00Z');
const at = (second) => START + second * 1000;
/** A message of this second, with this number. */
const say = (second, from, to, text) => ({
  command: 'PRIVMSG', from, to, body: [text], id: `id-${second}`, seq: second, ts: new Date(at(second)).toISOString(),
});
const heard = (state, ...messages) => reduce(state, { type: 'messages', messages });
const read = (second, to) => ({ command: 'MARKREAD', from: 'neoirc', to, params: [`timestamp=${new Date(at(second)).toISOString()}`] });
const past = (state, name, ...messages) => reduce(state, { type: 'past', name, messages, limit: 100 });
const inTea = () => heard(reduce(initial(), { type: 'session', nick: 'alice', account: 'alice' }),
  { command: 'JOIN', from: 'alice', to: '#tea', id: 'join', seq: 0, ts: new Date(at(0)).toISOString() });
const tea = (state) => state.buffers.get('#tea');
const counts = (state) => [tea(state).unread, tea(state).mentions, tea(state).marker];

test('a time has whole milliseconds, as markers have', () => {
  assert.equal(moment('2026-11-29T08:00:00.001999999Z'), START + 1);
  assert.equal(moment('2026-11-29T08:00:00.001000000Z'), START + 1);
  assert.equal(moment('2026-11-29T08:00:00Z'), START);
  assert.equal(moment(undefined), 0);
  assert.equal(moment('*'), 0);
});

test('what another device has read is not unread here', () => {
  let state = heard(inTea(), say(1, 'bob', '#tea', 'one'), say(2, 'bob', '#tea', 'alice: two'), say(3, 'bob', '#tea', 'three'));
  assert.deepEqual(counts(state), [3, 1, 1]);
  state = heard(state, read(2, '#TEA'));
  assert.deepEqual(counts(state), [1, 0, 3]);
  state = heard(state, read(1, '#tea'));
  assert.deepEqual(counts(state), [1, 0, 3], 'a marker goes forward alone');
  state = heard(state, read(3, '#tea'), { command: 'MARKREAD', to: '#tea', params: ['*'] }, { command: 'MARKREAD', to: '#tea' }, read(3, '#nowhere'));
  assert.deepEqual(counts(state), [0, 0, 0]);
  // A device that comes late hears again what was read long ago.
  state = heard(state, say(2.5, 'bob', '#tea', 'late'));
  assert.deepEqual(counts(state), [0, 0, 0]);
});

test('opening a conversation reads it; a hidden page and one that looks at old lines read nothing', () => {
  let state = heard(inTea(), say(1, 'bob', '#tea', 'one'));
  state = reduce(state, { type: 'hidden', hidden: true });
  state = reduce(state, { type: 'look', name: '#tea' });
  assert.deepEqual([tea(state).read, tea(state).unread], [0, 1]);
  state = reduce(state, { type: 'hidden', hidden: false });
  assert.deepEqual([tea(state).read, tea(state).unread], [at(1), 0]);
  state = heard(state, say(2, 'bob', '#tea', 'two'), say(3, 'alice', '#tea', 'mine'));
  assert.equal(tea(state).read, at(3));
  state = heard(reduce(state, { type: 'above', name: '#tea', isAbove: true }), say(4, 'bob', '#tea', 'four'));
  assert.deepEqual([tea(state).read, tea(state).unread], [at(3), 1]);
  state = reduce(state, { type: 'above', name: '#tea', isAbove: false });
  assert.deepEqual([tea(state).read, tea(state).unread], [at(4), 0]);
});

test('the line stands before what came while nobody was here, in whatever order that is learned', () => {
  const lines = [say(1, 'bob', '#tea', 'one'), say(2, 'bob', '#tea', 'alice: two'), say(3, 'alice', '#tea', 'mine'), say(4, 'bob', '#tea', 'four')];
  const marker = { type: 'marker', name: '#tea', at: at(1) };
  // Nobody looks.
  assert.deepEqual(counts(past(reduce(inTea(), marker), '#tea', ...lines)), [2, 1, 2]);
  assert.deepEqual(counts(reduce(past(inTea(), '#tea', ...lines), marker)), [2, 1, 2]);
  // Somebody looks before either has come.
  const looking = reduce(inTea(), { type: 'look', name: '#tea' });
  for (const state of [past(reduce(looking, marker), '#tea', ...lines), reduce(past(looking, '#tea', ...lines), marker)]) {
    assert.deepEqual(counts(state), [0, 0, 2]);
    assert.deepEqual([tea(state).read, tea(state).told, tea(state).known], [at(4), at(1), true]);
    assert.equal(tea(reduce(state, { type: 'look', name: '*' })).marker, 0, 'the line goes when one leaves');
  }
  // Nothing is known: what was said before one came is not new, what was said since is, and the server is told so.
  const late = heard(inTea(), { command: 'KICK', from: 'bob', to: '#tea', params: ['alice'] }, { command: 'JOIN', from: 'alice', to: '#tea', ts: new Date(at(2)).toISOString() });
  const unknown = past(reduce(late, { ...marker, at: 0 }), '#tea', ...lines);
  assert.deepEqual([counts(unknown), tea(unknown).read, tea(unknown).told], [[1, 0, 4], at(2), 0]);
  // One was there before the page was.
  const here = heard(reduce(initial(), { type: 'session', nick: 'alice', channels: [{ name: '#tea' }] }), { command: 'JOIN', from: 'alice', to: '#tea', ts: new Date(at(0)).toISOString() });
  assert.deepEqual(counts(past(reduce(here, { ...marker, at: 0 }), '#tea', ...lines)), [0, 0, 0]);
});

/** A store without a page, and a server that answers from `answers`. */
function stage(state, answers) {
  const asked = [];
  let turns = 0;
  const listeners = new Set();
  const store = {
    state,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    dispatch(action) {
      store.state = reduce(store.state, action);
      for (const listener of listeners) listener();
    },
  };
  globalThis.fetch = async (url, { method, body }) => {
    asked.push([method, decodeURIComponent(url.replace('/api/v1', '')), body ? JSON.parse(body).timestamp : undefined]);
    turns += 1;
    const [status, answer] = answers(method, url, turns);
    return new Response(JSON.stringify(answer), { status });
  };
  return { store, asked };
}

const until = async (look) => {
  for (let turn = 0; turn < 200 && !look(); turn += 1) await new Promise((resolve) => { setTimeout(resolve, 20); });
  assert.ok(look(), String(look));
};

test('what somebody said to one alone is unread where nothing was ever read', async () => {
  const { store, asked } = stage(reduce(reduce(initial(), { type: 'session', nick: 'alice' }), { type: 'talk', name: 'bob' }),
    (_method, url) => [200, url.includes('history') ? [say(5, 'bob', 'alice', 'psst')] : { target: 'bob', timestamp: null }]);
  const markers = new Markers(store);
  try {
    await until(() => store.state.buffers.get('bob').mentions === 1);
    await new Promise((resolve) => { setTimeout(resolve, 400); });
    assert.ok(!asked.some(([method]) => method === 'PUT'), 'nothing was read');
  } finally {
    markers.stop();
  }
});

test('the server is asked once, and told of what was read, not oftener than it should be', async () => {
  const { store, asked } = stage(inTea(), (method, url, turn) => {
    if (turn === 1) return [429, { error: 'too many requests' }];
    if (method === 'GET' && url.includes('history')) return [200, [say(5, 'bob', '#tea', 'while nobody was here')]];
    return [200, { target: '#tea', timestamp: new Date(at(1)).toISOString() }];
  });
  const markers = new Markers(store);
  try {
    await until(() => tea(store.state).unread === 1);
    assert.deepEqual(asked.map(([method, url]) => `${method} ${url}`),
      ['GET /markers/#tea', 'GET /markers/#tea', 'GET /history?target=#tea&limit=1', 'GET /history?target=#tea&limit=100']);
    asked.length = 0;
    store.dispatch({ type: 'look', name: '#tea' });
    await until(() => tea(store.state).told === at(5));
    assert.deepEqual(asked, [['PUT', '/markers/#tea', new Date(at(5)).toISOString()]]);
    // Several at once are told together, and later; at once where the page is left.
    store.dispatch({ type: 'messages', messages: [say(6, 'bob', '#tea', 'six'), say(7, 'bob', '#tea', 'seven')] });
    store.dispatch({ type: 'messages', messages: [say(8, 'bob', '#tea', 'eight')] });
    await new Promise((resolve) => { setTimeout(resolve, 500); });
    assert.equal(asked.length, 1);
    markers.flush();
    await until(() => tea(store.state).told === at(8));
    assert.deepEqual(asked.slice(1), [['PUT', '/markers/#tea', new Date(at(8)).toISOString()]]);
    // What another device has told needs not to be told again.
    store.dispatch({ type: 'messages', messages: [say(9, 'bob', '#tea', 'nine'), read(9, '#tea')] });
    markers.flush();
    await new Promise((resolve) => { setTimeout(resolve, 50); });
    assert.equal(asked.length, 2);
  } finally {
    markers.stop();
  }
});
