/**
 * Has the editor ask again whenever an answer has grown, one time after the other, as a provider can only be asked.
 * Knows neither documents nor the protocol.
 */

export class Regrowth {
  private running = false;
  private wanted = false;
  private expected = false;

  /** `ask` has the editor ask its providers; `allowed` is whether there is still anything to show. */
  constructor(
    private readonly ask: () => PromiseLike<unknown>,
    private readonly allowed: () => boolean,
  ) {}

  /** Whether the request that comes in now is one that was brought about here. True once for each. */
  isOurs(): boolean {
    const ours = this.expected;
    this.expected = false;
    return ours;
  }

  /** There is more than was last shown. */
  async more(): Promise<void> {
    this.wanted = true;
    if (this.running) return;
    this.running = true;
    try {
      while (this.wanted && this.allowed()) {
        this.wanted = false;
        this.expected = true;
        await this.ask();
      }
    } finally {
      this.running = this.wanted = this.expected = false;
    }
  }
}
