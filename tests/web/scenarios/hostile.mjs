// Whatever people may say shows, and harms nobody: no element, no attribute, no dialog, no line as high as the page.

import assert from 'node:assert/strict';

import { Bot } from '../api.mjs';

const MARKUP = [
  '<script>document.title = "pwned"; alert(1)</script>',
  '<img src=x onerror=alert(1)>',
  '<svg onload=alert(1)><a href="javascript:alert(1)">x</a></svg>',
  '"><iframe srcdoc="<script>alert(1)</script>"></iframe>',
  "' onmouseover='alert(1)' x='",
  '&lt;b&gt; &#60;script&#62; </textarea></title><h1>big</h1>',
  '${alert(1)} {{constructor.constructor("alert(1)")()}}',
];
const LINKS = [
  'javascript:alert(1)',
  'JaVaScRiPt://example.org/%0aalert(1)',
  'data:text/html,<script>alert(1)</script>',
  'vbscript:msgbox(1) file:///etc/passwd blob:https://example.org/1',
  'https://example.org/"onmouseover="alert(1)"x="',
  "https://example.org/'onclick='alert(1)",
  'https://user:secret@example.org/<script>alert(1)</script>',
  'http://[::1',
  'https://example.org/\u202Egpj.exe',
];
const SIGNS = [
  '\u202Eright to left\u2066 and \u2067 never\u202D back',
  'zero\u200Bwidth\u200D\uFEFF\u2060 joins',
  `combined a${'\u0301'.repeat(1900)}`,
  `z${'\u0489\u0316\u0317'.repeat(600)}algo`,
  'control \u0001\u0002\u0007\u001B[31mred\u001B[0m \u009B31m \u007F bytes',
  '\u0001ACTION \u0001VERSION\u0001 <b>\u0001',
  '\uD83D\uDE00'.repeat(900),
  'W'.repeat(3500),
  '\uFDFD'.repeat(1000),
  '__proto__ constructor toString hasOwnProperty',
];
const NICKS = ['<b>x</b>', '\u202Eecila', 'al\u200Bice', '__proto__', 'constructor', '[x]{y}|`^', `a${'\u0301'.repeat(20)}`];
const TAGS = 'script, iframe, object, embed, svg script, img[src=x], base, meta[http-equiv], link[rel=import], form[action^=http], style:not(head style)';

/** What no text may have brought into the page. */
function intruders(tags) {
  const added = (element) => document.head.contains(element) || element.matches('script[src], script[type=module]');
  const found = [...document.querySelectorAll(tags)].filter((element) => !added(element))
    .map((element) => element.outerHTML);
  for (const element of document.querySelectorAll('*')) {
    for (const { name, value } of element.attributes) {
      if (/^on/i.test(name)) found.push(`${name}=${value}`);
      if (['href', 'src', 'action', 'formaction', 'xlink:href', 'srcdoc'].includes(name)
        && /^\s*(javascript|vbscript|data|file|blob):/i.test(value)) found.push(`${name}=${value}`);
    }
    for (const link of element.matches('a[href]') ? [element] : []) {
      if (!['http:', 'https:', 'mailto:', 'ircs:', 'irc:'].includes(link.protocol)) found.push(`link to ${link.href}`);
      const foreign = link.origin !== location.origin;
      if (foreign && !/noopener|noreferrer/.test(link.rel)) found.push(`${link.href} has rel ${link.rel}`);
    }
  }
  if ([...document.querySelectorAll('[role=log] b, [role=log] h1, [role=log] iframe, [role=log] script')].length > 0) {
    found.push('markup in the log');
  }
  return found;
}

export default async function hostile(stage) {
  const alice = await stage.person();
  await alice.login('alice');
  await alice.join('#tea');
  await alice.open('#tea');
  const title = await alice.page.title();
  const bot = await Bot.open(stage.url, 'mallory');
  await bot.join('#tea');
  // What the server refuses harms nobody either; most of it is let through.
  let taken = 0;
  const send = async (message) => {
    const { status, receipt } = await bot.post(message);
    assert.ok(status < 500, `${status} for ${JSON.stringify(message)}`);
    if (status === 200 && receipt.status !== 'error') taken += 1;
  };
  for (const text of [...MARKUP, ...LINKS, ...SIGNS]) {
    await send({ command: 'PRIVMSG', to: '#tea', body: [text] });
    await send({ command: 'NOTICE', to: '#tea', body: [text] });
    await send({ command: 'PRIVMSG', to: 'alice', body: [text] });
  }
  assert.ok(taken > 40, `${taken} were said`);
  await send({ command: 'PRIVMSG', to: '#tea', body: { text: '<img src=x onerror=alert(1)>', toString: 1 } });
  await send({ command: 'TAGMSG', to: '#tea', meta: { '<script>': '"><img src=x onerror=alert(1)>', '+typing': 'active', '+draft/react': '<img src=x onerror=alert(1)>' } });
  for (const topic of [...MARKUP.slice(0, 3), LINKS[0], SIGNS[0], SIGNS[2]]) {
    await alice.say('/mode #tea -t');
    await send({ command: 'TOPIC', to: '#tea', body: [topic] });
  }
  for (const nick of NICKS) {
    const answer = await fetch(`${stage.url}/api/v1/session`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ nick }) });
    assert.ok(answer.status < 500);
    if (answer.status !== 201) continue;
    const other = new Bot(stage.url, nick, answer.headers.get('set-cookie').split(';')[0]);
    await other.join('#tea');
    await other.say('#tea', `I am ${nick}`);
  }
  for (const channel of ['#<img/src=x/onerror=alert(1)>', '#\u202Eaet', '#__proto__', '#constructor']) {
    await alice.say(`/join ${channel}`);
  }
  await bot.say('#tea', 'the end of it');
  await alice.open('#tea');
  await alice.sees('the end of it', 'mallory');

  assert.deepEqual(await alice.page.evaluate(intruders, TAGS), []);
  const shown = (await alice.texts()).join('\n');
  for (const text of ['<img src=x onerror=alert(1)>', 'javascript:alert(1)']) {
    assert.ok(shown.includes(text), `${text} shows as it was said`);
  }
  // Nothing of it is wider than the page, or so high that it hides what others say.
  const bounds = await alice.page.evaluate(() => ({
    width: document.documentElement.scrollWidth, inner: innerWidth, height: document.documentElement.scrollHeight, innerHeight,
    topic: document.querySelector('[data-testid=topic]').getBoundingClientRect().height,
    highest: Math.max(...[...document.querySelectorAll('.message')].map((message) => message.getBoundingClientRect().height)),
  }));
  assert.ok(bounds.width <= bounds.inner && bounds.height <= bounds.innerHeight + 1, JSON.stringify(bounds));
  assert.ok(bounds.topic < 200, JSON.stringify(bounds));
  assert.ok(bounds.highest <= bounds.innerHeight, JSON.stringify(bounds));
  // A heap of combining marks paints over nothing but its own line.
  const clipped = await alice.message('combined a').first().evaluate((message) => {
    for (let element = message.querySelector('.text'); element; element = element.parentElement) {
      if (getComputedStyle(element).overflow !== 'visible' || getComputedStyle(element).contain.includes('paint')) return true;
      if (element === message) return false;
    }
    return false;
  });
  assert.ok(clipped, 'combining marks stay within their message');
  // Nor does a turn of direction reach beyond its text.
  const isolated = await alice.message('right to left').first().locator('.text').evaluate((text) =>
    /isolate|plaintext/.test(getComputedStyle(text).unicodeBidi) || text.dir === 'auto' || text.tagName === 'BDI');
  assert.ok(isolated, 'directions are kept apart');
  await alice.picture('channel');
  await alice.open('mallory');
  assert.deepEqual(await alice.page.evaluate(intruders, TAGS), []);
  await alice.picture('private');
  assert.ok(!(await alice.page.title()).includes('pwned'), title);

  // It is no worse when the page comes upon all of it at once.
  await alice.page.reload();
  await alice.isOnline();
  await alice.open('#tea');
  await alice.sees('the end of it', 'mallory');
  assert.deepEqual(await alice.page.evaluate(intruders, TAGS), []);
  await alice.say('unharmed');
  await bot.hears((message) => message.command === 'PRIVMSG' && message.body[0] === 'unharmed');
}
