// How far one has read is the same on two devices: what is read on one is not unread on the other, and a visit begins with a
// line before what is new.

import assert from 'node:assert/strict';
import { fill } from '../person.mjs';

import { Bot, pause, until } from '../api.mjs';

const PASSWORD = 'correct horse battery';

export default async function markers(stage) {
  stage.tolerate(/status of 401/);
  const bot = await Bot.open(stage.url, 'bot');
  for (const channel of ['#tea', '#cake']) await bot.join(channel);
  const laptop = await stage.person();
  await laptop.visit();
  await fill(laptop.nickField, 'alice');
  await fill(laptop.passwordField, PASSWORD);
  await laptop.form.getByLabel('Keep this nick').check();
  await laptop.form.getByRole('button', { name: 'Connect' }).click();
  await laptop.isOnline();
  for (const channel of ['#tea', '#cake']) await laptop.join(channel);
  await laptop.open('#cake');
  await bot.say('#tea', 'the first cup');
  const badge = (device) => device.conversation('#tea').locator('.unread, .mention');
  await badge(laptop).waitFor();

  const phone = await stage.person();
  await phone.login('alice', PASSWORD);
  await phone.conversation('#cake').waitFor();
  await phone.open('#cake');
  await bot.say('#tea', 'alice: a second cup');
  for (const device of [laptop, phone]) await badge(device).waitFor();
  assert.equal((await badge(laptop).innerText()).trim(), '1', 'one is a mention');
  await laptop.picture('unread');

  // Read here, and not unread there.
  await phone.open('#tea');
  await phone.sees('alice: a second cup', 'bot');
  const began = Date.now();
  await badge(laptop).waitFor({ state: 'detached' });
  console.log(`the badge went after ${Date.now() - began} ms`);
  await badge(phone).waitFor({ state: 'detached' });
  // The other way round, by what comes while somebody looks.
  await laptop.open('#tea');
  await phone.open('#cake');
  await bot.say('#tea', 'a third cup');
  await laptop.sees('a third cup', 'bot');
  await until('the phone knows', async () => await phone.conversation('#tea').count() === 1 && await badge(phone).count() === 0);

  // Nobody looks, and the marker stays.
  await laptop.open('#cake');
  await pause(500);
  await bot.say('#tea', 'a fourth cup');
  await bot.say('#tea', 'a fifth cup');
  await until('two are unread', async () => (await badge(laptop).allInnerTexts()).join().trim() === '2');
  // Loaded again, the page still knows what is unread, and where it begins.
  await laptop.page.reload();
  await laptop.isOnline();
  await until('two are unread again', async () => (await badge(laptop).allInnerTexts()).join().trim() === '2');
  await laptop.open('#tea');
  const line = laptop.log.locator('.separator.new');
  await line.waitFor();
  const next = await line.evaluate((element) => element.nextElementSibling.innerText);
  assert.match(next, /a fourth cup/);
  await laptop.picture('line');
  await badge(phone).waitFor({ state: 'detached' });

  // Alone again, away, and back: the line stands before what was said meanwhile.
  await phone.say('/quit');
  await phone.form.waitFor();
  await bot.say('#tea', 'nobody is here');
  await laptop.login('alice', PASSWORD);
  await laptop.join('#tea');
  await laptop.open('#tea');
  await laptop.sees('nobody is here', 'bot');
  await line.waitFor();
  assert.match(await line.evaluate((element) => element.nextElementSibling.innerText), /nobody is here/);
}
