// The server goes and comes back, twice: the page says so, heals, and no line is lost, doubled or out of order.

import assert from 'node:assert/strict';

import { Bot } from '../api.mjs';

export default async function restart(stage) {
  // The browser's words about a server that is not there, or not yet ready.
  stage.tolerate(/ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE|ERR_INCOMPLETE|ERR_SOCKET|status of 503/);
  const alice = await stage.person();
  await alice.login('alice');
  await alice.join('#tea');
  await alice.open('#tea');
  const bot = await Bot.open(stage.url, 'bot');
  await bot.join('#tea');
  const said = [];
  const say = async (text) => {
    await bot.say('#tea', text);
    said.push(text);
  };
  for (let number = 1; number <= 5; number += 1) await say(`before ${number};`);
  await alice.sees('before 5;');

  for (const order of ['stop', 'kill']) {
    await stage.server(order);
    await alice.page.locator('[data-testid=connection]:not([data-state=online])').waitFor({ state: 'attached' });
    // What is typed meanwhile waits, and one sees it.
    const typed = Array.from({ length: 8 }, (_, number) => `typed ${number}, ${order};`);
    for (const text of typed) await alice.say(text);
    await alice.log.getByText('[waiting]').nth(typed.length - 1).waitFor();
    await alice.picture(order);
    await stage.server('start');
    // At once, so that the first lines are there before the page is.
    for (let number = 1; number <= 5; number += 1) await say(`after ${order} ${number};`);
    await alice.sees(`after ${order} 5;`);
    await alice.hasConnection('online');
    await alice.message(typed.at(-1)).waitFor();
    const lines = (await alice.texts()).map((text) => text.trim());
    assert.deepEqual(lines.filter((text) => typed.includes(text)), typed, 'in the order in which they were typed');
    assert.equal(await alice.log.getByText('[waiting]').count(), 0);
  }
  const seen = (await alice.texts()).map((text) => text.trim()).filter((text) => said.includes(text));
  assert.deepEqual(seen, said, 'every line once and in order');

  // What was typed goes out, too.
  await alice.say('still here');
  await bot.hears((message) => message.command === 'PRIVMSG' && message.body[0] === 'still here');

  // A page that is loaded again still knows who it is and what was said.
  await alice.page.reload();
  await alice.isOnline();
  await alice.open('#tea');
  await alice.sees('after kill 5;');
  assert.equal(await alice.log.getByText('You have joined').count(), 0, 'one has not joined just now');
}
