// Two people talk: in a channel, where each sees the other, and between themselves; a mention is counted.

import assert from 'node:assert/strict';

import { until } from '../api.mjs';

export default async function talk(stage) {
  const alice = await stage.person();
  const bob = await stage.person();
  await alice.login('alice');
  await bob.login('bob');
  await alice.join('#tea');
  await bob.join('#tea');
  await alice.open('#tea');
  await bob.open('#tea');
  for (const person of [alice, bob]) {
    for (const nick of ['alice', 'bob']) await person.members.getByText(nick).first().waitFor();
  }

  await alice.say('is the kettle on?');
  await bob.sees('is the kettle on?', 'alice');
  await alice.sees('is the kettle on?', 'alice');
  await bob.say('it sings');
  await alice.sees('it sings', 'bob');
  await alice.say('/me listens');
  await bob.sees('listens', 'alice');
  await alice.say('/topic Green or black');
  await bob.topic.getByText('Green or black').waitFor();
  await bob.log.getByText('alice has set the topic: Green or black', { exact: true }).waitFor();

  await alice.say('/msg bob a word in your ear');
  await bob.conversation('alice').waitFor();
  await bob.conversation('alice').locator('.unread, .mention').first().waitFor();
  await bob.open('alice');
  await bob.sees('a word in your ear', 'alice');
  await bob.say('I hear you');
  await alice.conversation('bob').waitFor();
  await alice.open('bob');
  await alice.sees('I hear you', 'bob');

  // Bob looks elsewhere now, so that what is said to him in the channel is counted.
  await alice.open('#tea');
  await alice.say('bob: your cup is ready');
  const badge = bob.conversation('#tea').locator('.mention');
  await badge.waitFor();
  assert.match(await badge.innerText(), /1/);
  await alice.picture('channel');
  await bob.picture('mention');
  await bob.open('#tea');
  await bob.sees('bob: your cup is ready', 'alice');
  await badge.waitFor({ state: 'detached' });

  // More lines than a message takes, and more text: both are told of, and are in the field again.
  stage.tolerate(/status of 413/, /\/api\/v1\/messages/);
  const paste = async (text, told) => {
    await alice.say(text);
    await alice.log.getByText(told).waitFor();
    await until('the field has it again', async () => await alice.input.inputValue() === text);
  };
  await paste(Array.from({ length: 80 }, (_, number) => `pasted ${number}`).join('\n'), 'these are 80 lines');
  await paste('much pasted '.repeat(800), 'too long for one message');
  await alice.picture('pasted');
  await bob.say('what was that?');
  await alice.sees('what was that?', 'bob');
  assert.equal(await bob.message('pasted').count(), 0, 'no part of it was sent');

  // Words that no command has are not said aloud; two strokes say one.
  await alice.say('/frobnicate the teapot');
  await alice.say('//away is a command');
  await bob.sees('/away is a command', 'alice');
  assert.equal(await bob.message('frobnicate').count(), 0, 'an unknown command is not sent');
}
