// The client's state, its texts and its commands, without a browser.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { parse } from '../../web/commands.js';
import { placeOf } from '../../web/find.js';
import { initial, LINES_KEPT, LINES_MAX, nextActive, order, reduce } from '../../web/state.js';
import { clean, cleanName, completions, mentions, pieces } from '../../web/text.js';

const LONG_AGO = Date.parse('2026-11-29T08:00:00Z');
let seq = 0;
const message = (command, from, to, more = {}) => {
  seq += 1;
  return { command, from, to, id: `id-${seq}`, seq, ts: new Date(LONG_AGO + seq).toISOString(), ...more };
};
const say = (from, to, ...body) => message('PRIVMSG', from, to, { body });
const heard = (state, ...messages) => reduce(state, { type: 'messages', messages, at: LONG_AGO });
const alone = () => reduce(initial(), { type: 'session', nick: 'alice' });
const inTea = () => heard(
  alone(), message('JOIN', 'alice', '#tea'),
  message('353', 'neoirc', 'alice', { params: ['=', '#tea'], body: ['@bob alice'] }),
  message('353', 'neoirc', 'alice', { params: ['=', '#tea'], body: ['+carol'] }),
  message('366', 'neoirc', 'alice', { params: ['#tea'] }),
);
const texts = (state, key) => state.buffers.get(key).lines.filter(({ kind }) => kind === 'message').map(({ text }) => text);

test('a state stays as it was when another one comes of it', () => {
  const before = inTea();
  const lines = before.buffers.get('#tea').lines.length;
  const after = heard(before, say('bob', '#tea', 'hi'), message('PART', 'carol', '#tea'));
  assert.equal(before.buffers.get('#tea').lines.length, lines);
  assert.ok(before.buffers.get('#tea').members.has('carol'));
  assert.ok(!after.buffers.get('#tea').members.has('carol'));
});

test('names come in pieces and hold at their end', () => {
  const { members } = inTea().buffers.get('#tea');
  assert.deepEqual([...members.values()].map(({ nick, op, voice }) => [nick, op, voice]), [['bob', true, false], ['alice', false, false], ['carol', false, true]]);
});

test('being in a channel still is no news, joining one is', () => {
  const joined = (state) => state.buffers.get('#tea').lines.filter(({ text }) => text === 'You have joined').length;
  let state = reduce(initial(), { type: 'session', nick: 'alice', channels: [{ name: '#Tea' }] });
  state = heard(state, message('JOIN', 'alice', '#tea'));
  assert.ok(state.buffers.get('#tea').joined);
  assert.equal(joined(state), 0);
  state = heard(state, message('PART', 'alice', '#tea'), message('JOIN', 'alice', '#tea'));
  assert.equal(joined(state), 1);
  assert.equal(joined(inTea()), 1);
});

test('what comes twice is shown once, and in its order', () => {
  const messages = [say('bob', '#tea', 'one'), say('bob', '#tea', 'two'), say('bob', '#tea', 'three')];
  let state = heard(inTea(), messages[2], messages[0]);
  state = heard(state, ...messages);
  state = reduce(state, { type: 'past', name: '#tea', messages: messages.slice(0, 2), limit: 100 });
  assert.deepEqual(texts(state, '#tea'), ['one', 'two', 'three']);
});

test('unread lines and mentions are counted where nobody looks', () => {
  let state = heard(inTea(), say('bob', '#tea', 'hi'), say('bob', '#tea', 'Alice: hi'), say('alice', '#tea', 'mine'));
  const counts = () => [state.buffers.get('#tea').unread, state.buffers.get('#tea').mentions];
  assert.deepEqual(counts(), [2, 1]);
  assert.equal(nextActive(state), '#tea');
  state = reduce(state, { type: 'look', name: '#TEA' });
  assert.deepEqual(counts(), [0, 0]);
  state = heard(state, say('bob', '#tea', 'alice!'));
  assert.deepEqual(counts(), [0, 0]);
  state = reduce(state, { type: 'hidden', hidden: true });
  state = heard(state, say('bob', '#tea', 'alice?'));
  assert.deepEqual(counts(), [1, 1]);
  // What was said long ago is nothing new.
  state = reduce(state, { type: 'past', name: '#tea', messages: [{ ...say('bob', '#tea', 'alice'), seq: 1, ts: new Date(LONG_AGO).toISOString() }], limit: 100 });
  assert.deepEqual(counts(), [1, 1]);
});

test('a talk is with the other person, whoever speaks, and follows a nick', () => {
  let state = heard(alone(), say('bob', 'alice', 'psst'), say('alice', 'bob', 'yes?'));
  assert.deepEqual(texts(state, 'bob'), ['psst', 'yes?']);
  state = reduce(state, { type: 'look', name: 'bob' });
  state = heard(state, message('NICK', 'bob', '', { body: ['Robert'] }), say('Robert', 'alice', 'me'));
  assert.deepEqual(texts(state, 'robert'), ['psst', 'yes?', 'me']);
  assert.equal(state.active, 'robert');
  assert.ok(!state.buffers.has('bob'));
});

test('ranks, kicks, quits and topics', () => {
  let state = heard(inTea(), message('MODE', 'bob', '#tea', { params: ['+bo-v', '*!*@x', 'alice', 'carol'] }), message('TOPIC', 'bob', '#tea', { body: ['Green'] }));
  let tea = state.buffers.get('#tea');
  assert.ok(tea.members.get('alice').op && !tea.members.get('carol').voice && tea.topic === 'Green');
  state = heard(state, message('QUIT', 'carol', '', { body: ['bye'] }));
  assert.ok(!state.buffers.get('#tea').members.has('carol'));
  state = heard(state, message('KICK', 'bob', '#tea', { params: ['alice'], body: ['out'] }));
  tea = state.buffers.get('#tea');
  assert.ok(!tea.joined && tea.members.size === 0);
  state = heard(state, message('PART', 'alice', '#tea'));
  assert.deepEqual(order(state), ['*']);
});

test('reactions, replies and typing come by tags', () => {
  const said = say('bob', '#tea', 'cake?');
  let state = heard(inTea(), said, message('TAGMSG', 'carol', '#tea', { meta: { typing: 'active' } }),
    message('TAGMSG', 'carol', '#tea', { meta: { reply: said.id, react: '🍰' } }), message('TAGMSG', 'bob', '#tea', { meta: 'none' }),
    message('PRIVMSG', 'carol', '#tea', { body: ['yes'], meta: { reply: said.id } }));
  const tea = state.buffers.get('#tea');
  assert.deepEqual([...tea.lines.find(({ id }) => id === said.id).reactions.get('🍰')], ['carol']);
  assert.equal(tea.lines.at(-1).reply, said.id);
  assert.equal(tea.typing.size, 0, 'who has spoken is not writing');
  state = heard(state, message('TAGMSG', 'bob', '#tea', { meta: { typing: 'active' } }));
  assert.deepEqual(state.buffers.get('#tea').typing.get('bob'), { nick: 'bob', at: LONG_AGO }, 'the time is that of whoever reads');
});

test('only so many lines are kept, unless somebody reads the old ones', () => {
  const many = Array.from({ length: LINES_KEPT * 2 }, (_, number) => say('bob', '#tea', `${number}`));
  const state = heard(inTea(), ...many);
  assert.equal(state.buffers.get('#tea').lines.length, LINES_KEPT);
  const reading = heard(reduce(inTea(), { type: 'above', name: '#tea', isAbove: true }), ...many);
  assert.ok(reading.buffers.get('#tea').lines.length >= LINES_KEPT * 2);
});

test('whoever reads above misses none of the newest lines, however many come', () => {
  const reading = reduce(inTea(), { type: 'above', name: '#tea', isAbove: true });
  const many = Array.from({ length: LINES_MAX + 5 }, (_, number) => say('bob', '#tea', `${number}`));
  const { lines, complete, oldest } = heard(reading, ...many).buffers.get('#tea');
  assert.deepEqual([lines.length, lines[0].text, lines.at(-1).text], [LINES_MAX, '5', `${LINES_MAX + 4}`]);
  assert.deepEqual([complete, oldest.id], [false, lines[0].id], 'what was dropped can be fetched again');
});

test('history is fetched page by page, whatever of it is shown, and anew after one was out', () => {
  const pages = [[say('bob', '#tea', 'one')], [say('bob', '#tea', '\x01VERSION\x01'), say('bob', '#tea', '\x01PING\x01')], [say('bob', '#tea', 'three')]];
  const tea = (state) => state.buffers.get('#tea');
  let state = inTea();
  for (const messages of pages.toReversed()) {
    state = reduce(state, { type: 'past', name: '#tea', messages, limit: messages.length });
    assert.equal(tea(state).oldest.id, messages[0].id);
  }
  assert.deepEqual(texts(state, '#tea'), ['one', 'three']);
  state = reduce(state, { type: 'past', name: '#tea', messages: pages[2], limit: 1 });
  assert.equal(tea(state).oldest.id, pages[0][0].id, 'the newest page once more is no way back');
  state = heard(state, message('KICK', 'bob', '#tea', { params: ['alice'] }), message('JOIN', 'alice', '#tea'));
  assert.deepEqual([tea(state).asked, tea(state).oldest, tea(state).complete], [false, null, false]);
});

test('a talk can be there before anything of it was asked for', () => {
  const talk = reduce(alone(), { type: 'talk', name: 'Bob' }).buffers.get('bob');
  assert.deepEqual([talk.name, talk.asked, talk.complete], ['Bob', false, false]);
});

test('accounts and modes of one\'s own', () => {
  let state = heard(alone(), message('REGISTER', 'neoirc', 'alice', { params: ['SUCCESS', 'alice'] }), message('900', 'neoirc', 'alice', { params: ['alice!a@b', 'alice'], body: ['You are now logged in as alice'] }));
  assert.equal(state.account, 'alice');
  state = heard(state, message('FAIL', 'neoirc', 'alice', { params: ['UNREGISTER', 'NO_SUCH_ACCOUNT', 'bob'], body: ['Nobody'] }), message('UNREGISTER', 'neoirc', 'alice', { params: ['SUCCESS', 'bob'] }));
  assert.equal(state.account, 'alice', 'that was another one');
  assert.equal(state.modes, null);
  state = heard(state, message('221', 'neoirc', 'alice', { params: ['+iS'] }));
  assert.equal(state.modes, 'iS');
  state = heard(state, message('MODE', 'alice', 'alice', { params: ['-S+w'] }));
  assert.equal(state.modes, 'iw');
  state = heard(state, message('UNREGISTER', 'neoirc', 'alice', { params: ['SUCCESS', 'alice'] }), message('901', 'neoirc', 'alice', { params: ['alice!a@b'] }));
  assert.equal(state.account, null);
});

test('the first key of somebody counts, another one when the reader says so', () => {
  const key = (value, alg = 'ed25519') => message('PUBKEY', 'Bob', '#tea', { body: { alg, key: value } });
  let state = heard(inTea(), key('one'), key('two', 'rsa'), message('PUBKEY', 'bob', '#tea', { body: ['three'] }));
  assert.deepEqual(state.keys.get('bob'), { key: 'one', other: null });
  state = heard(state, key('two'), key('two'));
  assert.deepEqual(state.keys.get('bob'), { key: 'one', other: 'two' });
  assert.equal(state.buffers.get('#tea').lines.filter(({ kind }) => kind === 'error').length, 1, 'the reader is told once');
  state = reduce(state, { type: 'trust', nick: 'bob' });
  assert.deepEqual(state.keys.get('bob'), { key: 'two', other: null });
  assert.equal(reduce(state, { type: 'trust', nick: 'carol' }).keys, state.keys);
  const said = { ...say('bob', '#tea', 'signed'), meta: { alg: 'ed25519', sig: 'x' } };
  assert.equal(heard(state, said).buffers.get('#tea').lines.at(-1).signed, said);
});

test('what was found belongs to a conversation', () => {
  const found = (from, to) => placeOf({ from, to }, 'alice', 'bob');
  assert.deepEqual([found('bob', '@#tea'), found('bob', 'Alice'), found('alice', 'bob'), found('bob', 'formerly'), placeOf({ from: 'bob', to: 'formerly' }, 'alice', '')],
    ['#tea', 'bob', 'bob', 'bob', 'formerly']);
});

test('odd messages break nothing', () => {
  let state = inTea();
  const odd = [message('constructor', 'x', 'alice'), message('__proto__', 'x', 'alice'), message('353', 'neoirc', 'alice'), message('366', 'neoirc', 'alice'), message('332', 'neoirc', 'alice'),
    message('MODE', 'bob', '#tea'), message('KICK', 'bob', '#nowhere'), message('PRIVMSG', 'bob', '#tea', { body: { text: 1 } }), message('PRIVMSG', 'bob', '#tea'), message('NICK', 'ghost', ''), message('INVITE', 'bob', 'alice')];
  for (const one of odd) state = heard(state, one);
  assert.equal(state.nick, 'alice');
});

test('texts lose what cannot be seen', () => {
  assert.equal(clean('\x02bold\x02 \x0304,05red\x03 \x1b[31mx\x1b[0m'), 'bold red x');
  assert.equal(clean('a\u200bb\u202ec\u2066d\ufeff'), 'abcd');
  assert.equal(clean(`e${'\u0301'.repeat(4000)}`), `e${'\u0301'.repeat(3)}`);
  assert.equal(clean('👩‍💻 and al\u200dice'), '👩‍💻 and alice');
  for (const hidden of ['\u034f', '\u115f', '\u17b4', '\u180e', '\u3164', '\ufe00', '\ufe0f', '\u{e0041}', '\u{e0101}']) assert.equal(clean(`a${hidden}b`), 'ab');
  for (const emoji of ['❤️', '🏳️‍🌈', '1️⃣', '🏴󠁧󠁢󠁥󠁮󠁧󠁿', '👍🏽', 'می‌خواهم']) assert.equal(clean(emoji), emoji);
});

test('names show what cannot be seen, so that no two look the same', () => {
  assert.equal(cleanName('#te\u200ba'), '#te<U+200B>a');
  assert.equal(cleanName('#tea\u{e0041}\u202e'), '#tea<U+E0041><U+202E>');
  assert.equal(cleanName(`#e${'\u0301'.repeat(4)}`), `#e${'\u0301'.repeat(3)}<U+0301>`);
  assert.equal(cleanName('#müsli ❤️'), '#müsli ❤️');
});

test('links lead to the web alone', () => {
  const links = (text) => pieces(text).filter(({ href }) => href).map(({ text: shown, href }) => [shown, href]);
  assert.deepEqual(links('see https://example.org/a_(b), or http://x.org.'), [['https://example.org/a_(b)', 'https://example.org/a_(b)'], ['http://x.org', 'http://x.org/']]);
  for (const text of ['javascript:alert(1)', 'data:text/html,x', 'https://user:pw@example.org/', 'http://[::1', 'file:///etc']) assert.deepEqual(links(text), [], text);
  for (const text of ['a https://x.org b', 'https://x.org/"onclick="x', '']) assert.equal(pieces(text).map((piece) => piece.text).join(''), text);
});

test('a nick is mentioned by its own word', () => {
  assert.ok(mentions('hey Alice!', 'alice') && mentions('alice: hi', 'alice'));
  assert.ok(!mentions('malice alice2', 'alice') && !mentions('x', ''));
});

test('Tab completes', () => {
  assert.deepEqual(completions('mar', 3, ['marmalade', 'bob'], []), { start: 0, candidates: ['marmalade: '] });
  assert.deepEqual(completions('I like mar', 10, ['marmalade'], []).candidates, ['marmalade ']);
  assert.deepEqual(completions('see #t', 6, [], ['#tea']).candidates, ['#tea ']);
});

test('commands', () => {
  const sent = (text, here = '#tea') => parse(text, here).send;
  assert.deepEqual(sent('hello'), [{ command: 'PRIVMSG', to: '#tea', body: ['hello'] }]);
  assert.deepEqual(sent('//away'), [{ command: 'PRIVMSG', to: '#tea', body: ['/away'] }]);
  assert.deepEqual(sent('/me  waves'), [{ command: 'PRIVMSG', to: '#tea', body: ['\x01ACTION  waves\x01'] }]);
  assert.deepEqual(sent('/join tea,#milk key'), [{ command: 'JOIN', to: '#tea,#milk', params: ['key'] }]);
  assert.deepEqual(sent('/kick bob too loud'), [{ command: 'KICK', to: '#tea', params: ['bob'], body: ['too loud'] }]);
  assert.deepEqual(sent('/topic #milk warm'), [{ command: 'TOPIC', to: '#milk', body: ['warm'] }]);
  assert.deepEqual(sent('/op bob carol'), [{ command: 'MODE', to: '#tea', params: ['+oo', 'bob', 'carol'] }]);
  assert.deepEqual(sent('/mode +m'), [{ command: 'MODE', to: '#tea', params: ['+m'] }]);
  assert.deepEqual(sent('/register correct horse'), [{ command: 'REGISTER', params: ['*', '*', 'correct horse'] }]);
  assert.deepEqual(sent('/unregister alice'), [{ command: 'UNREGISTER', params: ['alice'] }]);
  assert.deepEqual(parse('/unregister', '#tea'), { dialog: 'unregister' });
  assert.deepEqual(parse('/search "green tea" cup*', '#tea'), { dialog: 'search', search: { q: '"green tea" cup*', target: '#tea' } });
  assert.deepEqual(parse('/search', '*').search, { q: '', target: '' });
  for (const text of ['/frobnicate', '/constructor', '/__proto__', '/', '/msg bob', '/nick']) assert.ok(parse(text, '#tea').warn && !parse(text, '#tea').send, text);
  assert.ok(parse('hello', '*').warn);
  const lines = (count) => Array.from({ length: count }, (_, number) => `line ${number}`).join('\n');
  assert.equal(sent(lines(64))[0].body.length, 64);
  assert.match(parse(lines(65), '#tea').warn, /65 lines/);
  assert.equal(sent(lines(65)), undefined);
});
