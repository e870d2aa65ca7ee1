// Two tabs of one browser: one of them polls, both hear, and when that one closes the other takes over.

import assert from 'node:assert/strict';

import { Bot, pause } from '../api.mjs';

export default async function tabs(stage) {
  const bot = await Bot.open(stage.url, 'bot');
  await bot.join('#tea');
  const first = await stage.person();
  const polls = [];
  first.context.on('request', (request) => {
    if (request.method() === 'GET' && /\/api\/v1\/messages/.test(request.url())) polls.push({ at: Date.now(), page: request.frame().page() });
  });
  await first.login('alice');
  await first.join('#tea');
  await first.open('#tea');
  const second = await first.tab();
  second.nick = 'alice';
  await second.visit();
  await second.isOnline();
  await second.open('#tea');
  await pause(2000);

  // Each line ends a poll, so that a page which polled beside the other would be seen to.
  polls.length = 0;
  for (let number = 1; number <= 8; number += 1) {
    await bot.say('#tea', `cup ${number};`);
    for (const tab of [first, second]) await tab.sees(`cup ${number};`, 'bot');
  }
  const pollers = new Set(polls.map(({ page }) => page));
  console.log(`${polls.length} polls by ${pollers.size} tab(s) while 8 lines came`);
  assert.equal(pollers.size, 1, 'one tab polls for both');

  // What is typed in one shows in the other.
  await second.say('from the second tab');
  for (const tab of [first, second]) await tab.sees('from the second tab', 'alice');

  // The one that polls goes away, without a word to the other.
  const poller = pollers.has(first.page) ? first : second;
  const heir = poller === first ? second : first;
  await poller.page.close();
  stage.people = stage.people.filter((person) => person !== poller);
  for (let number = 1; number <= 3; number += 1) await bot.say('#tea', `pot ${number};`);
  for (let number = 1; number <= 3; number += 1) await heir.sees(`pot ${number};`, 'bot');
  for (let number = 1; number <= 8; number += 1) await heir.sees(`cup ${number};`, 'bot');
}
