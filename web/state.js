// The state of the client, and what each message makes of it. Pure: the same state and action give the same state.

import { event } from './events.js';
import { came, cameLate, isSpoken, learned, readAll } from './read.js';
import { fold, isChannel, mentions, same } from './text.js';

/** Lines of one conversation that are kept while nobody looks at older ones, and while somebody does. */
export const LINES_KEPT = 4000;
export const LINES_MAX = 30_000;
/** The conversation with the server. */
export const SERVER = '*';

export function initial() {
  return {
    nick: '', account: null, modes: null, server: 'neoirc', motd: '', channelModes: '', away: false, hidden: false,
    connection: 'connecting', active: SERVER, previous: SERVER,
    buffers: new Map([[SERVER, buffer(SERVER)]]), list: [], now: 0,
    // The key that somebody was first known by, and one that was announced later, by nick.
    keys: new Map(),
    // Channels that one was in already, of which the server tells once more.
    announced: new Set(),
  };
}

export function buffer(name) {
  return {
    name, lines: [], members: new Map(), names: null, topic: '', joined: !isChannel(name), unread: 0, mentions: 0,
    typing: new Map(), modes: '', readingAbove: false,
    // Of its history: whether any was asked for, the oldest message that has come, and whether that is the first of all.
    asked: false, oldest: null, complete: false,
    // Times in milliseconds: how far one has read, what of it the server knows, once it was asked, and when one has joined. Then where the
    // line stands.
    read: 0, told: 0, known: false, since: 0, marker: 0,
  };
}

/** A state that may be changed: buffers are copied when they are first asked for. */
export class Draft {
  constructor(state) {
    this.state = { ...state };
    this.copied = new Set();
    this.counter = 0;
  }

  get active() { return this.state.active; }
  isMe(nick) { return same(nick, this.state.nick); }
  /** Whether somebody sees the newest of it. */
  isLookedAt(target) { return fold(target.name) === this.state.active && !this.state.hidden && !target.readingAbove; }
  has(name) { return typeof name === 'string' && this.state.buffers.has(fold(name)); }

  /** The buffer of this name, which may be changed; it is made if there is none. */
  open(name) {
    const key = fold(name);
    if (this.copied.has(key)) return this.state.buffers.get(key);
    if (this.copied.size === 0) this.state.buffers = new Map(this.state.buffers);
    this.copied.add(key);
    const old = this.state.buffers.get(key);
    const copy = old ? { ...old, lines: old.lines.slice(), members: new Map(old.members), typing: new Map(old.typing) } : buffer(name);
    this.state.buffers.set(key, copy);
    return copy;
  }

  close(name) {
    this.open(name);
    this.state.buffers.delete(fold(name));
    this.copied.delete(fold(name));
    if (this.state.active === fold(name)) this.state.active = this.has(this.state.previous) ? this.state.previous : SERVER;
  }

  /** Puts a line where its order says, unless it is there. Gives whether it was put. */
  line(target, line) {
    const { lines } = target;
    if (line.order === undefined) line.order = lines.at(-1)?.order ?? 0;
    let at = lines.length;
    while (at > 0 && lines[at - 1].order > line.order) at -= 1;
    if (line.id) {
      for (let look = at - 1; look >= 0 && lines[look].order === line.order; look -= 1) {
        if (lines[look].id === line.id) return false;
      }
    }
    lines.splice(at, 0, line);
    return true;
  }

  /** Something that the client itself has to say. */
  tell(name, kind, text) {
    const target = this.open(this.has(name) ? name : SERVER);
    this.state.now += 1;
    this.line(target, { key: `own${this.state.now}`, ts: new Date().toISOString(), kind, text });
  }

  /** Forgets the oldest lines, later where somebody reads above. */
  trim() {
    for (const key of this.copied) {
      const target = this.state.buffers.get(key);
      const [most, kept] = target?.readingAbove ? [LINES_MAX, LINES_MAX] : [LINES_KEPT * 1.25, LINES_KEPT];
      if (target?.lines.length > most) {
        target.lines.splice(0, target.lines.length - kept);
        Object.assign(target, { complete: false, oldest: target.lines.find((line) => line.id && isSpoken(line)) ?? null });
      }
    }
    return this.state;
  }
}

/** One line of what was said. */
export function spoken(message, me) {
  const lines = Array.isArray(message.body) ? message.body.map(String) : [JSON.stringify(message.body ?? '')];
  let text = lines.join('\n');
  let kind = message.command === 'NOTICE' ? 'notice' : 'message';
  const action = /^\x01ACTION ?([^]*?)\x01?$/.exec(text);
  if (action) [text, kind] = [action[1], 'action'];
  const meta = message.meta && typeof message.meta === 'object' ? message.meta : {};
  return {
    key: message.id, id: message.id, order: message.seq, ts: message.ts, kind, nick: message.from, text,
    mine: same(message.from, me), reply: typeof meta.reply === 'string' ? meta.reply : null,
    signed: typeof meta.sig === 'string' ? message : null, reactions: null,
  };
}

function say(draft, message, isPast) {
  const { state } = draft;
  const to = message.to.replace(/^[@+]+(?=#)/, '');
  const fromServer = same(message.from, state.server);
  const name = isChannel(to) ? to : fromServer ? SERVER : draft.isMe(message.from) ? to : message.from;
  const line = spoken(message, state.nick);
  if (to !== message.to) line.ranks = message.to[0];
  // CTCP requests are for programs; nobody's page answers them.
  if (/^\x01/.test(line.text)) return;
  const target = draft.open(name);
  line.mention = !line.mine && !fromServer && (mentions(line.text, state.nick) || !isChannel(name));
  if (!draft.line(target, line) || isPast) return;
  target.typing.delete(fold(message.from));
  const member = target.members.get(fold(message.from));
  if (member) target.members.set(fold(message.from), { ...member, spoke: message.seq });
  came(target, line, draft.isLookedAt(target));
}

function tag(draft, message, at) {
  const meta = message.meta ?? {};
  const name = isChannel(message.to) ? message.to : draft.isMe(message.from) ? message.to : message.from;
  if (!draft.has(name)) return;
  const target = draft.open(name);
  if (typeof meta.react === 'string' && typeof meta.reply === 'string') {
    const at = target.lines.findLastIndex((line) => line.id === meta.reply);
    if (at < 0) return;
    const reactions = new Map(target.lines[at].reactions);
    const sign = [...meta.react].slice(0, 8).join('');
    if (reactions.size >= 20 && !reactions.has(sign)) return;
    reactions.set(sign, new Set(reactions.get(sign)).add(message.from));
    target.lines[at] = { ...target.lines[at], reactions };
  } else if (typeof meta.typing === 'string' && !draft.isMe(message.from)) {
    if (meta.typing === 'active') target.typing.set(fold(message.from), { nick: message.from, at });
    else target.typing.delete(fold(message.from));
  }
}

function look(draft, name) {
  const { state } = draft;
  const key = fold(name);
  if (key !== state.active) {
    const left = draft.has(state.active) ? draft.open(state.active) : null;
    if (left) [left.marker, left.readingAbove] = [0, false];
    state.previous = state.active;
    state.active = key;
  }
  const target = draft.open(name);
  if (draft.isLookedAt(target)) readAll(target);
}

const ACTIONS = {
  session: (draft, { nick, account = null, channels = [] }) => {
    Object.assign(draft.state, { nick, account, announced: new Set(channels.map(({ name }) => fold(name))) });
  },
  server: (draft, { info }) => Object.assign(draft.state, { server: info.name, motd: info.motd ?? '' }),
  connection: (draft, action) => { draft.state.connection = action.state; },
  messages: (draft, action) => {
    for (const message of action.messages) {
      if (message.command === 'PRIVMSG' || message.command === 'NOTICE') say(draft, message, false);
      else if (message.command === 'TAGMSG') tag(draft, message, action.at);
      else event(draft, message);
    }
  },
  past: (draft, action) => {
    const target = draft.open(action.name);
    for (const message of action.messages) say(draft, message, true);
    target.asked = true;
    // Whether or not any of it is shown: the next page is behind this one.
    const [first] = action.messages;
    if (first && !(first.seq >= target.oldest?.order)) target.oldest = { id: first.id, order: first.seq };
    if (action.messages.length < action.limit) target.complete = true;
    if (action.name !== SERVER) cameLate(target, draft.isLookedAt(target));
  },
  keys: (draft, action) => { draft.state.keys = new Map(action.keys.map(([nick, key]) => [nick, { key, other: null }])); },
  trust(draft, { nick }) {
    const other = draft.state.keys.get(fold(nick))?.other;
    if (other) draft.state.keys = new Map(draft.state.keys).set(fold(nick), { key: other, other: null });
    draft.tell(draft.active, other ? 'info' : 'error', other ? `The new key of ${nick} counts from now on.` : `${nick} has announced no other key.`);
  },
  talk: (draft, { name }) => { draft.open(name); },
  look: (draft, action) => look(draft, action.name),
  hidden: (draft, action) => {
    draft.state.hidden = action.hidden;
    if (!action.hidden && draft.has(draft.active)) look(draft, draft.active);
  },
  above: (draft, action) => {
    if (!draft.has(action.name)) return;
    const target = draft.open(action.name);
    target.readingAbove = action.isAbove;
    if (draft.isLookedAt(target)) readAll(target);
  },
  marker: (draft, { name, at }) => {
    if (draft.has(name)) learned(draft.open(name), at, draft.isLookedAt(draft.open(name)));
  },
  told: (draft, { name, at }) => {
    if (draft.has(name)) draft.open(name).told = Math.max(draft.open(name).told, at);
  },
  close: (draft, action) => { if (draft.has(action.name) && action.name !== SERVER) draft.close(action.name); },
  tell: (draft, action) => draft.tell(action.name ?? draft.active, action.kind ?? 'info', action.text),
  clear: (draft, action) => Object.assign(draft.open(action.name), { lines: [], complete: true }),
};

export function reduce(state, action) {
  const draft = new Draft(state);
  ACTIONS[action.type](draft, action);
  return draft.trim();
}

/** Names of conversations in the order in which they are shown: the server, channels, people. */
export function order(state) {
  const kind = (key) => (key === SERVER ? 0 : isChannel(key) ? 1 : 2);
  return [...state.buffers.keys()].sort((one, other) => kind(one) - kind(other) || (one < other ? -1 : 1));
}

/** The next conversation where somebody has said something, mentions first. */
export function nextActive(state) {
  const keys = order(state).filter((key) => key !== state.active);
  return keys.find((key) => state.buffers.get(key).mentions) ?? keys.find((key) => state.buffers.get(key).unread);
}
