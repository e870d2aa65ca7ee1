// Signatures: verified with the first key of their author; what does not fit is marked, and so is what nobody can verify.

import assert from 'node:assert/strict';
import { generateKeyPairSync, sign } from 'node:crypto';

import { signedText } from '../../../web/signed.js';
import { Bot } from '../api.mjs';

/** A key, and the base64 of its public half. */
function newKey() {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return { privateKey, text: publicKey.export({ type: 'spki', format: 'der' }).subarray(-32).toString('base64') };
}

export default async function signed(stage) {
  const bot = await Bot.open(stage.url, 'bot');
  await bot.join('#tea');
  const alice = await stage.person();
  await alice.login('alice');
  await alice.join('#tea');
  await alice.open('#tea');
  const say = async (text, { privateKey }, claimed = text) => {
    const message = { command: 'PRIVMSG', to: '#tea', body: [claimed], meta: { alg: 'ed25519' } };
    const sig = sign(null, Buffer.from(signedText({ ...message, from: 'bot' })), privateKey).toString('base64');
    await bot.command({ ...message, body: [text], meta: { alg: 'ed25519', sig } });
  };
  const mark = (text, name) => alice.message(text).getByRole('img', { name }).waitFor();
  const [first, second] = [newKey(), newKey()];
  const announce = (key) => bot.command({ command: 'PUBKEY', to: '#tea', body: { alg: 'ed25519', key: key.text } });

  await say('before the key;', first);
  await mark('before the key;', /not verified/);
  await announce(first);
  await mark('before the key;', /Signed with the key of bot/);
  await say('with the key;', first);
  await mark('with the key;', /Signed with the key of bot/);
  await say('something else;', first, 'what was signed');
  await mark('something else;', /does not fit/);

  await announce(second);
  await alice.log.getByText('bot announces another signing key').waitFor();
  await say('with another key;', second);
  await mark('with another key;', /does not fit/);
  await alice.picture('marks');
  // The choice lasts when the page is loaded again.
  await alice.page.reload();
  await alice.isOnline();
  await mark('with the key;', /Signed with the key of bot/);
  await announce(second);
  await alice.log.getByText('bot announces another signing key').waitFor();
  await alice.say('/trust bot');
  await mark('with another key;', /Signed with the key of bot/);
  await mark('with the key;', /does not fit/);
  await bot.say('#tea', 'without a signature;');
  await alice.sees('without a signature;', 'bot');
  assert.equal(await alice.message('without a signature;').getByRole('img').count(), 0);
}
