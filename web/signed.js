// Whether a signature fits a message: docs/signing.md. Loaded when the first signed message of somebody with a key is shown.

const SIGNED = 'command from to params body meta'.split(' ');

/** JSON in the one form that is signed, RFC 8785. */
function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  // The order of UTF-16 code units is the one in which JavaScript sorts.
  return `{${Object.keys(value).sort().map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`).join(',')}}`;
}

const isEmpty = (value) => value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0);

/** The text that is signed. */
export function signedText(message) {
  const { sig, ...meta } = message.meta ?? {};
  const whole = { ...message, command: message.command.toUpperCase(), meta: Object.keys(meta).length ? meta : null };
  return canonical(Object.fromEntries(SIGNED.map((name) => [name, whole[name]]).filter(([, value]) => !isEmpty(value))));
}

/** So many bytes of base64 with its padding, or null. */
function bytes(text, count) {
  if (typeof text !== 'string' || text.length !== 4 * Math.ceil(count / 3) || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return null;
  const decoded = Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
  return decoded.length === count ? decoded : null;
}

const hex = (array) => Array.from(array, (byte) => byte.toString(16).padStart(2, '0')).join('');

// Keys of small order, with which anybody can sign: their y, without the sign of x.
const SMALL = [
  '00'.repeat(32), `01${'00'.repeat(31)}`, `ec${'ff'.repeat(30)}7f`, `ed${'ff'.repeat(30)}7f`, `ee${'ff'.repeat(30)}7f`,
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05', 'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
];

export function isKey(text) {
  const key = bytes(text, 32);
  return key !== null && !SMALL.includes(hex([...key.slice(0, 31), key[31] & 0x7f]));
}

/** `good`, `bad`, or `unknown` where this browser cannot tell. */
export async function verdict(message, key) {
  const { alg, sig } = message.meta ?? {};
  const signature = bytes(sig, 64);
  if (alg !== 'ed25519' || !signature || !isKey(key)) return 'bad';
  // Over plain http, and in older browsers, there is nothing to verify with.
  if (!globalThis.crypto?.subtle) return 'unknown';
  try {
    const known = await crypto.subtle.importKey('raw', bytes(key, 32), { name: 'Ed25519' }, false, ['verify']);
    return await crypto.subtle.verify({ name: 'Ed25519' }, known, signature, new TextEncoder().encode(signedText(message))) ? 'good' : 'bad';
  } catch {
    return 'unknown';
  }
}
