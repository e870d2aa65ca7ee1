// A nick that is kept: made at the login, left, found again by its password; made, used and dropped from within.

import assert from 'node:assert/strict';
import { fill } from '../person.mjs';

import { Bot, until } from '../api.mjs';

const PASSWORD = 'correct horse battery';

export default async function account(stage) {
  // The browser's words about what is refused here, and about polls whose session ends.
  stage.tolerate(/status of (401|409)/);
  const alice = await stage.person();
  const connect = alice.form.getByRole('button', { name: 'Connect' });
  const keeps = alice.form.getByLabel('Keep this nick');
  const problem = alice.page.getByRole('alert').filter({ hasText: /\S/ }).first();
  await alice.visit();
  await fill(alice.nickField, 'alice');
  await keeps.check();
  await connect.click();
  await problem.filter({ hasText: /password/i }).waitFor();
  await fill(alice.passwordField, PASSWORD);
  await alice.picture('login');
  await connect.click();
  await alice.isOnline();
  await alice.join('#tea');
  await alice.say('/quit');
  await alice.form.waitFor();

  // The nick is nobody else's, and the page says what to do.
  const other = await stage.person();
  await other.visit();
  await fill(other.nickField, 'alice');
  await other.form.getByRole('button', { name: 'Connect' }).click();
  await other.page.getByRole('alert').filter({ hasText: /give its password/ }).waitFor();
  await until('the field for the password has the focus', () => other.passwordField.evaluate((field) => field === document.activeElement));
  await other.picture('taken');
  await fill(other.passwordField, 'not the password');
  await other.form.getByRole('button', { name: 'Connect' }).click();
  await other.page.getByRole('alert').filter({ hasText: /invalid credentials/ }).waitFor();

  // With its password it is there again, in a session of its own.
  await alice.login('alice', PASSWORD);
  assert.equal(await alice.conversation('#tea').count(), 0, 'a new session');
  await alice.menu('Account');
  const dialog = alice.page.getByRole('dialog', { name: 'Account' });
  const kept = dialog.getByRole('button', { name: 'Drop the account …' });
  await kept.waitFor();

  // Staying: the session is there when its last device has gone.
  const stay = dialog.getByLabel('Stay in my channels while I am away');
  await until('the modes are known', () => stay.isEnabled());
  assert.equal(await stay.isChecked(), false);
  await stay.check();
  await alice.picture('account');
  await alice.page.keyboard.press('Escape');
  await alice.join('#tea');
  const bot = await Bot.open(stage.url, 'bot');
  await bot.join('#tea');
  await alice.menu('Log out');
  await alice.page.getByRole('dialog').getByText('You stay in your channels').waitFor();
  await alice.page.getByRole('dialog').getByRole('button', { name: 'Log out' }).click();
  await alice.form.waitFor();
  await bot.say('#tea', 'alice: sleep well');
  await alice.login('alice', PASSWORD);
  await alice.open('#tea');
  await alice.sees('alice: sleep well', 'bot');

  // Dropping it asks first.
  await alice.say('/unregister');
  await dialog.getByRole('button', { name: 'Keep it' }).click();
  await kept.waitFor();
  await until('the modes are known', () => stay.isChecked());
  await kept.click();
  await dialog.getByRole('button', { name: 'Drop the account', exact: true }).click();
  await dialog.waitFor({ state: 'hidden' });
  await alice.log.getByText('The account alice is dropped.').waitFor();

  // And it is made again, from within: by the dialog, and by a command that is not kept among what was typed.
  await alice.menu('Account');
  // What is there already is counted, so it has to be there.
  await dialog.getByRole('button', { name: 'Keep my nick' }).waitFor();
  for (const field of await dialog.locator('input[type=password]').all()) await fill(field, PASSWORD);
  await dialog.getByRole('button', { name: 'Keep my nick' }).click();
  await kept.waitFor();
  await alice.page.keyboard.press('Escape');
  await alice.say('/unregister alice');
  await until('it is dropped again', async () => await alice.log.getByText('The account alice is dropped.').count() === 2);
  await alice.say(`/register ${PASSWORD}`);
  await until('it is kept again', async () => await alice.log.getByText('The nick alice is kept for you.').count() === 2);
  await alice.input.press('ArrowUp');
  assert.equal(await alice.input.inputValue(), '/unregister alice');

  // The cookie of a session that has ended is no hindrance.
  await alice.input.fill('');
  await alice.say('/quit');
  await alice.form.waitFor();
  await fill(alice.nickField, 'carol');
  await fill(alice.passwordField, PASSWORD);
  await keeps.check();
  await connect.click();
  await alice.isOnline();
  await alice.menu('Account');
  await kept.waitFor();
  await dialog.getByText('The nick carol is kept').waitFor();
}
