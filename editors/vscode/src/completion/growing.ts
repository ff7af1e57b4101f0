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
  /** Settled by `show` or `end`, with what has come until then. */
  readonly first: Promise<T | undefined>;
  /** What `first` was settled with where that is less than the whole. */
  given: T | undefined;
  private settle: (value: T | undefined) => void = () => undefined;

  constructor(readonly place: Place) {
    this.first = new Promise((resolve) => {
      this.settle = resolve;
    });
  }

  grow(value: T): void {
    if (!this.over) this.latest = value;
  }

  /** Whoever waits has waited long enough for the whole. */
  show(): void {
    if (this.over || this.given) return;
    this.given = this.latest;
    this.settle(this.latest);
  }

  /** The whole answer; undefined leaves what has come. */
  end(value: T | undefined): void {
    if (this.over) return;
    if (value !== undefined) this.latest = value;
    this.over = true;
    this.settle(this.latest);
  }
}
