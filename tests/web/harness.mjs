// A stage with one browser and as many people as a scenario needs, each with a profile of their own. Whatever no
// page may do (write an error to the console, break the policy, open a dialog) is noted for all of them.

import { mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import { Person } from './person.mjs';

const root = new URL('../../', import.meta.url);
const installed = createRequire(new URL('target/web-tests/', root));
const { chromium } = installed('playwright-core');

/** The text of a script that was installed from npm. */
export const pathOfInstalled = (name) => installed.resolve(name);

// Longer than anything takes on a machine that is busy with other things.
const PATIENCE_MS = 30_000;

const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage'];

// Console errors that are the browser's own words about an answer which a scenario, or every visit, brings about: a
// page cannot see whether it has a cookie, so it asks.
const ASKED_WHO_I_AM = { text: /status of 401/, url: /\/api\/v1\/state/ };

export class Stage {
  static async open(name, url) {
    const artefacts = fileURLToPath(new URL('target/web-artefacts/', root));
    mkdirSync(artefacts, { recursive: true });
    const executablePath = process.env.CHROMIUM || '/usr/bin/chromium';
    const browser = await chromium.launch({ executablePath, headless: true, args: FLAGS, timeout: PATIENCE_MS * 2 });
    return new Stage(name, url, artefacts, browser);
  }

  constructor(name, url, artefacts, browser) {
    Object.assign(this, { name, url, artefacts, browser });
    this.people = [];
    this.problems = [];
    this.tolerated = [ASKED_WHO_I_AM];
    this.answers = [];
    this.abandoned = new Promise((_, reject) => {
      if (process.stdin.isTTY) return;
      const input = createInterface({ input: process.stdin });
      input.on('line', () => this.answers.shift()?.());
      input.on('close', () => reject(new Error('nobody waits for this scenario any more')));
    });
    this.abandoned.catch(() => {});
  }

  /** Somebody with a browser profile of their own. */
  async person(options = {}) {
    const context = await this.browser.newContext({ viewport: { width: 1280, height: 800 }, locale: 'en-GB',
      timezoneId: 'UTC', reducedMotion: 'reduce', ...options });
    context.setDefaultTimeout(PATIENCE_MS);
    // A policy violation is an event on the document; from here it reaches the console, where all is gathered.
    await context.addInitScript(() => {
      document.addEventListener('securitypolicyviolation', (event) => {
        console.error(`policy violated: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`);
      });
    });
    return this.newTab(context);
  }

  /** A further tab of somebody's browser. */
  async newTab(context) {
    const page = await context.newPage();
    const note = (what) => this.problems.push(what);
    page.on('console', (message) => {
      if (message.type() !== 'error') return;
      const [text, url] = [message.text(), message.location().url];
      if (!this.tolerated.some((known) => known.text.test(text) && known.url.test(url))) note(`console: ${text} (${url})`);
    });
    page.on('pageerror', (error) => note(`uncaught: ${error.stack || error}`));
    page.on('dialog', (dialog) => { note(`dialog: ${dialog.message()}`); dialog.dismiss().catch(() => {}); });
    page.on('crash', () => note('the page crashed'));
    const person = new Person(this, context, page);
    this.people.push(person);
    return person;
  }

  /** From now on, such a line in the console is no fault. */
  tolerate(text, url = /./) {
    this.tolerated.push({ text, url });
  }

  /** Asks whoever started this script to `stop`, `kill` or `start` the server. */
  async server(order) {
    const answered = new Promise((resolve) => this.answers.push(resolve));
    console.log(`@${order}`);
    await Promise.race([answered, this.abandoned]);
  }

  check() {
    if (this.problems.length > 0) throw new Error(`the pages did what no page may:\n${this.problems.join('\n')}`);
  }

  async keepPictures(what) {
    for (const [index, person] of this.people.entries()) {
      await person.picture(`${what}-${index}`).catch((error) => console.error(`no picture: ${error.message}`));
    }
  }

  async close() {
    await this.browser.close().catch(() => {});
  }
}
