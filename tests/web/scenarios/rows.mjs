// Any line by keyboard: the arrows go from one to another, r replies, e reacts.

import assert from 'node:assert/strict';

import { Bot, until } from '../api.mjs';

export default async function rows(stage) {
  const bot = await Bot.open(stage.url, 'bot');
  await bot.join('#tea');
  const alice = await stage.person();
  const { page } = alice;
  await alice.login('alice');
  await alice.join('#tea');
  await alice.open('#tea');
  for (const text of ['cake?', 'or biscuits?', 'nothing then', 'see https://example.org/ for more']) await bot.say('#tea', text);
  await alice.sees('for more', 'bot');
  // One that is not at hand is passed by on the way to the log.
  await bot.say('#tea', ...Array.from({ length: 60 }, (_, number) => `sugar ${number}`));
  await alice.message('sugar 59').waitFor();
  const press = async (...keys) => { for (const key of keys) await page.keyboard.press(key); };
  const on = (text) => until(`the focus is on ${text}`, async () =>
    page.evaluate((wanted) => document.activeElement?.closest('[data-key]')?.textContent.includes(wanted), text));

  // From the field up to a line. Its link is a stop of Tab, others are none.
  await alice.input.click();
  await press('Shift+Tab');
  assert.equal(await page.evaluate(() => document.activeElement.getAttribute('role')), 'log');
  await press('ArrowUp');
  await on('sugar 59');
  await press('ArrowUp');
  await on('for more');
  await press('Tab');
  assert.equal(await page.evaluate(() => document.activeElement.href), 'https://example.org/');
  await press('ArrowUp');
  await on('nothing then');
  await press('ArrowUp', 'ArrowUp');
  await on('cake?');
  const line = alice.message('cake?');
  assert.equal(await line.getAttribute('role'), 'article');
  assert.match(await line.getAttribute('aria-label'), /bot: cake\?/);
  assert.equal(await alice.log.getAttribute('role'), 'log');
  // One line is a stop of Tab.
  assert.equal(await alice.log.locator('[data-key][tabindex="0"]').count(), 1);
  await press('ArrowDown');
  await on('or biscuits?');
  await press('ArrowUp');
  await on('cake?');
  await alice.picture('line');

  // A reply to it, which says to what.
  await press('r');
  await until('the field has the focus', () => alice.input.evaluate((field) => field === document.activeElement));
  await page.keyboard.type('yes, please');
  await press('Enter');
  const said = await bot.hears((message) => message.body?.[0] === 'yes, please');
  const cake = await bot.hears.call({ ...bot, cursor: 0, url: bot.url, cookie: bot.cookie }, (message) => message.body?.[0] === 'cake?');
  assert.equal(said.meta.reply, cake.id);
  await alice.message('yes, please').getByText('cake?').waitFor();

  // A reaction to another one; Escape leads back, first to the line, then to the field.
  await press('Shift+Tab');
  await on('cake?');
  await press('ArrowDown', 'e', 'ArrowRight');
  assert.equal(await page.evaluate(() => document.activeElement.getAttribute('aria-label')), 'React with ❤️');
  await press('Enter');
  const reaction = await bot.hears((message) => message.command === 'TAGMSG' && message.meta?.react);
  assert.equal(reaction.meta.react, '❤️');
  await on('or biscuits?');
  await alice.message('or biscuits?').locator('.reactions').getByText('❤️').waitFor();
  await press('e', 'Escape');
  await on('or biscuits?');
  await press('Escape');
  await until('the field has the focus', () => alice.input.evaluate((field) => field === document.activeElement));

  // Long texts do not stand in the way. From its line, one that scrolls is a stop of Tab; one that does not is none.
  const long = (count) => Array.from({ length: count }, (_, number) => `crumb ${number}`);
  await bot.say('#tea', ...long(50));
  await alice.message('crumb 49').waitFor();
  await bot.say('#tea', 'not long', ...long(13));
  await alice.message('not long').waitFor();
  const isLong = () => page.evaluate(() => document.activeElement.matches('.long'));
  await press('Shift+Tab');
  await on('or biscuits?');
  for (let steps = 0; steps < 20 && !await alice.message('not long').evaluate((row) => row === document.activeElement); steps += 1) await press('ArrowDown');
  await on('not long');
  await press('Tab');
  assert.ok(!await isLong(), 'a text that does not scroll');
  await press('Shift+Tab');
  await on('not long');
  await press('ArrowUp');
  await on('crumb 49');
  await press('Tab');
  assert.ok(await isLong(), 'a text that scrolls');
  await press('End');
  await until('it has scrolled', () => page.evaluate(() => document.activeElement.scrollTop > 0));
  await alice.picture('long');
  await press('Escape', 'Escape');
  await until('the field has the focus', () => alice.input.evaluate((field) => field === document.activeElement));
  await press('Shift+Tab');
  await on('crumb 49');
  assert.ok(!await isLong(), 'back to the line itself');
  for (let steps = 0; steps < 20 && !await alice.message('or biscuits?').evaluate((row) => row === document.activeElement); steps += 1) await press('ArrowUp');

  // /react is for the line that is picked.
  await on('or biscuits?');
  await press('r');
  await page.keyboard.type('/react 🍪');
  await press('Enter');
  const cookie = await bot.hears((message) => message.command === 'TAGMSG' && message.meta?.react === '🍪');
  assert.equal(cookie.meta.reply, reaction.meta.reply);
}
