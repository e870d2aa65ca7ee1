// Whoever loads the page again, or comes back into a channel, is where they were: talks have their lines, and what is unread
// still counts.

import assert from 'node:assert/strict';

import { Bot, inParallel, pause, until } from '../api.mjs';

export default async function back(stage) {
  const [bot, carol] = [await Bot.open(stage.url, 'bot'), await Bot.open(stage.url, 'carol')];
  const alice = await stage.person();
  await alice.login('alice');
  for (const channel of ['#tea', '#cake']) {
    await bot.join(channel);
    await alice.join(channel);
  }
  await alice.say('/query carol');
  await alice.say('are you there?');
  await carol.say('alice', 'always');
  await alice.sees('always', 'carol');
  // Nobody looks at either, now or earlier.
  await bot.say('alice', 'a word in your ear');
  await bot.say('#tea', 'anybody for a cup?');
  const badge = (name) => alice.conversation(name).locator('.unread, .mention');
  const counts = async () => [(await badge('bot').allInnerTexts()).join(), (await badge('#tea').allInnerTexts()).join()].join();
  await until('both are unread', async () => await counts() === '1,1');
  // The server knows since when one is in a channel before the page goes.
  await until('what was read is told', async () => {
    await pause(500);
    const answer = await alice.page.evaluate(() => fetch('/api/v1/markers/%23tea').then((found) => found.json()));
    return answer.timestamp;
  });

  await alice.page.reload();
  await alice.isOnline();
  await alice.sees('are you there?', 'alice');
  await alice.sees('always', 'carol');
  await until('both are unread again', async () => await counts() === '1,1');
  assert.match(await alice.page.title(), /^\(1\) carol/);
  await alice.picture('again');
  await alice.open('bot');
  await alice.sees('a word in your ear', 'bot');
  await badge('bot').waitFor({ state: 'detached' });

  // A talk that was closed is there again when its member is picked.
  await alice.say('/close');
  await alice.conversation('bot').waitFor({ state: 'detached' });
  await alice.open('#tea');
  await alice.members.getByRole('button', { name: 'bot' }).click();
  await alice.sees('a word in your ear', 'bot');
  // What was said while one was out of a channel is there when one is back in.
  await alice.open('#tea');
  await bot.command({ command: 'KICK', to: '#tea', params: ['alice'], body: ['out'] });
  await alice.log.getByText('has been kicked').waitFor();
  await bot.say('#tea', 'said behind her back');
  await alice.say('/join #tea');
  await alice.sees('said behind her back', 'bot');
  await alice.sees('anybody for a cup?', 'bot');

  // Pages of what nobody is shown do not stand before what was said earlier.
  await bot.say('#cake', 'with cherries');
  await inParallel(230, 8, () => bot.say('#cake', '\x01VERSION\x01'));
  await alice.page.reload();
  await alice.isOnline();
  await alice.open('#cake');
  await alice.sees('with cherries', 'bot');
}
