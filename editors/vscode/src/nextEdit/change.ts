/** What of an edit is a change, and how it is written beside code: pure functions on texts. */

export interface Change {
  /** UTF-16 units of the old text that stay at its beginning. */
  from: number;
  /** Where in the old text what goes ends. */
  to: number;
  /** What comes in its place. */
  added: string;
}

/** The least part of `old` that has to go so that it becomes `fresh`; never half of a character. */
export function least(old: string, fresh: string): Change {
  const most = Math.min(old.length, fresh.length);
  let head = 0;
  while (head < most && old[head] === fresh[head]) head++;
  if (head > 0 && isHigh(old, head - 1)) head--;
  let tail = 0;
  while (tail < most - head && old[old.length - 1 - tail] === fresh[fresh.length - 1 - tail]) tail++;
  if (tail > 0 && isLow(old, old.length - tail)) tail--;
  return { from: head, to: old.length - tail, added: fresh.slice(head, fresh.length - tail) };
}

/** A change of a part of a word shown as that of the whole: `surface` for `area` is easier to read than letters. */
export function wordwise(old: string, fresh: string): Change {
  const change = least(old, fresh);
  if (change.from === change.to || change.added === "") return change;
  let { from, to } = change;
  while (from > 0 && isWord(old, from - 1)) from--;
  while (to < old.length && isWord(old, to)) to++;
  const added = old.slice(from, change.from) + change.added + old.slice(change.to, to);
  return { from, to, added };
}

const MOST_SHOWN = 120;

/** `text` for one line of an editor: ends of lines are seen, and what is long is cut. */
export function inOneLine(text: string): string {
  const line = text.replace(/\r?\n[ \t]*/g, " ⏎ ").replace(/\t/g, "  ");
  return line.length > MOST_SHOWN ? `${line.slice(0, MOST_SHOWN - 1)}…` : line;
}

function isWord(text: string, index: number): boolean {
  return /[\p{L}\p{N}_$\ud800-\udfff]/u.test(text[index] ?? "");
}

function isHigh(text: string, index: number): boolean {
  const unit = text.charCodeAt(index);
  return unit >= 0xd800 && unit < 0xdc00;
}

function isLow(text: string, index: number): boolean {
  const unit = text.charCodeAt(index);
  return unit >= 0xdc00 && unit < 0xe000;
}
