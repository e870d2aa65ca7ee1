// A phone: the lists are drawers, nothing is wider than the screen, and one can talk.

import assert from 'node:assert/strict';
import { fill } from '../person.mjs';

import { Bot } from '../api.mjs';

export default async function mobile(stage) {
  const bot = await Bot.open(stage.url, 'bot');
  await bot.join('#tea');
  const alice = await stage.person({ viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true });
  const fits = async (where) => {
    const { width, inner } = await alice.page.evaluate(() => ({ width: document.documentElement.scrollWidth, inner: innerWidth }));
    assert.ok(width <= 390 && inner <= 390, `${where}: ${width} of ${inner} pixels`);
  };
  await alice.visit();
  await alice.form.waitFor();
  await fits('login');
  await alice.picture('login');
  await fill(alice.nickField, 'alice');
  await alice.form.getByRole('button', { name: 'Connect' }).tap();
  await alice.isOnline();
  await fits('main');
  await alice.say('/join #tea');
  await alice.input.waitFor();
  await bot.hears((message) => message.command === 'JOIN' && message.from === 'alice');

  // The drawers: shut at first, opened by a tap, shut by a choice.
  const drawer = alice.page.getByRole('button', { name: /conversations/i });
  await alice.conversations.waitFor({ state: 'hidden' });
  await drawer.tap();
  await alice.conversation('#tea').waitFor();
  await alice.picture('conversations');
  await fits('conversations');
  await alice.conversation('#tea').tap();
  await alice.conversations.waitFor({ state: 'hidden' });
  await alice.page.getByRole('button', { name: /members/i }).tap();
  await alice.members.getByText('bot').first().waitFor();
  await alice.picture('members');
  await fits('members');
  await alice.page.keyboard.press('Escape');
  await alice.members.waitFor({ state: 'hidden' });

  await bot.say('#tea', 'hello phone', `and a long line ${'without any break'.replaceAll(' ', '').repeat(20)}`);
  await alice.sees('hello phone', 'bot');
  await fits('a long word');
  await alice.say('hello bot');
  await alice.sees('hello bot', 'alice');
  await bot.hears((message) => message.command === 'PRIVMSG' && message.body[0] === 'hello bot');
  // What is typed into stays on the screen.
  const box = await alice.input.boundingBox();
  assert.ok(box.y + box.height <= 844 && box.x >= 0 && box.x + box.width <= 390, JSON.stringify(box));
  // Small fields make phones zoom in.
  const size = await alice.input.evaluate((field) => parseFloat(getComputedStyle(field).fontSize));
  assert.ok(size >= 16, `${size} px`);
  await alice.picture('talk');

  // The menu can be reached and read to its end: beside the words that there is no connection, and on a phone that lies.
  const menu = alice.page.getByRole('button', { name: 'Menu' });
  const isWithin = async (element, width, height) => {
    const { x, y, ...size } = await element.boundingBox();
    assert.ok(x >= 0 && y >= 0 && x + size.width <= width && y + size.height <= height, JSON.stringify({ x, y, ...size }));
  };
  stage.tolerate(/ERR_INTERNET_DISCONNECTED/);
  await alice.page.setViewportSize({ width: 360, height: 640 });
  await alice.context.setOffline(true);
  await alice.hasConnection('offline');
  await isWithin(menu, 360, 640);
  await alice.picture('offline');
  await alice.context.setOffline(false);
  await alice.isOnline();
  await alice.page.setViewportSize({ width: 640, height: 270 });
  await menu.tap();
  await isWithin(alice.page.getByRole('menu'), 640, 270);
  const last = alice.page.getByRole('menuitem', { name: 'Log out' });
  await last.scrollIntoViewIfNeeded();
  await isWithin(last, 640, 270);
}
