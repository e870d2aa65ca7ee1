// Who logs out is gone, in all tabs, and nothing of theirs is left for whoever sits there next.

import assert from 'node:assert/strict';

import { Bot } from '../api.mjs';

export default async function logout(stage) {
  // A poll that waits while its cookie ends.
  stage.tolerate(/status of 401/);
  const bot = await Bot.open(stage.url, 'bot');
  await bot.join('#tea');
  const alice = await stage.person();
  await alice.login('alice');
  await alice.join('#tea');
  await alice.open('#tea');
  await bot.say('#tea', 'a secret of the house');
  await alice.sees('a secret of the house', 'bot');
  const second = await alice.tab();
  await second.visit();
  await second.isOnline();

  await alice.menu('Log out');
  const sure = alice.page.getByRole('dialog').getByRole('button', { name: /log out|yes/i });
  await alice.form.or(sure).first().waitFor();
  if (await sure.count() > 0) await sure.first().click();
  await alice.form.waitFor();
  await second.form.waitFor();
  await bot.hears((message) => message.command === 'QUIT' && message.from === 'alice');
  assert.ok(!(await alice.page.locator('body').innerText()).includes('a secret of the house'));
  const kept = await alice.page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }]));
  assert.ok(!kept.includes('a secret of the house'), kept);

  // It stays so after a reload; and the nick is free again.
  await alice.page.reload();
  await alice.form.waitFor();
  await alice.picture('after');
  await alice.login('alice');
  assert.equal(await alice.conversation('#tea').count(), 0, 'a new session is in no channel');
}
