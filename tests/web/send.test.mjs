// What is typed goes to the server in its order, whatever happens on the way. Without a browser: `fetch` is played.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Reader } from '../../web/net.js';
import { Store } from '../../web/store.js';

globalThis.document = { hidden: true };
globalThis.navigator ??= {};

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

test('an answer that is none of the server\'s is no receipt', async () => {
  let turns = 0;
  const { store, reached } = inside(() => {
    turns += 1;
    return turns === 1 ? new Response('<h1>Welcome to the hotel</h1>') : SENT();
  });
  await store.type('hello');
  assert.deepEqual([turns, reached.length, told(store)], [2, 2, []]);
});

test('a refusal of what was never said is not told, and none is provoked again', async () => {
  let tags = 0;
  const refusal = (seq) => ({ command: '404', from: 'neoirc', to: 'alice', params: ['#tea'], body: ['Cannot send to channel (+m)'], id: `id-${seq}`, seq, ts: new Date().toISOString() });
  const { store } = inside(({ command, body }) => {
    if (command === 'TAGMSG') tags += 1;
    return command === 'TAGMSG' || body[0] === 'now' ? answer(200, { status: 'error', numeric: '404', error: 'Cannot send to channel (+m)' }) : SENT();
  });
  store.past = () => {};
  const write = async () => {
    store.typed = 0;
    store.typing('active');
    await pause(5);
  };
  await write();
  store.heard([refusal(2)], 2);
  await write();
  assert.deepEqual([tags, told(store)], [1, []]);
  await store.type('now');
  store.heard([refusal(3)], 3);
  assert.equal(told(store).length, 1, 'what was said is told of');
  await store.type('later');
  await write();
  assert.equal(tags, 2, 'who may speak again may be seen writing');
});

test('a poll that is ended for another one is not asked for again at once', async () => {
  let polls = 0;
  globalThis.fetch = async () => {
    polls += 1;
    return answer(200, { messages: [], last_id: 7 });
  };
  const reader = new Reader({ cursor: 7, heard() {}, connection() {}, gone() {} });
  reader.channel?.close();
  reader.channel = null;
  reader.start();
  await pause(1200);
  reader.stop();
  assert.ok(polls >= 2 && polls <= 4, `${polls} polls`);
});

test('a browser that shows notifications in another way alone breaks nothing', () => {
  const { store } = inside(SENT);
  globalThis.Notification = class {
    static permission = 'granted';
    constructor() { throw new TypeError('Illegal constructor'); }
  };
  store.setting = () => true;
  store.past = () => {};
  store.dispatch({ type: 'hidden', hidden: true });
  store.heard([{ command: 'PRIVMSG', from: 'bob', to: '#tea', body: ['alice!'], id: 'id-2', seq: 2, ts: new Date().toISOString() }], 2);
  delete globalThis.Notification;
  assert.equal(store.here.mentions, 1);
});

test('a page that cannot reach the server stays when somebody would leave', async () => {
  const { store } = inside(() => answer(500, { error: 'internal error' }));
  await store.type('/quit');
  assert.equal(store.phase, 'inside');
  assert.match(told(store)[0], /Not sent/);
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
