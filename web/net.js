// The way to the server: requests, the poll loop with its cursor, proof of work, and who of several tabs polls.

const API = '/api/v1';
/** Seconds that a poll waits, and longest pause between attempts to reach the server. */
const POLL_SECONDS = 25;
const PAUSE_MAX_MS = 10_000;
/** How long a message is tried, how long one attempt may take, and the longest pause before the next one. */
const SEND_MS = 12_000;
const ANSWER_MS = 20_000;
const SEND_PAUSE_MS = 3000;
const HISTORY_PAGE = 100;
const SEARCH_PAGE = 30;

export class Refused extends Error {
  constructor(status, answer) {
    super(answer?.error ?? `The server answered ${status}`);
    Object.assign(this, { status, answer });
  }
}

/** One request. Throws `Refused` for what HTTP refuses, and `TypeError` when nobody answers. */
async function request(method, path, body, options = {}) {
  const headers = body === undefined ? {} : { 'Content-Type': 'application/json' };
  const response = await fetch(API + path, {
    method, credentials: 'same-origin', cache: 'no-store', signal: options.signal, keepalive: options.keepalive ?? false,
    headers: { ...headers, ...options.headers }, ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const answer = await response.json().catch(() => null);
  // Not by the server, but by a network that wants a login of its own: as good as nobody's.
  if (response.ok && !answer) throw new TypeError('no answer');
  if (!response.ok) {
    const refused = new Refused(response.status, answer);
    refused.retryAfter = Number(response.headers.get('Retry-After')) || 0;
    throw refused;
  }
  return answer;
}

export const pause = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });
const target = (name) => encodeURIComponent(name);
/** Whether the same request may be granted a little later. */
export const mayPass = (error) => error instanceof TypeError || error.name === 'TimeoutError' || error.status === 429 || error.status === 503;

export const server = () => request('GET', '/server');
export const session = () => request('GET', '/state');
export const announce = () => request('GET', '/state?initChannelState=1');
export const channels = () => request('GET', '/channels');
export const clients = () => request('GET', '/clients');
export const revoke = (uuid) => request('DELETE', `/clients/${target(uuid)}`);
export const logOut = () => request('POST', '/logout');
export const logIn = (nick, password) => request('POST', '/login', { nick, password });

export async function history(name, before, limit = HISTORY_PAGE) {
  const query = `/history?target=${target(name)}&limit=${limit}${before ? `&before=${target(before)}` : ''}`;
  return { messages: await request('GET', query), limit };
}

/** What was said that has these words, the newest first; `fields` are those of the interface, empty ones are left out. */
export async function search(fields, limit = SEARCH_PAGE) {
  const given = Object.entries(fields).filter(([, value]) => value);
  return { messages: await request('GET', `/search?${new URLSearchParams([...given, ['limit', limit]])}`), limit };
}

export const marker = (name) => request('GET', `/markers/${target(name)}`);
/** Says how far one has read; also while the page is being closed. */
export const mark = (name, at) => request('PUT', `/markers/${target(name)}`, { timestamp: new Date(at).toISOString() }, { keepalive: true });

/** Something that no two requests share, also where a page came by plain http. */
const unique = () => Array.from(crypto.getRandomValues(new Uint32Array(4)), (word) => word.toString(16).padStart(8, '0')).join('');

/**
 * Sends a message, again and again until a time, and not any more once `signal` calls it off. Whoever sends again after a lost
 * answer does nothing twice, since the key stays the same.
 */
export async function send(message, { until = Date.now() + SEND_MS, signal } = {}) {
  const headers = { 'Idempotency-Key': unique() };
  for (let attempt = 0; ; attempt += 1) {
    signal?.throwIfAborted();
    try {
      // A connection that died without a word must not hold up for ever what is to follow.
      return await request('POST', '/messages', message, { headers, signal: AbortSignal.timeout(ANSWER_MS) });
    } catch (error) {
      if (!mayPass(error) || Date.now() >= until) throw error;
      await pause(Math.max((error.retryAfter ?? 0) * 1000, Math.min(400 * 2 ** attempt, SEND_PAUSE_MS) * (0.5 + Math.random())));
    }
  }
}

/** A stamp for a resource. `told` hears how many attempts were made; `signal` calls it off. */
export function work(asked, told, signal) {
  return new Promise((resolve, reject) => {
    const worker = new Worker('/pow-worker.js');
    const stop = (done, value) => {
      worker.terminate();
      done(value);
    };
    signal?.addEventListener('abort', () => stop(reject, new DOMException('called off', 'AbortError')));
    worker.onmessage = ({ data }) => (data.stamp ? stop(resolve, data.stamp) : told?.(data.tried));
    worker.onerror = () => stop(reject, new Error('The work could not be done here'));
    worker.postMessage(asked);
  });
}

/** Asks for something that may cost work, and does that. */
async function paid(path, body, told, signal) {
  let price = await server();
  price = price.hashcash_bits ? { bits: price.hashcash_bits, resource: price.name } : null;
  for (let attempt = 0; ; attempt += 1) {
    if (price) told?.(0, price.bits);
    const stamp = price ? await work(price, (tried) => told?.(tried, price.bits), signal) : null;
    try {
      return await request('POST', path, { ...body, ...(stamp ? { pow_token: stamp } : {}) }, { signal });
    } catch (error) {
      // The price may have risen meanwhile.
      if (error.status !== 402 || attempt >= 3 || !error.answer?.hashcash) throw error;
      price = error.answer.hashcash;
    }
  }
}

/** Opens a session, with work where it costs some. */
export const openSession = (nick, told, signal) => paid('/session', { nick }, told, signal);

/** Makes one's own session last. */
export const register = (nick, password) => request('POST', '/register', { nick, password });

/** Opens a session that lasts. */
export async function openAccount(nick, password, told, signal) {
  try {
    return await paid('/register', { nick, password }, told, signal);
  } catch (error) {
    // A cookie of former times, which no script can take away; a new session puts its own in the place.
    if (error.status !== 401) throw error;
    await openSession(nick, told, signal);
    return register(nick, password);
  }
}

/** The next answer for a client, or what is wrong: 'gone' when the session has ended. */
async function poll(after, seconds, signal) {
  // A connection that died without a word must not hold the loop for ever.
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(), (seconds + 20) * 1000);
  const abort = () => limit.abort();
  signal.addEventListener('abort', abort);
  try {
    return await request('GET', `/messages?after=${after}&timeout=${seconds}`, undefined, { signal: limit.signal });
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', abort);
  }
}

/** Reads messages for all tabs of this browser, of which one polls; calls `heard` and `connection`, and `gone` once. */
export class Reader {
  constructor({ cursor, heard, connection, gone }) {
    Object.assign(this, { cursor, heard, connection, gone });
    this.stopped = new AbortController();
    this.state = 'connecting';
    this.channel = typeof BroadcastChannel === 'function' && navigator.locks ? new BroadcastChannel('neoirc') : null;
    if (this.channel) this.channel.onmessage = ({ data }) => this.#told(data);
  }

  start() {
    if (!this.channel) {
      this.#loop();
      return;
    }
    this.channel.postMessage({ type: 'who' });
    const { signal } = this.stopped;
    navigator.locks.request('neoirc-poll', { signal }, () => {
      this.isLeading = true;
      return this.#loop();
    }).catch(() => {});
  }

  stop() {
    this.stopped.abort();
    this.channel?.close();
    this.hurry();
  }

  /** Tells the other tabs that the session is over. */
  farewell() {
    this.channel?.postMessage({ type: 'gone' });
  }

  /** Tries at once where a pause is being made. */
  hurry() {
    this.wake?.();
  }

  #told(data) {
    if (this.stopped.signal.aborted) return;
    if (data.type === 'who' && this.isLeading) this.channel.postMessage({ type: 'connection', state: this.state });
    else if (data.type === 'connection' && !this.isLeading) {
      this.state = data.state;
      this.connection(data.state);
    }
    else if (data.type === 'gone') this.gone();
    else if (data.type === 'messages' && !this.isLeading) this.#take(data.messages, data.last);
  }

  #take(messages, last) {
    // What another tab had from the server comes in its order, and what is known already is passed over.
    const fresh = messages.filter((message) => message.seq > this.cursor);
    this.cursor = Math.max(this.cursor, last);
    if (fresh.length) this.heard(fresh, this.cursor);
  }

  #is(state) {
    if (state === this.state) return;
    this.state = state;
    this.connection(state);
    this.channel?.postMessage({ type: 'connection', state });
  }

  async #loop() {
    const { signal } = this.stopped;
    let failures = 0;
    let hasty = 0;
    this.channel?.postMessage({ type: 'connection', state: this.state });
    while (!signal.aborted) {
      try {
        // The first answer, and the first after a failure, is not waited for: it tells whether all is well.
        const seconds = this.state === 'online' ? POLL_SECONDS : 0;
        const began = Date.now();
        const answer = await poll(this.cursor, seconds, signal);
        if (signal.aborted) return;
        failures = 0;
        // Others before the cursor is stored: what is heard twice does no harm, what is not heard does.
        if (answer.messages.length) this.channel?.postMessage({ type: 'messages', messages: answer.messages, last: answer.last_id });
        this.#take(answer.messages, answer.last_id);
        this.#is('online');
        // One poll too many, which the server has ended: another one at once would end that of another tab.
        hasty = !answer.messages.length && Date.now() - began < seconds * 500 ? hasty + 1 : 0;
        if (hasty) await this.#rest(hasty);
      } catch (error) {
        if (signal.aborted) return;
        if (error.status === 401) {
          this.farewell();
          this.gone();
          return;
        }
        failures += 1;
        this.#is(failures > 1 ? 'offline' : 'connecting');
        await this.#rest(failures, error.retryAfter);
      }
    }
  }

  /** Longer each time, and at least for so many seconds. */
  #rest(times, seconds = 0) {
    const most = Math.min(PAUSE_MAX_MS, 500 * 2 ** Math.min(times, 6));
    return new Promise((resolve) => {
      this.wake = resolve;
      setTimeout(resolve, Math.max(seconds * 1000, most * (0.5 + Math.random() / 2)));
    });
  }
}
