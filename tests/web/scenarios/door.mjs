// The cookie says who is logged in, in all tabs: whatever else the browser keeps, and whichever tab was first.

import assert from 'node:assert/strict';
import { fill } from '../person.mjs';

const nickOf = (tab) => tab.conversations.locator('.server').innerText();

async function connect(tab, nick) {
  await fill(tab.nickField, nick);
  await tab.form.getByRole('button', { name: 'Connect' }).click();
}

export default async function door(stage) {
  // A poll that waits while its cookie ends.
  stage.tolerate(/status of 401/);
  const alice = await stage.person();
  await alice.login('alice');
  await alice.join('#tea');
  await alice.page.evaluate(() => localStorage.clear());
  await alice.page.reload();
  await alice.isOnline();
  await alice.conversation('#tea').waitFor();
  assert.equal(await nickOf(alice), 'alice');

  const dora = await stage.person();
  await dora.context.addInitScript(() => {
    Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('denied', 'SecurityError'); } });
  });
  await dora.login('dora');
  await dora.page.reload();
  await dora.isOnline();
  assert.equal(await nickOf(dora), 'dora');

  // Two tabs stand at the door, and one comes in.
  const hal = await stage.person();
  const other = await hal.tab();
  for (const tab of [hal, other]) {
    await tab.visit();
    await tab.form.waitFor();
  }
  await connect(other, 'hal');
  for (const tab of [hal, other]) {
    await tab.isOnline();
    assert.equal(await nickOf(tab), 'hal');
  }
  await hal.say('/quit');
  for (const tab of [hal, other]) await tab.form.waitFor();

  // The same where tabs tell each other nothing.
  const ivy = await stage.person();
  await ivy.context.addInitScript(() => { delete window.BroadcastChannel; });
  const late = await ivy.tab();
  for (const tab of [ivy, late]) {
    await tab.visit();
    await tab.form.waitFor();
  }
  await connect(ivy, 'ivy');
  await ivy.isOnline();
  await connect(late, 'joe');
  await late.isOnline();
  assert.equal(await nickOf(late), 'ivy');
  await late.log.getByText('logged in as ivy already').waitFor();

  // The cookie gone, and nothing said of a session that would have ended.
  await late.context.clearCookies();
  await late.page.reload();
  await late.page.getByRole('alert').filter({ hasText: 'lost its cookie' }).waitFor();
}
