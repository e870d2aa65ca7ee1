// What people do with the page, by the names that a screen reader would say.

import assert from 'node:assert/strict';
import { join } from 'node:path';

const escape = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/**
 * Types into a field, again where nothing has come of it: the browser drops what is typed before the first picture of a
 * page, and nobody types so early.
 */
export async function fill(field, text) {
  for (let attempt = 0; attempt < 10; attempt += 1) {
    await field.fill(text);
    if (await field.inputValue() === text) return;
    await field.page().waitForTimeout(50);
  }
  assert.fail(`the field does not take ${JSON.stringify(text)}`);
}

export class Person {
  constructor(stage, context, page) {
    Object.assign(this, { stage, context, page });
  }

  /** The same person's further tab. */
  tab() {
    return this.stage.newTab(this.context);
  }

  async visit() {
    await this.page.goto(`${this.stage.url}/`);
  }

  get form() { return this.page.getByRole('form', { name: 'Log in' }); }
  get nickField() { return this.form.getByLabel('Nick', { exact: true }); }
  get passwordField() { return this.form.getByLabel('Password (optional)'); }
  get conversations() { return this.page.getByRole('navigation', { name: 'Conversations' }); }
  get topic() { return this.page.getByTestId('topic'); }
  get log() { return this.page.getByRole('log', { name: 'Messages' }); }
  get messages() { return this.log.locator('.message'); }
  get members() { return this.page.getByRole('complementary', { name: 'Members' }); }
  get input() { return this.page.getByRole('textbox', { name: 'Message', exact: true }); }
  get connection() { return this.page.getByTestId('connection'); }

  conversation(target) {
    return this.conversations.getByRole('button', { name: new RegExp(`^${escape(target)}(?![\\w-])`) });
  }

  message(text) {
    return this.messages.filter({ hasText: text });
  }

  /** Visits the page and comes in. */
  async login(nick, password) {
    await this.visit();
    await fill(this.nickField, nick);
    if (password) await fill(this.passwordField, password);
    await this.form.getByRole('button', { name: 'Connect' }).click();
    await this.isOnline();
    this.nick = nick;
  }

  async isOnline() {
    await this.hasConnection('online');
    await this.input.waitFor();
  }

  async hasConnection(state) {
    await this.page.locator(`[data-testid=connection][data-state=${state}]`).waitFor({ state: 'attached' });
  }

  async join(channel) {
    await this.page.getByRole('button', { name: 'Join a channel' }).first().click();
    const dialog = this.page.getByRole('dialog', { name: 'Channels' });
    await fill(dialog.getByLabel('Channel name'), channel);
    await dialog.getByRole('button', { name: 'Join', exact: true }).click();
    await dialog.waitFor({ state: 'hidden' });
    await this.conversation(channel).waitFor({ state: 'attached' });
  }

  async open(target) {
    await this.conversation(target).click();
  }

  /** Types a line and sends it. */
  async say(text) {
    await fill(this.input, text);
    await this.input.press('Enter');
  }

  /** Waits until exactly one message with this text is shown. */
  async sees(text, nick) {
    const message = this.message(text);
    await message.first().waitFor();
    assert.equal(await message.count(), 1, `${this.nick} sees ${JSON.stringify(text)} once`);
    if (nick) assert.match(await message.locator('.nick').innerText(), new RegExp(escape(nick)));
    return message;
  }

  async menu(item) {
    await this.page.getByRole('button', { name: 'Menu' }).click();
    await this.page.getByRole('menuitem', { name: item }).or(this.page.getByRole('button', { name: item })).first().click();
  }

  /** The texts of all messages that are shown, in their order. */
  async texts() {
    return this.messages.locator('.text').allInnerTexts();
  }

  async picture(what) {
    await this.page.screenshot({ path: join(this.stage.artefacts, `${this.stage.name}-${what}.png`), timeout: 10_000 });
  }
}
