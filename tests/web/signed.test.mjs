// Signatures: the vectors of docs/signing.md.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { isKey, signedText, verdict } from '../../web/signed.js';

const vectors = JSON.parse(readFileSync(new URL('../../docs/signing-vectors.json', import.meta.url), 'utf8'));

test('good signatures are good', async () => {
  assert.ok(vectors.valid.length > 0);
  for (const { name, relayed, signed_text: text } of vectors.valid) {
    assert.equal(signedText(relayed), text, name);
    assert.equal(await verdict({ ...relayed, id: 'x', seq: 1, ts: '2026-11-29T08:00:00Z' }, vectors.public_key), 'good', name);
  }
});

test('bad ones are bad', async () => {
  assert.ok(vectors.invalid.length > 0);
  for (const { name, relayed } of vectors.invalid) assert.equal(await verdict(relayed, vectors.public_key), 'bad', name);
});

test('what is no key, or one with which anybody can sign', () => {
  assert.ok(isKey(vectors.public_key));
  const base64 = (hex) => Buffer.from(hex, 'hex').toString('base64');
  for (const hex of ['00'.repeat(32), `${'00'.repeat(31)}80`, `01${'00'.repeat(31)}`, `ec${'ff'.repeat(31)}`, '11'.repeat(31)]) assert.ok(!isKey(base64(hex)), hex);
  for (const text of ['', null, {}, vectors.public_key.slice(0, -1), `${vectors.public_key}=`]) assert.ok(!isKey(text), String(text));
});
