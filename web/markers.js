// Read markers: asks the server once for that of each conversation, and tells it how far one has read here. What is read is
// for the state to say; a hidden page reads nothing.

import * as net from './net.js';
import { moment } from './read.js';
import { SERVER } from './state.js';
import { fold, isChannel } from './text.js';

/** Requests at once; how many are made without a pause, and the pause behind them; how often one is tried. */
const LANES = 2;
const AT_ONCE = 40;
const PACE_MS = 250;
const ATTEMPTS = 8;
/** How soon a marker is told, and how long until the next one of the same conversation. */
const SOON_MS = 300;
const AGAIN_MS = 3000;

export class Markers {
  constructor(store) {
    this.store = store;
    this.asked = new Set();
    this.waiting = [];
    this.lanes = 0;
    this.made = 0;
    this.timers = new Map();
    this.last = new Map();
    this.unsubscribe = store.subscribe(() => this.check());
    this.check();
  }

  stop() {
    this.stopped = true;
    this.unsubscribe();
    for (const timer of this.timers.values()) clearTimeout(timer);
  }

  get buffers() { return this.store.state.buffers; }

  /** Sees what there is to ask and to tell. */
  check() {
    for (const [key, buffer] of this.buffers) {
      if (key === SERVER) continue;
      if (buffer.known) {
        if (buffer.read > buffer.told) this.#plan(key);
      } else if (buffer.joined && !this.asked.has(key)) {
        this.asked.add(key);
        this.#enqueue(() => this.#ask(buffer.name));
      }
    }
    for (const key of this.asked) if (!this.buffers.has(key)) this.asked.delete(key);
  }

  /** Tells at once what is still to be told, since the page goes out of sight. */
  flush() {
    for (const [key, timer] of this.timers) {
      clearTimeout(timer);
      this.#tell(key);
    }
  }

  async #enqueue(work) {
    this.waiting.push(work);
    if (this.lanes >= LANES) return;
    this.lanes += 1;
    while (this.waiting.length && !this.stopped) {
      await this.waiting.shift()();
      this.made += 1;
      if (this.made > AT_ONCE) await net.pause(PACE_MS);
    }
    this.lanes -= 1;
  }

  /** An answer, after a few attempts; null where there is none to be had. */
  async #patiently(ask) {
    for (let attempt = 0; attempt < ATTEMPTS && !this.stopped; attempt += 1) {
      try {
        return await ask();
      } catch (error) {
        if (!net.mayPass(error)) return null;
        await net.pause(Math.max((error.retryAfter ?? 0) * 1000, 500 * 2 ** attempt * (0.5 + Math.random() / 2)));
      }
    }
    return null;
  }

  async #ask(name) {
    const answer = await this.#patiently(() => net.marker(name));
    if (this.stopped) return;
    // Where nothing was ever read, all that somebody said to one alone is new.
    const at = answer?.timestamp ? moment(answer.timestamp) : isChannel(name) ? 0 : 1;
    this.store.dispatch({ type: 'marker', name, at });
    // What was said while nobody was here stands in no queue. Behind all the markers, since this may take longer.
    if (at) this.#enqueue(() => this.#catchUp(name, at));
  }

  async #catchUp(name, at) {
    const page = (limit) => this.#patiently(() => net.history(name, undefined, limit));
    const newest = (await page(1))?.messages.at(-1);
    if (!newest || moment(newest.ts) <= at) return;
    const found = await page();
    if (found && !this.stopped && this.buffers.has(fold(name))) this.store.dispatch({ type: 'past', name, ...found });
  }

  #plan(key) {
    if (this.timers.has(key)) return;
    const wait = Math.max(SOON_MS, (this.last.get(key) ?? 0) + AGAIN_MS - Date.now());
    this.timers.set(key, setTimeout(() => this.#tell(key), wait));
  }

  async #tell(key) {
    this.timers.delete(key);
    const buffer = this.buffers.get(key);
    if (this.stopped || !buffer || buffer.read <= buffer.told) return;
    const { name, read } = buffer;
    this.last.set(key, Date.now());
    try {
      await net.mark(name, read);
    } catch (error) {
      if (net.mayPass(error)) {
        this.last.set(key, Date.now() + (error.retryAfter ?? 0) * 1000);
        if (!this.stopped) this.#plan(key);
        return;
      }
    }
    // Also where it was refused: the same again would be so, too.
    if (!this.stopped) this.store.dispatch({ type: 'told', name, at: read });
  }
}
