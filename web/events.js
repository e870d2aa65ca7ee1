// What everything but talk makes of the state: who comes and goes, ranks, topics, and the answers of the server.

import { markerOf, moment, moved } from './read.js';
import { SERVER } from './state.js';
import { fold, isChannel, same } from './text.js';

/** A line about something that has happened in a channel. */
function note(draft, target, message, kind, text, nick = message.from) {
  return draft.line(target, { key: message.id, id: message.id, order: message.seq, ts: message.ts, kind, nick, text });
}

const reason = (message) => (message.body?.[0] ? ` (${message.body.join(' ')})` : '');

/** People whose keys are known. */
const KEYS_MAX = 500;

/** The channels that somebody is in, as far as they are known here. */
function channelsOf(draft, nick) {
  const key = fold(nick);
  return [...draft.state.buffers.values()].filter((buffer) => buffer.members.has(key)).map((buffer) => draft.open(buffer.name));
}

/** A member as NAMES tells: prefixes, then the nick, or the whole hostmask. */
function member(entry) {
  const [, prefix, nick] = /^([@+]*)([^!]*)/.exec(entry);
  return { nick, op: prefix.includes('@'), voice: prefix.includes('+') };
}

// Which letters of MODE have an argument: always, only when set.
const [ALWAYS, WHEN_SET] = ['beIkov', 'Hl'];

function ranks(target, [letters = '', ...parameters]) {
  let isSet = true;
  for (const letter of letters) {
    if (letter === '+' || letter === '-') {
      isSet = letter === '+';
      continue;
    }
    const parameter = ALWAYS.includes(letter) || (isSet && WHEN_SET.includes(letter)) ? parameters.shift() : undefined;
    if (letter === 'o' || letter === 'v') {
      const key = fold(parameter ?? '');
      const old = target.members.get(key);
      if (old) target.members.set(key, { ...old, [letter === 'o' ? 'op' : 'voice']: isSet });
    } else if (letter === 'H') {
      target.work = isSet ? Number(parameter) || 0 : 0;
    }
  }
}

/** One's own modes after a change; none of their letters has an argument. */
function own(draft, changes) {
  let isSet = true;
  const modes = new Set(draft.state.modes);
  for (const letter of changes) {
    if (letter === '+' || letter === '-') isSet = letter === '+';
    else if (isSet) modes.add(letter);
    else modes.delete(letter);
  }
  draft.state.modes = [...modes].join('');
}

const EVENTS = {
  JOIN(draft, message) {
    const target = draft.open(message.to);
    if (draft.isMe(message.from)) {
      // That one is still where one was is no news, at least none of now.
      const announced = new Set(draft.state.announced);
      const isNews = !announced.delete(fold(message.to)) && !target.joined;
      draft.state.announced = announced;
      Object.assign(target, { joined: true, name: message.to });
      target.members.set(fold(message.from), target.members.get(fold(message.from)) ?? { nick: message.from });
      if (!isNews) return;
      // What was said while one was out is asked for anew.
      Object.assign(target, { since: moment(message.ts), asked: false, oldest: null, complete: false });
      note(draft, target, message, 'info', 'You have joined', '');
      return;
    }
    if (target.members.has(fold(message.from))) return;
    target.members.set(fold(message.from), { nick: message.from });
    note(draft, target, message, 'join', 'has joined');
  },
  PART(draft, message) {
    if (!draft.has(message.to)) return;
    if (draft.isMe(message.from)) {
      draft.close(message.to);
      return;
    }
    const target = draft.open(message.to);
    if (target.members.delete(fold(message.from))) note(draft, target, message, 'part', `has left${reason(message)}`);
    target.typing.delete(fold(message.from));
  },
  QUIT(draft, message) {
    for (const target of channelsOf(draft, message.from)) {
      target.members.delete(fold(message.from));
      target.typing.delete(fold(message.from));
      note(draft, target, message, 'quit', `has quit${reason(message)}`);
    }
  },
  KICK(draft, message) {
    if (!draft.has(message.to)) return;
    const target = draft.open(message.to);
    for (const nick of (message.params ?? []).join(',').split(',')) {
      target.members.delete(fold(nick));
      note(draft, target, message, 'kick', `has been kicked by ${message.from}${reason(message)}`, nick);
      if (draft.isMe(nick)) {
        target.joined = false;
        target.members.clear();
      }
    }
  },
  NICK(draft, message) {
    const nick = message.body?.[0] ?? message.params?.[0] ?? message.from;
    for (const target of channelsOf(draft, message.from)) {
      const old = target.members.get(fold(message.from));
      target.members.delete(fold(message.from));
      target.members.set(fold(nick), { ...old, nick });
      note(draft, target, message, 'nick', `is now known as ${nick}`);
    }
    if (draft.isMe(message.from)) {
      draft.state.nick = nick;
    } else if (draft.has(message.from)) {
      // A talk goes on with the same person.
      const talk = draft.open(message.from);
      const wasActive = draft.active === fold(message.from);
      if (draft.has(nick) && fold(nick) !== fold(message.from)) return;
      draft.state.buffers.delete(fold(message.from));
      draft.state.buffers.set(fold(nick), Object.assign(talk, { name: nick }));
      draft.copied.delete(fold(message.from));
      draft.copied.add(fold(nick));
      if (wasActive) draft.state.active = fold(nick);
      note(draft, talk, message, 'nick', `is now known as ${nick}`);
    }
  },
  TOPIC(draft, message) {
    const target = draft.open(message.to);
    target.topic = (message.body ?? []).join(' ');
    note(draft, target, message, 'info', target.topic ? `${message.from} has set the topic: ${target.topic}` : `${message.from} has taken the topic away`, '');
  },
  MODE(draft, message) {
    const words = (message.params ?? []).join(' ');
    if (!isChannel(message.to)) {
      if (draft.isMe(message.to)) own(draft, words);
      note(draft, draft.open(SERVER), message, 'info', `Your modes: ${words}`);
      return;
    }
    const target = draft.open(message.to);
    ranks(target, message.params ?? []);
    note(draft, target, message, 'mode', `has set ${words}`);
  },
  INVITE(draft, message) {
    const channel = (message.params ?? []).find(isChannel) ?? (message.body ?? []).find(isChannel) ?? message.to;
    const target = draft.open(draft.active);
    if (note(draft, target, message, 'invite', `invites you to ${channel}`)) target.lines.at(-1).channel = channel;
  },
  AWAY(draft, message) {
    for (const target of channelsOf(draft, message.from)) {
      const old = target.members.get(fold(message.from));
      target.members.set(fold(message.from), { ...old, away: Boolean(message.body?.[0]) });
    }
  },
  // The first key of somebody counts. Another one looks like a new telephone, and like a takeover: the reader decides.
  PUBKEY(draft, { from, to, body }) {
    const key = body?.alg === 'ed25519' && typeof body.key === 'string' ? body.key.slice(0, 64) : null;
    const { keys } = draft.state;
    const known = keys.get(fold(from));
    if (!key || key === known?.key || (!known && keys.size >= KEYS_MAX)) return;
    draft.state.keys = new Map(keys).set(fold(from), { key: known?.key ?? key, other: known ? key : null });
    if (known && known.other !== key) {
      draft.tell(draft.has(to) ? to : draft.active, 'error', `${from} announces another signing key. It does not count, unless you say /trust ${from}`);
    }
  },
  SETNAME() {},
  CHGHOST() {},
  MARKREAD(draft, { to, params }) {
    if (!draft.has(to)) return;
    const target = draft.open(to);
    moved(target, markerOf(params), draft.isLookedAt(target));
  },
  REGISTER(draft, message) {
    const [done, account] = message.params ?? [];
    if (done !== 'SUCCESS') return;
    draft.state.account = account;
    note(draft, draft.open(draft.active), message, 'info', `The nick ${account} is kept for you.`, '');
  },
  UNREGISTER(draft, message) {
    const [done, account] = message.params ?? [];
    if (done !== 'SUCCESS') return;
    if (draft.state.account && same(account, draft.state.account)) draft.state.account = null;
    note(draft, draft.open(draft.active), message, 'info', `The account ${account} is dropped.`, '');
  },
};

const NUMERICS = {
  221(draft, message) {
    draft.state.modes = '';
    own(draft, message.params[0] ?? '');
    note(draft, draft.open(SERVER), message, 'info', `Your modes: ${message.params[0] ?? ''}`);
  },
  900(draft, message) { draft.state.account = message.params[1] ?? null; },
  901(draft) { draft.state.account = null; },
  331(draft, { params: [channel] }) { if (draft.has(channel)) draft.open(channel).topic = ''; },
  332(draft, { params: [channel], body }) { if (draft.has(channel)) draft.open(channel).topic = (body ?? []).join(' '); },
  333() {},
  329() {},
  324(draft, message) {
    const [channel, ...modes] = message.params;
    if (!draft.has(channel)) return;
    const target = draft.open(channel);
    ranks(target, modes);
    note(draft, target, message, 'info', `Modes: ${modes.join(' ')}`);
  },
  // Names come in several messages; they hold when the last one has come.
  353(draft, { params, body }) {
    const channel = params.at(-1);
    if (!draft.has(channel)) return;
    const target = draft.open(channel);
    const names = new Map(target.names);
    for (const entry of (body ?? []).join(' ').split(' ').filter(Boolean)) {
      const one = member(entry);
      names.set(fold(one.nick), { ...target.members.get(fold(one.nick)), ...one });
    }
    target.names = names;
  },
  366(draft, { params: [channel] }) {
    if (!channel || !draft.has(channel)) return;
    const target = draft.open(channel);
    if (target.names && target.joined) target.members = target.names;
    target.names = null;
  },
  305(draft, message) { answer(draft, message, 'info'); draft.state.away = false; },
  306(draft, message) { answer(draft, message, 'info'); draft.state.away = true; },
  730(draft, message) { answer(draft, message, 'info'); },
};

/** The words of an answer, where the reader looks: refusals and what was asked for; the rest is kept with the server. */
function answer(draft, message, kind) {
  const words = [...(message.params ?? []), ...(message.body ?? [])].map(String).join(' ');
  const isWelcome = Number(message.command) < 300 || ['372', '375', '376', '422'].includes(message.command);
  const target = draft.open(isWelcome || !draft.has(draft.active) ? SERVER : draft.active);
  const text = message.command === '372' || message.command === '375' ? (message.body ?? []).join(' ') : words;
  note(draft, target, message, kind, text, '');
}

/** Whatever is no talk. */
export function event(draft, message) {
  const handler = Object.hasOwn(EVENTS, message.command) ? EVENTS[message.command] : null;
  if (handler) {
    handler(draft, { to: '', ...message });
    return;
  }
  if (/^\d{3}$/.test(message.command)) {
    const numeric = Object.hasOwn(NUMERICS, message.command) ? NUMERICS[message.command] : null;
    if (numeric) numeric(draft, { params: [], ...message });
    else answer(draft, message, /^[45]/.test(message.command) && message.command !== '422' ? 'error' : 'info');
    return;
  }
  answer(draft, message, message.command === 'FAIL' || message.command === 'ERROR' ? 'error' : 'info');
}
