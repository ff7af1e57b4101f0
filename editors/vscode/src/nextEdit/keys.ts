/** What the keys of a next edit do, by where the cursor is. Pure. */

export interface Lines {
  first: number;
  last: number;
}

export type Step = "accept" | "jump";

/** Tab goes to an edit before it makes it: nothing changes where the user does not look. */
export function step(edit: Lines, cursorLine: number, visible: readonly Lines[], sameDocument: boolean): Step {
  const near = sameDocument && cursorLine >= edit.first && cursorLine <= edit.last;
  return near && isVisible(edit, visible) ? "accept" : "jump";
}

/** Whether the first line of the edit is on the screen. */
export function isVisible(edit: Lines, visible: readonly Lines[]): boolean {
  return visible.some((lines) => edit.first >= lines.first && edit.first <= lines.last);
}

/** Where the edit is, for the end of the cursor's line. */
export function pointer(edit: Lines, cursorLine: number): string {
  const where = edit.first < cursorLine ? "↑" : edit.first > cursorLine ? "↓" : "→";
  return `${where} next edit in line ${edit.first + 1} · Tab`;
}
