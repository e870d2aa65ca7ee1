// What the page does: keeps the state, tells the parts that show it, and talks to the server for them.

import { parse } from './commands.js';
import { remember, remembered } from './kept.js';
import * as net from './net.js';
import { initial, LINES_MAX, order, reduce, SERVER } from './state.js';
import { clean, cleanName, fold, isChannel, same } from './text.js';

/** How long a line is tried after it was typed: well below the ten minutes in which the server does nothing twice. */
const PATIENCE_MS = 60_000;
/** A line that is not sent by then is shown as waiting. Most are sooner, and would but flicker. */
const SLOW_MS = 700;
const ENDED = 'You are not logged in here any more: this browser was logged out or has lost its cookie, or nothing was done for too long.';

/** Takes one of these out of a list. Gives whether there was any. */
function take(list, one) {
  const at = list.indexOf(one);
  if (at >= 0) list.splice(at, 1);
  return at >= 0;
}

/** The text of a message that says something; other commands may have a password in them. */
const said = ({ command, body }) => (command === 'PRIVMSG' || command === 'NOTICE' ? body.join('\n').replace(/^\x01ACTION (.*)\x01$/, '* $1') : null);

export class Store {
  constructor() {
    this.state = initial();
    this.phase = 'starting';
    this.dialog = null;
    this.listeners = new Set();
    this.reader = null;
    this.pending = false;
    this.replying = null;
    // What was searched for, and a line that is to be shown.
    this.found = null;
    this.jumping = null;
    this.fetching = new Set();
    // What was typed and is not sent yet, and the end of the last of it.
    this.waiting = [];
    this.sending = Promise.resolve();
    // Conversations that were told that one is writing, and have not taken it yet; and those that never will.
    this.typings = [];
    this.mute = new Set();
    // Why one stands at the door who was inside.
    this.ended = '';
  }

  subscribe(listener) {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Shows what has changed, once for all that changes before the next picture. */
  changed() {
    if (this.pending) return;
    this.pending = true;
    const show = () => {
      this.pending = false;
      for (const listener of this.listeners) listener();
    };
    if (document.hidden) setTimeout(show, 50);
    else requestAnimationFrame(show);
  }

  dispatch(action) {
    const { keys } = this.state;
    this.state = reduce(this.state, action);
    if (this.state.keys !== keys && this.state.keys.size) remember({ keys: [...this.state.keys].map(([nick, { key }]) => [nick, key]) });
    this.changed();
  }

  set(changes) {
    Object.assign(this, changes);
    this.changed();
  }

  get here() {
    return this.state.buffers.get(this.state.active) ?? this.state.buffers.get(SERVER);
  }

  setting(name) { return remembered()[name]; }
  setSetting(name, value) { remember({ [name]: value }); this.changed(); }

  begin() {
    document.addEventListener('visibilitychange', () => {
      if (document.hidden) this.markers?.flush();
      this.dispatch({ type: 'hidden', hidden: document.hidden });
    });
    window.addEventListener('online', () => this.reader?.hurry());
    if (typeof BroadcastChannel === 'function') {
      this.door = new BroadcastChannel('neoirc-door');
      // Whoever logs in changes the cookie of all tabs.
      this.door.onmessage = () => {
        this.reader?.stop();
        this.comeIn();
      };
    }
    return this.comeIn();
  }

  /** Goes on with the session that the cookie is for. Only the server knows whether there is one. */
  async comeIn() {
    try {
      await this.enter(await net.session(), true);
    } catch (error) {
      if (error.status === 401) {
        this.leave(remembered().here ? ENDED : '');
        this.learn();
      } else {
        this.set({ phase: 'unreachable' });
        setTimeout(() => this.comeIn(), 2000);
      }
    }
  }

  async learn() {
    try {
      this.dispatch({ type: 'server', info: await net.server() });
    } catch { /* the login tells soon enough */ }
  }

  /** Comes in: into a session of one's own, with a password into what one has already, or into one that is kept from now on. */
  async logIn({ nick, password, keeps }, told, signal) {
    this.set({ ended: '' });
    // Another tab may have come in, whose cookie would be lost.
    let session = await net.session().catch(() => null);
    if (session) {
      await this.enter(session, true);
      if (!same(nick, session.nick)) this.tell(`This browser is logged in as ${session.nick} already.`, 'error');
      return;
    }
    if (keeps) session = await net.openAccount(nick, password, told, signal);
    else if (password) session = { ...await net.logIn(nick, password), ...await net.session().catch(() => null) };
    else session = await net.openSession(nick, told, signal);
    remember({ cursor: 0, talks: [] });
    this.door?.postMessage('');
    await this.enter(session, false);
  }

  async enter(session, isBack) {
    // That of an attempt on which the server gave up half-way, or of who was here before.
    this.letGo();
    remember({ here: true });
    const { cursor = 0, keys = [], talks = [], active } = remembered();
    this.dispatch({ ...session, type: 'session' });
    this.dispatch({ type: 'hidden', hidden: document.hidden });
    this.dispatch({ type: 'keys', keys });
    const reader = new net.Reader({
      cursor,
      heard: (messages, last) => this.heard(messages, last),
      connection: (state) => this.dispatch({ type: 'connection', state }),
      gone: () => this.leave(ENDED),
    });
    this.reader = reader;
    this.learn();
    for (const name of talks) this.dispatch({ type: 'talk', name });
    if (isBack) await net.announce();
    if (this.reader !== reader) return;
    this.set({ phase: 'inside', first: active });
    const talk = talks.find((name) => fold(name) === active);
    if (talk) this.look(talk);
    reader.start();
    // No part of the first load. Where it cannot be had, neither can the dialogs, which tell so.
    const { Markers } = await import('./markers.js').catch(() => ({}));
    if (Markers && this.reader === reader) this.markers = new Markers(this);
  }

  letGo() {
    this.reader?.stop();
    this.markers?.stop();
    [this.reader, this.markers, this.found, this.dialog, this.replying] = [null, null, null, null, null];
    this.fetching.clear();
    this.mute.clear();
    [this.waiting, this.sending, this.typings] = [[], Promise.resolve(), []];
    this.state = { ...initial(), server: this.state.server, motd: this.state.motd };
  }

  /** Back to the door, with nothing left for whoever sits here next but why. */
  leave(ended = '') {
    this.letGo();
    remember({ here: false, cursor: 0, talks: [], active: null, keys: [] });
    this.set({ phase: 'login', ended });
  }

  async logOut() {
    try {
      await net.logOut();
    } catch (error) {
      if (error.status !== 401) {
        this.tell(error.message, 'error');
        return;
      }
    }
    this.reader?.farewell();
    this.leave();
  }

  heard(messages, last) {
    const before = this.state;
    this.dispatch({ type: 'messages', messages: messages.filter((message) => !this.isOfTyping(message)), at: Date.now() });
    for (const message of messages) {
      if (message.command === 'JOIN' && same(message.from, this.state.nick) && !before.buffers.get(fold(message.to))?.joined) {
        const wanted = this.joining && this.joining.split(',').some((name) => same(name, message.to));
        const known = this.first === undefined || this.first === null ? this.state.active === SERVER && before.buffers.size === 1 : this.first === fold(message.to);
        if (wanted || known) this.look(message.to);
      }
    }
    // Back in a channel that is in sight.
    if (!this.here.asked) this.past(this.here.name);
    this.keep({ cursor: last });
    this.notify(before, messages);
  }

  /** What the next visit begins with. */
  keep(more) {
    const talks = [...this.state.buffers.values()].filter(({ name }) => !isChannel(name) && name !== SERVER).map(({ name }) => name);
    remember({ ...more, talks: talks.slice(-50), active: this.first ?? this.state.active });
  }

  /** Whether a refusal answers but that one is writing, which nobody wants to know. */
  isOfTyping({ command, params }) {
    const name = fold(`${params?.[0]}`);
    return /^4/.test(command) && take(this.typings, name) && this.mute.add(name);
  }

  notify(before, messages) {
    if (!document.hidden || !this.setting('notify') || typeof Notification !== 'function' || Notification.permission !== 'granted') return;
    for (const [key, buffer] of this.state.buffers) {
      if (buffer.mentions <= (before.buffers.get(key)?.mentions ?? 0)) continue;
      const line = buffer.lines.findLast((one) => one.mention);
      if (!line || !messages.some((message) => message.id === line.id)) continue;
      try {
        const shown = new Notification(`${cleanName(line.nick)} · ${cleanName(buffer.name)}`, { body: clean(line.text).slice(0, 200), tag: key });
        shown.onclick = () => { window.focus(); this.look(buffer.name); shown.close(); };
      } catch { /* a telephone has them by other ways alone */ }
    }
  }

  look(name) {
    this.dispatch({ type: 'look', name });
    this.first = null;
    this.replying = null;
    this.keep();
    if (!this.here.asked) this.past(name);
  }

  step(by) {
    const keys = order(this.state);
    const at = keys.indexOf(this.state.active);
    this.look(this.state.buffers.get(keys[(at + by + keys.length) % keys.length]).name);
  }

  /** Fetches what was said before the oldest line that is known. */
  async past(name) {
    const buffer = this.state.buffers.get(fold(name));
    if (!buffer || name === SERVER || this.fetching.has(fold(name)) || buffer.complete || buffer.lines.length >= LINES_MAX - 500) return;
    if (isChannel(name) && !buffer.joined) return;
    this.fetching.add(fold(name));
    const { reader } = this;
    try {
      const page = await net.history(buffer.name, buffer.oldest?.id);
      if (this.reader === reader) this.dispatch({ type: 'past', name: buffer.name, ...page });
    } catch (error) {
      // Nobody by that nick now, or no member any more: there is nothing to show.
      if (this.reader === reader && error.status && error.status !== 429 && error.status !== 503) this.dispatch({ type: 'past', name: buffer.name, messages: [], limit: 1 });
    } finally {
      this.fetching.delete(fold(name));
    }
  }

  tell(text, kind = 'info') { this.dispatch({ type: 'tell', text, kind }); }

  /** Does what somebody has typed. Gives whether the field may be emptied. */
  async type(input) {
    const name = this.here.name;
    const done = parse(input, name);
    if (done.warn) {
      this.tell(done.warn, 'error');
      return false;
    }
    if (done.dialog) this.set({ dialog: done.dialog, searching: done.search });
    if (done.act) this.dispatch(done.act);
    if (done.clear) this.dispatch({ type: 'clear', name });
    const last = this.replying ?? this.here.lines.findLast((line) => line.id && line.kind === 'message' && !line.mine);
    if ((done.react || done.reply) && !last) {
      this.tell('Nobody has said anything here.', 'error');
      return false;
    }
    if (done.react) this.react(last, done.react);
    if (done.joining) this.joining = done.joining;
    if (done.look) this.look(done.look);
    const messages = done.reply ? [{ command: 'PRIVMSG', to: name, body: [done.reply] }] : done.send ?? [];
    const replied = done.reply ? last : this.replying;
    this.set({ replying: null });
    let isDone = true;
    for (const message of messages) {
      if (replied && message.command === 'PRIVMSG') message.meta = { ...message.meta, reply: replied.id };
      if (!await this.send(message)) isDone = false;
    }
    if (done.close) {
      this.dispatch({ type: 'close', name: done.close });
      this.keep();
    }
    // Who looks elsewhere by now would find it in the wrong place.
    return isDone || this.here.name !== name;
  }

  /**
   * Sends a message behind those that were typed before it: whatever holds up one of them holds up those that follow.
   * Gives false where it cannot be sent as it is.
   */
  async send(message) {
    if (!this.reader) return true;
    const { signal } = this.reader.stopped;
    const line = { message, since: Date.now() };
    this.waiting = [...this.waiting, line];
    setTimeout(() => { if (this.waiting.includes(line)) this.changed(); }, SLOW_MS);
    const sent = this.sending.then(() => this.deliver(message, { until: line.since + PATIENCE_MS, signal }));
    this.sending = sent.catch(() => {});
    try {
      const receipt = await sent;
      // A refused NOTICE stands in its receipt alone; other refusals come as numerics.
      if (receipt.status === 'error' && message.command === 'NOTICE') this.tell(receipt.error, 'error');
      if (message.command === 'QUIT') {
        this.reader?.farewell();
        this.leave();
      } else if (receipt.status === 'sent') this.mute.delete(fold(message.to));
      return true;
    } catch (error) {
      if (signal.aborted) return true;
      if (error.status === 401) this.leave(ENDED);
      if (error.status === 401 || message.command === 'TAGMSG') return true;
      if (net.mayPass(error)) this.tell(`Not sent: ${said(message) ?? message.command} (${error.message})`, 'error');
      else this.tell(error.status === 413 ? 'Not sent: too long for one message. Send it in parts.' : `Not sent: ${error.message}`, 'error');
      return net.mayPass(error);
    } finally {
      this.set({ waiting: this.waiting.filter((one) => one !== line) });
    }
  }

  /** When it is its turn: does the work that the channel asks for by now, and sends it. */
  async deliver(message, limits) {
    limits.signal.throwIfAborted();
    const work = isChannel(message.to ?? '') && message.command === 'PRIVMSG' ? this.state.buffers.get(fold(message.to))?.work : 0;
    if (work) {
      const stamp = await net.work({ resource: message.to, bits: work, body: message.body }, null, limits.signal);
      message.meta = { ...message.meta, hashcash: stamp };
    }
    return net.send(message, limits);
  }

  /** What was said to somebody and has been waiting for a while. */
  held(name) {
    const late = Date.now() - SLOW_MS;
    return this.waiting.filter(({ message, since }) => since <= late && said(message) !== null && same(message.to, name)).map(({ message }) => said(message));
  }

  /** Says that one is writing, no oftener than every three seconds. */
  typing(state) {
    const { name, joined } = this.here;
    const key = fold(name);
    if (name === SERVER || !joined || this.mute.has(key)) return;
    const now = Date.now();
    if (state === 'active' && now - (this.typed ?? 0) < 3000) return;
    if (state === 'done' && !this.typed) return;
    this.typed = state === 'active' ? now : 0;
    // Now or never; nor does anything wait for it. Where one may not speak, that is learned once.
    const { typings } = this;
    typings.push(key);
    net.send({ command: 'TAGMSG', to: name, meta: { typing: state } }, { until: 0 })
      .then(({ status }) => (status === 'error' ? this.mute.add(key) : take(typings, key)), () => take(typings, key));
  }

  react(line, sign) {
    this.send({ command: 'TAGMSG', to: this.here.name, meta: { reply: line.id, react: sign } });
  }
}
