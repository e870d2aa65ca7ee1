// What the page does: keeps the state, tells the parts that show it, and talks to the server for them.

import { parse } from './commands.js';
import { remember, remembered } from './kept.js';
import { Markers } from './markers.js';
import * as net from './net.js';
import { isSpoken } from './read.js';
import { initial, LINES_MAX, order, reduce, SERVER } from './state.js';
import { clean, fold, isChannel, same } from './text.js';

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
    return this.comeIn();
  }

  async comeIn() {
    // Whoever never was here is not asked for: a refusal would be noise.
    const { here } = remembered();
    if (here) {
      try {
        await this.enter(await net.session(), remembered().cursor ?? 0);
        return;
      } catch (error) {
        if (error.status !== 401) {
          this.set({ phase: 'unreachable' });
          setTimeout(() => this.comeIn(), 2000);
          return;
        }
        remember({ here: false, cursor: 0, talks: [], keys: [] });
      }
    }
    this.set({ phase: 'login' });
    this.learn();
  }

  async learn() {
    try {
      this.dispatch({ type: 'server', info: await net.server() });
    } catch { /* the login tells soon enough */ }
  }

  /** Comes in: into a session of one's own, with a password into what one has already, or into one that is kept from now on. */
  async logIn({ nick, password, keeps }, told, signal) {
    let session = null;
    if (keeps) session = await net.openAccount(nick, password, told, signal);
    else if (password) session = { ...await net.logIn(nick, password), ...await net.session().catch(() => null) };
    else session = await net.openSession(nick, told, signal);
    remember({ here: true, cursor: 0, talks: [] });
    await this.enter(session, 0);
  }

  async enter(session, cursor) {
    this.state = { ...initial(), server: this.state.server, motd: this.state.motd };
    this.dispatch({ type: 'session', nick: session.nick, account: session.account });
    this.dispatch({ type: 'hidden', hidden: document.hidden });
    this.dispatch({ type: 'keys', keys: remembered().keys ?? [] });
    this.reader = new net.Reader({
      cursor,
      heard: (messages, last) => this.heard(messages, last),
      connection: (state) => this.dispatch({ type: 'connection', state }),
      gone: () => this.leave(),
    });
    this.learn();
    if (cursor) {
      for (const name of remembered().talks ?? []) this.dispatch({ type: 'past', name, messages: [], limit: 0 });
      await net.announce();
    }
    this.set({ phase: 'inside', first: remembered().active });
    this.reader.start();
    this.markers = new Markers(this);
  }

  /** Back to the door, with nothing left for whoever sits here next. */
  leave() {
    this.reader?.stop();
    this.markers?.stop();
    [this.reader, this.markers, this.found] = [null, null, null];
    this.fetching.clear();
    remember({ here: false, cursor: 0, talks: [], active: null, keys: [] });
    this.state = { ...initial(), server: this.state.server, motd: this.state.motd };
    this.set({ phase: 'login', dialog: null, replying: null });
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
    this.dispatch({ type: 'messages', messages });
    for (const message of messages) {
      if (message.command === 'JOIN' && same(message.from, this.state.nick) && !before.buffers.get(fold(message.to))?.joined) {
        const wanted = this.joining && this.joining.split(',').some((name) => same(name, message.to));
        const known = this.first === undefined || this.first === null ? this.state.active === SERVER && before.buffers.size === 1 : this.first === fold(message.to);
        if (wanted || known) this.look(message.to);
      }
    }
    const talks = [...this.state.buffers.values()].filter(({ name }) => !isChannel(name) && name !== SERVER).map(({ name }) => name);
    remember({ cursor: last, talks: talks.slice(-50) });
    this.notify(before, messages);
  }

  notify(before, messages) {
    if (!document.hidden || !this.setting('notify') || typeof Notification !== 'function' || Notification.permission !== 'granted') return;
    for (const [key, buffer] of this.state.buffers) {
      if (buffer.mentions <= (before.buffers.get(key)?.mentions ?? 0)) continue;
      const line = buffer.lines.findLast((one) => one.mention);
      if (!line || !messages.some((message) => message.id === line.id)) continue;
      const shown = new Notification(`${clean(line.nick)} · ${clean(buffer.name)}`, { body: clean(line.text).slice(0, 200), tag: key });
      shown.onclick = () => { window.focus(); this.look(buffer.name); shown.close(); };
    }
  }

  look(name) {
    this.dispatch({ type: 'look', name });
    this.first = null;
    this.replying = null;
    remember({ active: fold(name) });
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
    const oldest = buffer.asked ? buffer.lines.find((line) => line.id && isSpoken(line)) : null;
    try {
      const page = await net.history(buffer.name, oldest?.id);
      if (this.phase === 'inside') this.dispatch({ type: 'past', name: buffer.name, ...page });
    } catch (error) {
      // Nobody by that nick now, or no member any more: there is nothing to show.
      if (error.status && error.status !== 429 && error.status !== 503) this.dispatch({ type: 'past', name: buffer.name, messages: [], limit: 1 });
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
    if (done.reply) await this.send({ command: 'PRIVMSG', to: name, body: [done.reply], meta: { reply: last.id } });
    if (done.joining) this.joining = done.joining;
    if (done.look) this.look(done.look);
    const { replying } = this;
    this.set({ replying: null });
    for (const message of done.send ?? []) {
      if (replying && message.command === 'PRIVMSG') message.meta = { ...message.meta, reply: replying.id };
      await this.send(message);
    }
    if (done.close) this.dispatch({ type: 'close', name: done.close });
    if (done.quit) {
      this.reader?.farewell();
      this.leave();
    }
    return true;
  }

  async send(message) {
    try {
      const work = isChannel(message.to ?? '') && message.command === 'PRIVMSG' ? this.state.buffers.get(fold(message.to))?.work : 0;
      if (work) {
        const stamp = await net.work({ resource: message.to, bits: work, body: message.body });
        message.meta = { ...message.meta, hashcash: stamp };
      }
      const receipt = await net.send(message);
      // A refused NOTICE stands in its receipt alone; other refusals come as numerics.
      if (receipt?.status === 'error' && message.command === 'NOTICE') this.tell(receipt.error, 'error');
      return receipt;
    } catch (error) {
      if (error.status === 401) this.leave();
      else if (message.command !== 'TAGMSG') {
        // Other commands may have a password in them.
        const what = message.command === 'PRIVMSG' || message.command === 'NOTICE' ? message.body.join(' ') : message.command;
        this.tell(`Not sent: ${what} (${error.message})`, 'error');
      }
      return null;
    }
  }

  /** Says that one is writing, no oftener than every three seconds. */
  typing(state) {
    const { name, joined } = this.here;
    if (name === SERVER || !joined) return;
    const now = Date.now();
    if (state === 'active' && now - (this.typed ?? 0) < 3000) return;
    if (state === 'done' && !this.typed) return;
    this.typed = state === 'active' ? now : 0;
    this.send({ command: 'TAGMSG', to: name, meta: { typing: state } });
  }

  react(line, sign) {
    this.send({ command: 'TAGMSG', to: this.here.name, meta: { reply: line.id, react: sign } });
  }
}
