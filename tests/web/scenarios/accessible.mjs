// axe finds nothing serious: login, channel, dialogs; dark and light, wide and narrow.

import assert from 'node:assert/strict';

import { Bot, pause, until } from '../api.mjs';
import { pathOfInstalled } from '../harness.mjs';
import { fill } from '../person.mjs';

const SERIOUS = ['serious', 'critical'];

async function look(person, what) {
  // From the outside, as a debugger would, so that the page's policy stays as it is.
  const findings = await person.page.evaluate(async () => {
    const { violations } = await globalThis.axe.run(document, { resultTypes: ['violations'] });
    return violations.map(({ id, impact, help, nodes }) =>
      ({ id, impact, help, nodes: nodes.slice(0, 5).map((node) => `${node.target.join(' ')}: ${node.failureSummary}`) }));
  });
  await person.picture(what);
  const bad = findings.filter(({ impact }) => SERIOUS.includes(impact));
  assert.deepEqual(bad, [], `${what}: ${JSON.stringify(bad, null, 2)}`);
  for (const { id, impact, help } of findings) console.log(`${what}: ${impact}: ${id}: ${help}`);
}

export default async function accessible(stage) {
  const bot = await Bot.open(stage.url, 'bot');
  await bot.join('#tea');
  await bot.command({ command: 'TOPIC', to: '#tea', body: ['Green or black: https://example.org/tea'] });
  const looks = [
    { colorScheme: 'light' },
    { colorScheme: 'dark' },
    { colorScheme: 'light', viewport: { width: 390, height: 844 } },
  ];
  for (const [index, options] of looks.entries()) {
    const name = `${options.colorScheme}${options.viewport ? '-narrow' : ''}`;
    const alice = await stage.person(options);
    await alice.context.addInitScript({ path: pathOfInstalled('axe-core') });
    await alice.visit();
    await alice.form.waitFor();
    await look(alice, `${name}-login`);
    await alice.login(`alice${index}`);
    await alice.say('/join #tea');
    await bot.hears((message) => message.command === 'JOIN' && message.from === `alice${index}`);
    await alice.topic.filter({ hasText: 'Green or black' }).waitFor();
    await bot.say('#tea', `alice${index}: hello, see https://example.org/`);
    await bot.command({ command: 'PRIVMSG', to: '#tea', body: ['\u0001ACTION waves\u0001'] });
    await bot.command({ command: 'NOTICE', to: '#tea', body: [`tea is served ${index}`] });
    await alice.sees(`alice${index}: hello`);
    await alice.sees(`tea is served ${index}`);
    await bot.say('#tea', ...Array.from({ length: 60 }, (_, number) => `long ${index}.${number};`));
    await alice.message(`long ${index}.59;`).waitFor();
    await look(alice, `${name}-channel`);
    // On a line, by keyboard.
    await alice.log.focus();
    await alice.page.keyboard.press('ArrowUp');
    await alice.page.locator('.message[aria-label]').waitFor();
    await look(alice, `${name}-line`);
    await alice.page.keyboard.press('Tab');
    assert.ok(await alice.page.evaluate(() => document.activeElement.matches('.long')));
    await look(alice, `${name}-long`);
    if (options.viewport) continue;
    await alice.page.getByRole('button', { name: 'Join a channel' }).first().click();
    await alice.page.getByRole('dialog', { name: 'Channels' }).waitFor();
    await look(alice, `${name}-channels`);
    await alice.page.keyboard.press('Escape');
    await alice.menu('Devices');
    await alice.page.getByRole('dialog', { name: 'Devices' }).getByRole('listitem').first().waitFor();
    await look(alice, `${name}-devices`);
    await alice.page.keyboard.press('Escape');
    await alice.menu('Account');
    const account = alice.page.getByRole('dialog', { name: 'Account' });
    await account.getByRole('button', { name: 'Keep my nick' }).waitFor();
    await look(alice, `${name}-account`);
    for (const field of await account.locator('input[type=password]').all()) await fill(field, 'correct horse battery');
    await account.getByRole('button', { name: 'Keep my nick' }).click();
    await account.getByLabel('Stay in my channels').waitFor();
    await look(alice, `${name}-account-made`);
    await alice.page.keyboard.press('Escape');
    const search = alice.page.getByRole('dialog', { name: 'Search' });
    await until('something is found', async () => {
      await alice.say('/search hello');
      await search.getByRole('status').filter({ hasText: /found/ }).waitFor();
      if (await search.getByRole('list', { name: 'Found' }).count() > 0) return true;
      await alice.page.keyboard.press('Escape');
      await pause(500);
      return false;
    });
    await look(alice, `${name}-search`);
    await alice.page.keyboard.press('Escape');
    assert.equal(await alice.log.getAttribute('aria-live') ?? 'polite', 'polite');
  }
}
