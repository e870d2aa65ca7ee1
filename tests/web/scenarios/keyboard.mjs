// From the login to a message without a mouse: Tab, Enter, completion, history, going from one conversation to another.

import assert from 'node:assert/strict';

import { Bot, until } from '../api.mjs';

export default async function keyboard(stage) {
  const bot = await Bot.open(stage.url, 'marmalade');
  await bot.join('#tea');
  await bot.join('#cake');
  const alice = await stage.person();
  const { page } = alice;
  const press = (key) => page.keyboard.press(key);
  const focused = () => page.evaluate(() => {
    const element = document.activeElement;
    if (element === document.body) return 'nothing';
    return element.labels?.[0]?.innerText.trim() || element.getAttribute('aria-label') || element.innerText || element.tagName;
  });
  const tabTo = async (name) => {
    const seen = [];
    for (let steps = 0; steps < 30; steps += 1) {
      seen.push(await focused());
      if (name.test(seen.at(-1))) return;
      await press('Tab');
    }
    throw new Error(`Tab leads only to ${seen.join(', ')}`);
  };

  // The message of the day comes late, and takes the focus from nobody.
  let come;
  const wanted = new Promise((resolve) => { come = resolve; });
  await page.route(/\/api\/v1\/server$/, async (route) => {
    await wanted;
    await route.continue();
  }, { times: 1 });
  await alice.visit();
  await alice.form.waitFor();
  await tabTo(/^Nick$/);
  await page.keyboard.type('ali');
  come();
  await page.getByText('Be kind.').waitFor();
  assert.equal(await focused(), 'Nick');
  await page.keyboard.type('ce');
  await press('Enter');
  await alice.isOnline();
  await tabTo(/^Message$/);

  const type = async (text) => {
    await page.keyboard.type(text);
    await press('Enter');
  };
  await type('/join #tea');
  await alice.conversation('#tea').waitFor();
  await type('/join #cake');
  await alice.conversation('#cake').waitFor();
  await alice.members.getByText('marmalade').first().waitFor();

  // Completion: with a colon where the line begins, without one elsewhere.
  await page.keyboard.type('mar');
  await press('Tab');
  assert.equal(await alice.input.inputValue(), 'marmalade: ');
  await type('good morning');
  await alice.sees('marmalade: good morning', 'alice');
  await page.keyboard.type('I like mar');
  await press('Tab');
  assert.equal((await alice.input.inputValue()).trimEnd(), 'I like marmalade');
  await press('Enter');
  await alice.sees('I like marmalade', 'alice');

  // What was typed before comes back.
  await press('ArrowUp');
  assert.equal((await alice.input.inputValue()).trimEnd(), 'I like marmalade');
  await press('ArrowUp');
  assert.equal(await alice.input.inputValue(), 'marmalade: good morning');
  await press('ArrowDown');
  await press('ArrowDown');
  assert.equal(await alice.input.inputValue(), '');

  // From one conversation to the next and back.
  const current = () => alice.conversations.locator('[aria-current]:not([aria-current=false])').innerText();
  const shows = (target) => until(`${target} is open`, async () => (await current()).includes(target));
  await shows('#cake');
  const before = await current();
  await press('Alt+ArrowUp');
  await until('another is open', async () => (await current()) !== before);
  await press('Alt+ArrowDown');
  await shows('#cake');

  // To where somebody has said something.
  await bot.say('#tea', 'alice: over here');
  await alice.conversation('#tea').locator('.unread, .mention').first().waitFor();
  await press('Alt+a');
  await shows('#tea');
  await alice.sees('alice: over here', 'marmalade');

  // A letter that is made with Alt is a letter.
  const isLetter = await page.evaluate(() => document.activeElement.dispatchEvent(
    new KeyboardEvent('keydown', { key: 'ą', code: 'KeyA', altKey: true, bubbles: true, cancelable: true })));
  assert.ok(isLetter, 'ą is typed');

  // However a dialog is closed, the focus is where it was.
  const menu = page.getByRole('button', { name: 'Menu' });
  const help = page.getByRole('dialog', { name: 'Help' });
  for (const close of [() => page.keyboard.press('Escape'), () => help.getByRole('button', { name: 'Close' }).press('Enter'), () => page.mouse.click(5, 5)]) {
    await alice.menu('Help');
    await help.waitFor();
    await close();
    await help.waitFor({ state: 'detached' });
    assert.ok(await menu.evaluate((button) => button === document.activeElement), await focused());
  }

  // A stroke leads back to the field from anywhere.
  await press('Shift+Tab');
  await press('/');
  await until('the field has the focus', () => alice.input.evaluate((field) => field === document.activeElement));
  await alice.input.fill('');
  await type('done');
  await alice.sees('done', 'alice');
  // Wherever the focus is, one sees it.
  await press('Shift+Tab');
  const visible = await page.evaluate(() => {
    const style = getComputedStyle(document.activeElement);
    return style.outlineStyle !== 'none' || style.boxShadow !== 'none' || style.borderStyle !== 'none';
  });
  assert.ok(visible, `the focus shows on ${await focused()}`);
}
