// How far somebody has read: what counts as unread, and where the line "New" stands. Pure.

const SPOKEN = ['message', 'action', 'notice'];
export const isSpoken = (line) => SPOKEN.includes(line.kind);

/** The whole milliseconds of a time, in which the server and the wire know it; 0 for what is none. */
export function moment(ts) {
  return Math.floor(Date.parse(ts)) || 0;
}

/** The time in the first parameter of MARKREAD, 0 where there is none. */
export const markerOf = (params) => moment(/^timestamp=(.*)$/.exec(params?.[0] ?? '')?.[1]);

/** What others have said after a time: how much, how much of it for oneself, and the place of the first. */
export function since(lines, at) {
  const found = { unread: 0, mentions: 0, marker: 0 };
  for (let index = lines.length - 1; index >= 0; index -= 1) {
    const line = lines[index];
    if (!isSpoken(line)) continue;
    if (moment(line.ts) <= at) break;
    if (line.mine) continue;
    found.unread += 1;
    if (line.mention && line.kind !== 'notice') found.mentions += 1;
    found.marker = line.order;
  }
  return found;
}

/** All that is in a conversation has been read. */
export function readAll(target) {
  [target.unread, target.mentions] = [0, 0];
  const newest = target.lines.findLast(isSpoken);
  if (newest) target.read = Math.max(target.read, moment(newest.ts));
}

/** A line that has come just now: read where somebody looks, counted where nobody does. */
export function came(target, line, isLookedAt) {
  const at = moment(line.ts);
  if (isLookedAt) target.read = Math.max(target.read, at);
  if (isLookedAt || line.mine || at <= target.told) return;
  target.marker ||= line.order;
  target.unread += 1;
  if (line.mention && line.kind !== 'notice') target.mentions += 1;
}

/** Older lines have come: some of them may be unread. */
export function cameLate(target, isLookedAt) {
  if (!target.read) {
    if (isLookedAt) readAll(target);
    return;
  }
  const found = since(target.lines, target.read);
  if (!isLookedAt) {
    Object.assign(target, found);
    return;
  }
  target.marker ||= found.marker;
  readAll(target);
}

/** What the server knows when it is asked for the first time. Where somebody looks already, the line is placed all the same. */
export function learned(target, at, isLookedAt) {
  Object.assign(target, { known: true, told: at });
  if (!at) {
    // Nothing was read in there, and nothing older than one's coming is new.
    target.read = Math.max(target.read, target.since);
    return;
  }
  if (isLookedAt) target.marker ||= since(target.lines, at).marker;
  if (at > target.read) moved(target, at, isLookedAt);
}

/** Another device has read so far. The line stays where somebody looks at it. */
export function moved(target, at, isLookedAt) {
  target.told = Math.max(target.told, at);
  if (at <= target.read) return;
  target.read = at;
  const found = since(target.lines, at);
  if (isLookedAt) found.marker = target.marker;
  Object.assign(target, found);
}
