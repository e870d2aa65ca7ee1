// Going through the lines of a conversation by keyboard.

const rows = (log) => [...log.children].filter((child) => child.dataset.key);

/** The line above or below the one at hand; without one, the last or the first that one sees. */
export function nextRow(log, row, by) {
  const all = rows(log);
  if (row) return all[all.indexOf(row) + by]?.dataset.key;
  const { top, bottom } = log.getBoundingClientRect();
  const isSeen = (one) => {
    const box = one.getBoundingClientRect();
    return box.bottom > top + 1 && box.top < bottom - 1;
  };
  return (by < 0 ? all.findLast(isSeen) : all.find(isSeen))?.dataset.key;
}

/** Gives a line the focus, and brings it into sight. */
export function focusRow(log, key, block) {
  const row = rows(log).find((one) => one.dataset.key === key);
  if (!row) return;
  (row.querySelector(':scope > summary') ?? row).focus({ preventScroll: true });
  row.scrollIntoView({ block });
}

/** The next sign to react with, round and round. */
export function nextSign(row, sign, by) {
  const all = [...row.querySelectorAll('.sign')];
  return all[(all.indexOf(sign) + by + all.length) % all.length];
}
