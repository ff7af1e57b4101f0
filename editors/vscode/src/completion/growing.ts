/** The answer to one request while it grows: what has come of it, and who waits for the first of it. Knows no editor. */

export interface Place {
  uri: string;
  version: number;
  line: number;
  character: number;
}

export function samePlace(one: Place, other: Place): boolean {
  return (
    one.uri === other.uri &&
    one.version === other.version &&
    one.line === other.line &&
    one.character === other.character
  );
}

/** One answer. `T` is a list of items as it came. */
export class Growing<T> {
  /** All of it so far; undefined while nothing has come. */
  latest: T | undefined;
  over = false;
  /** Settled with the first that comes; undefined when the answer ends without any. */
  readonly first: Promise<T | undefined>;
  private settle: (value: T | undefined) => void = () => undefined;

  constructor(readonly place: Place) {
    this.first = new Promise((resolve) => {
      this.settle = resolve;
    });
  }

  grow(value: T): void {
    if (this.over) return;
    this.latest = value;
    this.settle(value);
  }

  /** The whole answer; undefined leaves what has come. */
  end(value: T | undefined): void {
    if (this.over) return;
    if (value !== undefined) this.latest = value;
    this.over = true;
    this.settle(this.latest);
  }
}
