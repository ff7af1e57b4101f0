/** When a server that has ended is started again: at growing distances, and not for ever. Knows times, no processes. */

const FIRST_MS = 1_000;
const LONGEST_MS = 60_000;
const MOST = 8;
/** A server that has run so long had no fault of its start. */
const STEADY_MS = 5 * 60_000;

export class Restarts {
  private count = 0;
  private started = 0;

  constructor(private readonly now: () => number) {}

  /** The server has been started. */
  begun(): void {
    this.started = this.now();
  }

  /** The user has asked for a start: what was before no longer counts. */
  forget(): void {
    this.count = 0;
  }

  /** The server has ended by itself: milliseconds to wait before the next start; undefined when that is enough. */
  delay(): number | undefined {
    if (this.now() - this.started >= STEADY_MS) this.count = 0;
    if (this.count >= MOST) return undefined;
    return Math.min(FIRST_MS * 2 ** this.count++, LONGEST_MS);
  }
}
