// Somebody without a browser: the interface by `fetch`, for what scenarios need beside the page.

import assert from 'node:assert/strict';

export class Bot {
  static async open(url, nick) {
    const answer = await fetch(`${url}/api/v1/session`, { method: 'POST', headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ nick }) });
    assert.equal(answer.status, 201, await answer.clone().text());
    const cookie = answer.headers.get('set-cookie').split(';')[0];
    return new Bot(url, nick, cookie);
  }

  constructor(url, nick, cookie) {
    Object.assign(this, { url, nick, cookie, cursor: 0 });
  }

  async post(message) {
    const answer = await fetch(`${this.url}/api/v1/messages`, { method: 'POST',
      headers: { 'content-type': 'application/json', cookie: this.cookie }, body: JSON.stringify(message) });
    return { status: answer.status, receipt: await answer.json() };
  }

  async command(message) {
    const { status, receipt } = await this.post(message);
    assert.equal(status, 200, JSON.stringify(receipt));
    return receipt;
  }

  async join(channel) {
    assert.equal((await this.command({ command: 'JOIN', to: channel })).status, 'joined');
  }

  async say(target, ...lines) {
    const receipt = await this.command({ command: 'PRIVMSG', to: target, body: lines });
    assert.equal(receipt.status, 'sent', JSON.stringify(receipt));
  }

  /** Reads until a message is as wanted, and returns it. */
  async hears(wanted) {
    const deadline = Date.now() + 30_000;
    while (Date.now() < deadline) {
      const answer = await fetch(`${this.url}/api/v1/messages?after=${this.cursor}&timeout=1`, { headers: { cookie: this.cookie } });
      assert.equal(answer.status, 200);
      const { messages, last_id } = await answer.json();
      this.cursor = last_id;
      const found = messages.find(wanted);
      if (found) return found;
    }
    throw new Error(`${this.nick} waited in vain`);
  }
}

/** Does `work` for each of `count` numbers, so many at once. */
export async function inParallel(count, atOnce, work) {
  let next = 0;
  const lane = async () => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
}

export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Waits until `look` gives something true. */
export async function until(what, look, ms = 30_000) {
  const deadline = Date.now() + ms;
  for (;;) {
    const found = await look();
    if (found) return found;
    if (Date.now() > deadline) throw new Error(`waited in vain: ${what}`);
    await pause(50);
  }
}
