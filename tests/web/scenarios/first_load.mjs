// The first visit: at most 60 KB over the wire, all of it from this server, and usable within a second or so.

import assert from 'node:assert/strict';
import { fill } from '../person.mjs';

const BYTES_MAX = 60 * 1024;
// A second is the aim on a machine with nothing else to do; a busy one gets several times that.
const USABLE_MS = 1000;
const GENEROSITY = 4;

export default async function firstLoad(stage) {
  const times = [];
  for (let round = 0; round < 3; round += 1) {
    const visitor = await stage.person();
    const network = await visitor.context.newCDPSession(visitor.page);
    await network.send('Network.enable');
    const urls = new Map();
    let bytes = 0;
    network.on('Network.requestWillBeSent', ({ requestId, request }) => urls.set(requestId, request.url));
    network.on('Network.loadingFinished', ({ encodedDataLength }) => { bytes += encodedDataLength; });
    const began = performance.now();
    await visitor.visit();
    await visitor.nickField.waitFor();
    await fill(visitor.nickField, 'someone');
    times.push(performance.now() - began);
    await visitor.page.waitForLoadState('networkidle');
    if (round === 0) console.log([...urls.values()].map((url) => url.replace(stage.url, '')).join(' '));
    console.log(`first load: ${bytes} bytes in ${urls.size} requests, usable after ${times.at(-1).toFixed(0)} ms`);
    assert.ok(bytes > 1000, 'something was counted');
    assert.ok(bytes <= BYTES_MAX, `${bytes} of ${BYTES_MAX} bytes`);
    for (const url of urls.values()) {
      assert.ok(url.startsWith(stage.url) || url.startsWith('data:') || url.startsWith('blob:'), `${url} is elsewhere`);
    }
    if (round === 0) await visitor.picture('login');

    // From the login to the channel, for the record: what comes later counts as well.
    await fill(visitor.nickField, `someone${round}`);
    const entering = performance.now();
    await visitor.form.getByRole('button', { name: 'Connect' }).click();
    await visitor.isOnline();
    console.log(`inside after ${(performance.now() - entering).toFixed(0)} ms, ${bytes} bytes in all`);
    assert.ok(bytes <= BYTES_MAX * 1.5, `${bytes} bytes with all that the first minute needs`);
  }
  const best = Math.min(...times);
  assert.ok(best <= USABLE_MS * GENEROSITY, `usable after ${best} ms at best`);
}
