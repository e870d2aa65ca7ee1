// Plays one scenario: `node run.mjs NAME URL [OUT]`. Prints `NAME: played` and ends with 0, or says what was wrong.

import { Stage } from './harness.mjs';

const [name, url] = process.argv.slice(2);
// Less than whoever started this script waits, so that there is time for screenshots.
const LIMIT_MS = 210_000;

const { default: scenario } = await import(`./scenarios/${name}.mjs`);
const stage = await Stage.open(name, url);
let failure = null;
const limit = new Promise((_, reject) => {
  setTimeout(() => reject(new Error(`not done within ${LIMIT_MS / 1000} s`)), LIMIT_MS).unref();
});
try {
  await Promise.race([scenario(stage), limit, stage.abandoned]);
  stage.check();
} catch (error) {
  failure = error;
  await stage.keepPictures('failed');
}
await stage.close();
if (failure) {
  console.error(failure);
  for (const problem of stage.problems) console.error('beside:', problem);
  process.exit(1);
}
console.log(`${name}: played`);
process.exit(0);
