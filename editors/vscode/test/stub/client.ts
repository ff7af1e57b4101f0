// A language client in the place of the real one: keeps what is sent, and is answered by the test.

import { CancellationTokenSource } from "./vscode";

interface Asked {
  method: string;
  params: any;
  token: CancellationTokenSource["token"] | undefined;
  answer: (value: unknown) => void;
}

export class StubClient {
  readonly asked: Asked[] = [];
  readonly told: [string, any][] = [];
  private readonly progress = new Map<unknown, (value: unknown) => void>();
  private waiting: (() => void)[] = [];
  readonly code2ProtocolConverter = {
    asUri: (uri: unknown) => String(uri),
    asPosition: (position: unknown) => position,
    asRange: (range: unknown) => range,
    asInlineCompletionParams: (document: any, position: unknown, context: any) => ({
      textDocument: { uri: String(document.uri) },
      position,
      context: { triggerKind: context.triggerKind + 1 },
    }),
  };
  readonly protocol2CodeConverter = { asInlineCompletionResult: async (list: unknown) => list };

  sendRequest(method: string, params: unknown, token?: Asked["token"]): Promise<unknown> {
    return new Promise((answer) => {
      this.asked.push({ method, params, token, answer });
      for (const wake of this.waiting.splice(0)) wake();
    });
  }
  async sendNotification(method: string, params: unknown): Promise<void> {
    this.told.push([method, params]);
  }
  onProgress(_: unknown, token: unknown, listener: (value: unknown) => void): { dispose(): void } {
    this.progress.set(token, listener);
    return { dispose: () => this.progress.delete(token) };
  }
  grow(token: unknown, value: unknown): void {
    this.progress.get(token)?.(value);
  }
  debug(): void {
    // The log.
  }
  /** The request with that number, from 0, once it has come. */
  async request(number: number): Promise<Asked> {
    for (;;) {
      const asked = this.asked[number];
      if (asked) return asked;
      await new Promise<void>((wake) => this.waiting.push(wake));
    }
  }
}
