// Computes stamps of hashcash off the thread of the page, which a session or a message to a channel under +H costs.
// Posts `{ tried }` now and then, and `{ stamp }` at the end; whoever loses patience terminates the worker.
//
// SHA-256 is written out here: a million calls of WebCrypto, each of which waits for another thread, take ten times as
// long, and a page that came by plain http has no WebCrypto at all.
"use strict";

// The first 32 bits of the fractional parts of the cube roots of the first 64 primes, and of the square roots of the
// first 8. Source: FIPS 180-4
const primes = [];
for (let n = 2; primes.length < 64; n++) {
  if (primes.every((prime) => n % prime !== 0)) primes.push(n);
}
const fraction = (x) => ((x - Math.floor(x)) * 0x100000000) | 0;
const K = Int32Array.from(primes, (prime) => fraction(Math.cbrt(prime)));
const START = Int32Array.from(primes.slice(0, 8), (prime) => fraction(Math.sqrt(prime)));
const W = new Int32Array(64);

// Takes the 64 bytes at `at` into the state.
function compress(state, bytes, at) {
  for (let i = 0; i < 16; i++, at += 4) {
    W[i] = (bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3];
  }
  for (let i = 16; i < 64; i++) {
    const x = W[i - 15];
    const y = W[i - 2];
    const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
    const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
    W[i] = (W[i - 16] + s0 + W[i - 7] + s1) | 0;
  }
  let [a, b, c, d, e, f, g, h] = state;
  for (let i = 0; i < 64; i++) {
    const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    const t1 = (h + s1 + ((e & f) ^ (~e & g)) + K[i] + W[i]) | 0;
    const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + t1) | 0;
    d = c;
    c = b;
    b = a;
    a = (t1 + t2) | 0;
  }
  state[0] += a;
  state[1] += b;
  state[2] += c;
  state[3] += d;
  state[4] += e;
  state[5] += f;
  state[6] += g;
  state[7] += h;
}

// The end of a message of so many bytes: what is left of it behind whole blocks, a bit, and its length.
function padded(rest, length) {
  const end = new Uint8Array(rest.length < 56 ? 64 : 128);
  end.set(rest);
  end[rest.length] = 0x80;
  new DataView(end.buffer).setUint32(end.length - 4, length * 8);
  return end;
}

function sha256(bytes) {
  const state = START.slice();
  const whole = bytes.length - (bytes.length % 64);
  for (let at = 0; at < whole; at += 64) compress(state, bytes, at);
  const end = padded(bytes.subarray(whole), bytes.length);
  for (let at = 0; at < end.length; at += 64) compress(state, end, at);
  return state;
}

const hex = (state) => Array.from(state, (word) => (word >>> 0).toString(16).padStart(8, "0")).join("");

function zeroBits(state) {
  let bits = 0;
  for (const word of state) {
    bits += Math.clz32(word);
    if (word !== 0) break;
  }
  return bits;
}

// Attempts between two words about how far it is: a tenth of a second or so.
const REPORT_EVERY = 1 << 16;

function mint({ resource, bits, body }) {
  // The canonical form (RFC 8785) of an array of strings is what JSON.stringify makes of it.
  const extension = body ? hex(sha256(new TextEncoder().encode(JSON.stringify(body)))) : "";
  const date = new Date().toISOString().slice(2, 10).replaceAll("-", "");
  const front = `1:${bits}:${date}:${resource}:${extension}:`;
  // Counting begins at random: the same stamp as somebody else's would be spent by whoever comes first. All counters
  // have 15 digits, so that the padding is made once.
  let counter = 1e14 + Math.floor(Math.random() * 8e14);
  const bytes = new TextEncoder().encode(front + counter);
  const whole = bytes.length - 15 - ((bytes.length - 15) % 64);
  const begun = START.slice();
  for (let at = 0; at < whole; at += 64) compress(begun, bytes, at);
  const end = padded(bytes.subarray(whole), bytes.length);
  const digits = bytes.length - 15 - whole;
  const state = new Int32Array(8);
  for (let tried = 1; ; tried++) {
    if (tried % REPORT_EVERY === 0) self.postMessage({ tried });
    state.set(begun);
    for (let at = 0; at < end.length; at += 64) compress(state, end, at);
    if (zeroBits(state) >= bits) return front + counter;
    counter += 1;
    for (let i = digits + 14; ++end[i] > 57; i--) end[i] = 48;
  }
}

self.addEventListener("message", ({ data }) => self.postMessage({ stamp: mint(data) }));
