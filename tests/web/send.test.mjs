// What is typed goes to the server in its order, whatever happens on the way. Without a browser: `fetch` is played.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Store } from '../../web/store.js';

globalThis.document = { hidden: true };

const answer = (status, body) => new Response(JSON.stringify(body), { status });
const SENT = () => answer(200, { status: 'sent' });

/** A store that is inside, and what reached the server; `play` answers a message, or fails as a broken connection does. */
function inside(play) {
  const reached = [];
  globalThis.fetch = async (_path, { body }) => {
    const message = JSON.parse(body);
    const given = await play(message);
    if (given.ok) reached.push(message.body?.[0] ?? message.command);
    return given;
  };
  const store = new Store();
  const stopped = new AbortController();
  Object.assign(store, { phase: 'inside', reader: { stopped, stop: () => stopped.abort(), farewell() {} } });
  store.dispatch({ type: 'session', nick: 'alice' });
  store.dispatch({ type: 'messages', messages: [{ command: 'JOIN', from: 'alice', to: '#tea', id: 'id-1', seq: 1, ts: new Date().toISOString() }] });
  store.dispatch({ type: 'look', name: '#tea' });
  return { store, reached };
}

const told = (store) => store.here.lines.filter(({ kind }) => kind === 'error').map(({ text }) => text);
const pause = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

test('lines go out in the order in which they were typed', async () => {
  const typed = Array.from({ length: 20 }, (_, number) => `line ${number}`);
  let failures = 2;
  let under = 0;
  const { store, reached } = inside(async () => {
    under += 1;
    assert.equal(under, 1, 'one at a time');
    await pause(Math.random() * 5);
    under -= 1;
    failures -= 1;
    if (failures >= 0) throw new TypeError('no connection');
    return SENT();
  });
  const done = typed.map((text) => store.type(text));
  await pause(750);
  assert.deepEqual(store.held('#TEA'), typed, 'what waits is known');
  assert.ok((await Promise.all(done)).every(Boolean));
  assert.deepEqual(reached, typed);
  assert.deepEqual([store.waiting, told(store)], [[], []]);
});

test('the work for one line holds up the next', async () => {
  const { store, reached } = inside(({ meta }) => answer(200, { status: meta.hashcash ? 'sent' : 'error' }));
  const tasks = [];
  globalThis.Worker = class {
    terminate() {}
    postMessage(asked) {
      tasks.push(asked.body[0]);
      setTimeout(() => this.onmessage({ data: { stamp: 'stamp' } }), asked.body[0] === 'one' ? 30 : 0);
    }
  };
  store.dispatch({ type: 'messages', messages: [{ command: 'MODE', from: 'bob', to: '#tea', params: ['+H', '8'], id: 'id-2', seq: 2, ts: new Date().toISOString() }] });
  await Promise.all(['one', 'two'].map((text) => store.type(text)));
  assert.deepEqual([tasks, reached], [['one', 'two'], ['one', 'two']]);
});

test('what waits goes nowhere once one has left', async () => {
  const { store, reached } = inside(() => { throw new TypeError('no connection'); });
  const done = ['one', 'two'].map((text) => store.type(text));
  await pause(50);
  store.leave();
  globalThis.fetch = async (_path, { body }) => { reached.push(body); return SENT(); };
  await Promise.all(done);
  assert.deepEqual(reached, []);
  assert.deepEqual(store.waiting, []);
});

test('who is writing is told at once or never, and holds up nothing', async () => {
  let tags = 0;
  const { store, reached } = inside(({ command }) => {
    if (command !== 'TAGMSG') return SENT();
    tags += 1;
    throw new TypeError('no connection');
  });
  store.typing('active');
  await store.type('hello');
  await pause(700);
  assert.deepEqual([reached, tags], [['hello'], 1]);
});

test('what cannot be sent as it is comes back, and what follows is sent', async () => {
  const { store, reached } = inside(({ body: [text] }) => (text === 'long' ? answer(413, { error: 'request body too large' }) : SENT()));
  assert.deepEqual(await Promise.all(['long', 'short'].map((text) => store.type(text))), [false, true]);
  assert.deepEqual(reached, ['short']);
  assert.match(told(store)[0], /too long/);
  assert.equal(await store.type('x\n'.repeat(80)), false);
  assert.deepEqual(reached, ['short']);
});

test('whoever is sent away is told why, and whoever leaves is not', async () => {
  const { store } = inside(() => answer(401, { error: 'unauthorized' }));
  await store.type('hello');
  assert.equal(store.phase, 'login');
  assert.match(store.ended, /not logged in here any more/);
  const other = inside(SENT).store;
  await other.type('/quit');
  assert.deepEqual([other.phase, other.ended], ['login', '']);
});
