// Ten thousand lines: the page holds but a part of them, scrolls without stumbling, and finds the older ones again.

import assert from 'node:assert/strict';

import { Bot, inParallel, until } from '../api.mjs';

const LINES = 10_000;
const NODES_MAX = 1500;

export default async function longLog(stage) {
  const alice = await stage.person();
  await alice.login('alice');
  await alice.join('#tea');
  await alice.open('#tea');
  const bots = await Promise.all([0, 1, 2, 3].map((number) => Bot.open(stage.url, `bot${number}`)));
  for (const bot of bots) await bot.join('#tea');
  const began = Date.now();
  await inParallel(LINES, 64, (number) => bots[number % bots.length].say('#tea', `line ${number}; ${'tea '.repeat(number % 30)}`));
  await bots[0].say('#tea', 'the last one');
  const said = Date.now();
  await alice.message('the last one').waitFor({ timeout: 90_000 });
  console.log(`${LINES} lines said in ${said - began} ms, shown ${Date.now() - said} ms after`);
  const count = () => alice.messages.count();
  const check = async (when) => {
    const nodes = await count();
    console.log(`${when}: ${nodes} messages in the page`);
    assert.ok(nodes > 20 && nodes <= NODES_MAX, `${when}: ${nodes} messages in the page`);
  };
  await check('at the end');
  const box = await alice.log.boundingBox();
  await alice.page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);

  // Gaps between frames while somebody scrolls; a page that stumbles has long ones.
  const gapsWhile = async (work) => {
    await alice.page.evaluate(() => {
      globalThis.gaps = [];
      let last = performance.now();
      const step = (now) => {
        globalThis.gaps.push(now - last);
        last = now;
        globalThis.stepping = requestAnimationFrame(step);
      };
      globalThis.stepping = requestAnimationFrame(step);
    });
    await work();
    return alice.page.evaluate(() => {
      cancelAnimationFrame(globalThis.stepping);
      return globalThis.gaps.sort((one, other) => one - other);
    });
  };
  const wheel = async (by, times) => {
    for (let turn = 0; turn < times; turn += 1) {
      await alice.page.mouse.wheel(0, by);
      await alice.page.waitForTimeout(16);
    }
  };
  const gaps = await gapsWhile(async () => {
    await wheel(-300, 60);
    await wheel(300, 60);
  });
  const at = (part) => gaps[Math.min(gaps.length - 1, Math.floor(gaps.length * part))];
  console.log(`frames: ${gaps.length}, median ${at(0.5).toFixed(1)} ms, 95 % ${at(0.95).toFixed(1)} ms, longest ${at(1).toFixed(1)} ms`);
  // Generous, since the machine may have other things to do.
  assert.ok(at(0.5) < 70, `half of the frames take over ${at(0.5)} ms`);
  assert.ok(at(0.95) < 400, `one frame in twenty takes over ${at(0.95)} ms`);

  // Who scrolls up finds what was said long before, and the page still holds but a part.
  const numbers = async () => (await alice.texts()).map((text) => /^line (\d+);/.exec(text.trim())?.[1]).filter(Boolean).map(Number);
  await until('much older lines', async () => {
    await wheel(-4000, 5);
    return Math.min(...await numbers()) < LINES - 2500;
  });
  await check('after scrolling up');
  const shown = await numbers();
  const distinct = new Set(shown);
  assert.equal(distinct.size, shown.length, 'no line twice');
  await alice.picture('up');

  // A new line does not tear the reader away; leaving and coming back shows the newest.
  await bots[0].say('#tea', 'one more');
  await alice.page.waitForTimeout(500);
  const place = await alice.log.evaluate((log) => {
    const scrolls = (element) => element.scrollHeight > element.clientHeight + 10 && /auto|scroll/.test(getComputedStyle(element).overflowY);
    const list = [log, ...log.querySelectorAll('*')].find(scrolls) ?? log.parentElement;
    return list.scrollHeight - list.clientHeight - list.scrollTop;
  });
  assert.ok(place > 100, `the reader stays above, ${place} pixels`);
  await until('the newest line', async () => {
    await alice.page.keyboard.press('End');
    await wheel(20_000, 5);
    return await alice.message('one more').count() === 1;
  }, 60_000);
  await check('at the end again');
}
