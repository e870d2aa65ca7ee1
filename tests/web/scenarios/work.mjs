// Proof of work: its progress shows, it can be called off, and it opens the door; the page stays alive meanwhile.

import assert from 'node:assert/strict';
import { fill } from '../person.mjs';

export default async function work(stage) {
  const alice = await stage.person();
  // The browser's words about the refusal that names the price.
  stage.tolerate(/status of 402/, /\/api\/v1\/session/);
  // For the first try, the server seems to ask for more than anybody can give.
  const dearer = async (route) => {
    const answer = await route.fetch();
    const text = await answer.text();
    await route.fulfill({ response: answer, body: text.replace(/("(?:hashcash_)?bits"\s*:\s*)\d+/g, '$140') });
  };
  const asked = /\/api\/v1\/(server|session)$/;
  await alice.page.route(asked, dearer);
  await alice.visit();
  await fill(alice.nickField, 'alice');
  await alice.form.getByRole('button', { name: 'Connect' }).click();
  const progress = alice.page.getByRole('progressbar');
  await progress.waitFor();
  await alice.picture('progress');
  // A page that did this work itself would not answer now.
  const answered = await alice.page.evaluate(() => new Promise((resolve) => {
    const began = performance.now();
    setTimeout(() => resolve(performance.now() - began), 0);
  }));
  assert.ok(answered < 1000, `the page answers after ${answered} ms`);
  await alice.page.getByRole('button', { name: 'Cancel' }).click();
  await progress.waitFor({ state: 'hidden' });
  await alice.form.getByRole('button', { name: 'Connect' }).waitFor();

  await alice.page.unroute(asked, dearer);
  const began = Date.now();
  await alice.login('alice');
  console.log(`inside after ${Date.now() - began} ms with 18 bits of work`);
  await alice.join('#tea');

  // A nick that is kept costs the same.
  stage.tolerate(/status of 402/, /\/api\/v1\/register/);
  const bob = await stage.person();
  await bob.visit();
  await bob.form.getByLabel('Keep this nick').check();
  await fill(bob.nickField, 'bob');
  await fill(bob.passwordField, 'correct horse battery');
  await bob.form.getByRole('button', { name: 'Connect' }).click();
  await bob.isOnline();
  await bob.menu('Account');
  await bob.page.getByRole('dialog').getByRole('button', { name: 'Drop the account …' }).waitFor();
}
