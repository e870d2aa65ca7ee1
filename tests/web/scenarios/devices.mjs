// A second device comes in with nick and password; both hear and say the same, and one sends the other away.

import assert from 'node:assert/strict';
import { fill } from '../person.mjs';

import { Bot, until } from '../api.mjs';

const PASSWORD = 'correct horse battery';

export default async function devices(stage) {
  // What the device that was sent away hears.
  stage.tolerate(/status of 401/);
  const laptop = await stage.person();
  await laptop.login('alice');
  await laptop.join('#tea');
  await laptop.menu('Set password');
  const dialog = laptop.page.getByRole('dialog', { name: /password/i });
  await dialog.locator('input[type=password]').first().waitFor();
  for (const field of await dialog.locator('input[type=password]').all()) await fill(field, PASSWORD);
  await dialog.getByRole('button', { name: /set|save/i }).click();
  await dialog.waitFor({ state: 'hidden' });

  const phone = await stage.person({ viewport: { width: 1024, height: 700 } });
  // A wrong password is told, and is no way in.
  stage.tolerate(/status of 40[0139]/, /\/api\/v1\/(login|session)/);
  await phone.visit();
  await fill(phone.nickField, 'alice');
  await fill(phone.passwordField, 'wrong horse battery');
  await phone.form.getByRole('button', { name: 'Connect' }).click();
  await phone.page.getByRole('alert').filter({ hasText: /\S/ }).first().waitFor();
  await phone.login('alice', PASSWORD);
  await phone.conversation('#tea').waitFor();
  await phone.open('#tea');
  assert.equal(await phone.log.getByText('You have joined').count(), 0, 'one was in there already');
  await laptop.open('#tea');

  const bot = await Bot.open(stage.url, 'bot');
  await bot.join('#tea');
  await bot.say('#tea', 'to both of you');
  for (const person of [laptop, phone]) await person.sees('to both of you', 'bot');
  await phone.say('from the phone');
  for (const person of [laptop, phone]) await person.sees('from the phone', 'alice');
  await laptop.say('from the laptop');
  for (const person of [laptop, phone]) await person.sees('from the laptop', 'alice');

  await laptop.menu('Devices');
  const list = laptop.page.getByRole('dialog', { name: 'Devices' });
  await until('two devices', async () => await list.getByRole('listitem').count() === 2);
  await laptop.picture('list');
  const revoke = list.getByRole('button', { name: /revoke|log out/i });
  assert.ok(await revoke.count() >= 1, 'a device can be sent away');
  // Not this one, where both can be.
  const other = list.getByRole('listitem').filter({ hasNotText: /this device/i });
  await other.getByRole('button', { name: /revoke|log out/i }).first().click();
  const sure = laptop.page.getByRole('button', { name: /^(yes|confirm)/i });
  if (await sure.count() > 0) await sure.first().click();
  await until('one device', async () => await list.getByRole('listitem').count() === 1);
  await phone.form.waitFor();
  await phone.page.getByRole('alert').filter({ hasText: /not logged in here any more/ }).waitFor();
  await phone.picture('ended');
  await laptop.page.keyboard.press('Escape');
  await laptop.say('alone again');
  await bot.hears((message) => message.command === 'PRIVMSG' && message.body[0] === 'alone again');
}
