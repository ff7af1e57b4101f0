/** Keeps one server running: starts it, says how it stands, brings it back when it ends by itself. */

import * as vscode from "vscode";
import type { LanguageClient } from "vscode-languageclient/node";
import { type ServerStatus, STATUS_CHANGED } from "../protocol";
import type { State } from "../status/words";
import { type ClientNeeds, makeClient } from "./client";
import type { Located, NotLocated } from "./locate";
import { Restarts } from "./restarts";

export interface Supervised extends Omit<ClientNeeds, "file" | "ended"> {
  find: () => Promise<Located | NotLocated>;
  /** Hears of each change of state. */
  onState: (state: State) => void;
  /** There is no server, and installing one would help. */
  onMissing: (reason: string) => void | Promise<void>;
  /** The server runs, now or again. */
  onRunning: (client: LanguageClient) => void;
}

export class Supervisor implements vscode.Disposable {
  state: State = { name: "starting" };
  /** The file that was started last. */
  file = "";
  private client: LanguageClient | undefined;
  private readonly restarts = new Restarts(Date.now);
  private wake: (() => void) | undefined;
  /** Starts and stops come one after the other. */
  private turn: Promise<void> = Promise.resolve();

  constructor(private readonly needs: Supervised) {}

  /** The client, as long as its server runs. */
  readonly running = (): LanguageClient | undefined => (this.state.name === "running" ? this.client : undefined);

  /** Start the server, anew where it runs. */
  restart(): Promise<void> {
    this.restarts.forget();
    return this.next(async () => {
      await this.end();
      await this.start();
    });
  }

  stop(): Promise<void> {
    return this.next(() => this.end());
  }

  dispose(): void {
    void this.stop();
  }

  private next(work: () => Promise<void>): Promise<void> {
    this.wake?.();
    this.turn = this.turn.then(work, work);
    return this.turn;
  }

  private async start(): Promise<void> {
    this.become({ name: "starting" });
    const found = await this.needs.find();
    if ("reason" in found) {
      this.become({ name: "stopped", reason: found.reason });
      if (found.installable) void this.needs.onMissing(found.reason);
      return;
    }
    this.file = found.file;
    this.needs.log.info(`the server is ${found.file} (${found.origin})`);
    const client: LanguageClient = (this.client = makeClient({ ...this.needs, file: found.file, ended: () => this.ended(client) }));
    client.onNotification(STATUS_CHANGED, (status: ServerStatus) => {
      if (client === this.client && this.state.name === "running") this.become({ name: "running", status });
    });
    client.onDidChangeState(() => this.follow(client));
    try {
      this.restarts.begun();
      await client.start();
    } catch (error) {
      if (client !== this.client) return;
      const reason = `${found.file} could not be started: ${error instanceof Error ? error.message : String(error)}`;
      this.needs.log.error(reason);
      this.become({ name: "stopped", reason });
    }
  }

  private follow(client: LanguageClient): void {
    if (client !== this.client || !client.isRunning() || this.state.name === "running") return;
    this.become({ name: "running", status: undefined });
    this.needs.onRunning(client);
  }

  private async ended(client: LanguageClient): Promise<boolean> {
    if (client !== this.client) return false;
    const delay = this.restarts.delay();
    if (delay === undefined) {
      this.become({ name: "stopped", reason: "the server ended again and again; see the log, then restart it" });
      return false;
    }
    this.become({ name: "waiting", seconds: delay / 1000 });
    const due = await new Promise<boolean>((resolve) => {
      const timer = setTimeout(() => resolve(true), delay);
      this.wake = () => {
        clearTimeout(timer);
        resolve(false);
      };
    });
    this.wake = undefined;
    if (!due || client !== this.client) return false;
    this.restarts.begun();
    this.become({ name: "starting" });
    return true;
  }

  private async end(): Promise<void> {
    const { client } = this;
    this.client = undefined;
    this.become({ name: "stopped", reason: "the server was stopped" });
    // One that did not come up has nothing to stop.
    await client?.dispose().then(undefined, () => undefined);
  }

  private become(state: State): void {
    this.state = state;
    this.needs.onState(state);
  }
}
