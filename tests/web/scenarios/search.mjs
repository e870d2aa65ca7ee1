// Words are found, here and elsewhere, page by page, and lead to where they were said; what is wrong is told.

import assert from 'node:assert/strict';
import { fill } from '../person.mjs';

import { Bot, inParallel, pause, until } from '../api.mjs';

export default async function search(stage) {
  const bot = await Bot.open(stage.url, 'bot');
  for (const channel of ['#tea', '#cake']) await bot.join(channel);
  const alice = await stage.person();
  await alice.login('alice');
  for (const channel of ['#tea', '#cake']) await alice.join(channel);
  await bot.say('#tea', 'the lost marmalade of <b>Ghent</b>');
  await inParallel(700, 16, (number) => bot.say('#tea', `cup number ${number}`));
  await bot.say('#cake', 'marmalade goes well with it');
  await bot.say('alice', 'marmalade, between us');

  const dialog = alice.page.getByRole('dialog', { name: 'Search' });
  const found = dialog.getByRole('list', { name: 'Found' }).getByRole('listitem');
  await alice.open('#tea');
  // What was said a moment ago is not found yet.
  await until('the marmalade is found', async () => {
    await alice.say('/search marmalade');
    await dialog.getByRole('status').filter({ hasText: /found/ }).waitFor();
    if (await found.count() === 1) return true;
    await alice.page.keyboard.press('Escape');
    await pause(500);
    return false;
  });
  assert.match(await found.innerText(), /<b>Ghent<\/b>/);
  await alice.picture('one');

  // Everywhere, newest first.
  await dialog.getByLabel('Only in #tea').uncheck();
  await dialog.getByRole('button', { name: 'Search', exact: true }).click();
  await until('all three', async () => await found.count() === 3);
  assert.match((await found.allInnerTexts()).join(' '), /between us[^]*goes well[^]*Ghent/);
  await alice.picture('everywhere');

  // It leads there, however long ago it was said, and the keyboard is on that line.
  await found.filter({ hasText: 'Ghent' }).getByRole('button').click();
  await dialog.waitFor({ state: 'hidden' });
  const line = await alice.sees('the lost marmalade');
  await until('the line has the focus', () => line.evaluate((element) => element === document.activeElement));
  const place = await line.boundingBox();
  const frame = await alice.log.boundingBox();
  assert.ok(place.y >= frame.y && place.y + place.height <= frame.y + frame.height, 'it is in sight');
  await alice.picture('jumped');

  // What was found is still there; a private talk opens too.
  await alice.page.getByRole('button', { name: 'Search', exact: true }).click();
  await found.filter({ hasText: 'between us' }).getByRole('button').click();
  await alice.sees('marmalade, between us', 'bot');
  assert.match(await alice.conversations.locator('[aria-current=true]').innerText(), /bot/);

  // More than a page; and what is wrong.
  await alice.open('#tea');
  await alice.say('/search cup');
  await until('a page', async () => await found.count() === 30);
  assert.match(await found.first().innerText(), /cup number/);
  await dialog.getByRole('button', { name: 'More' }).click();
  await until('two pages', async () => await found.count() === 60);
  assert.equal(new Set(await found.allInnerTexts()).size, 60, 'nothing twice');
  await fill(dialog.getByLabel('Said by'), 'nobody');
  await dialog.getByRole('button', { name: 'Search', exact: true }).click();
  await dialog.getByRole('status').filter({ hasText: 'Nothing found' }).waitFor();
  stage.tolerate(/status of 400/, /search/);
  await alice.page.route(/api\/v1\/search/, (route) => route.fulfill({ status: 400, contentType: 'application/json',
    body: '{"error":"search takes too long, <b>look</b> for rarer words"}' }));
  await dialog.getByRole('button', { name: 'Search', exact: true }).click();
  await dialog.getByRole('alert').filter({ hasText: 'takes too long, <b>look</b>' }).waitFor();
}
