/** Runs a program to its end: its output line by line, its exit code, and an end on demand. */

import { spawn } from "node:child_process";

export interface Stop {
  readonly isCancellationRequested: boolean;
  onCancellationRequested(listener: () => void): { dispose(): void };
}

export interface Ended {
  /** The exit code; undefined where it could not be started or was stopped. */
  code: number | undefined;
  /** The last lines of its output, errors included. */
  tail: string[];
}

const TAIL_LINES = 20;

export type Run = (command: string, args: string[], onLine?: (line: string) => void, stop?: Stop) => Promise<Ended>;

export const runProgram: Run = (command, args, onLine, stop) =>
  new Promise((resolve) => {
    const tail: string[] = [];
    let rest = "";
    const take = (data: Buffer): void => {
      const lines = (rest + data.toString("utf8")).split(/\r?\n/);
      rest = lines.pop() ?? "";
      lines.forEach(line);
    };
    const line = (text: string): void => {
      if (!text.trim()) return;
      tail.push(text);
      tail.splice(0, tail.length - TAIL_LINES);
      onLine?.(text);
    };
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], windowsHide: true });
    const stopping = stop?.onCancellationRequested(() => child.kill());
    const end = (code: number | undefined): void => {
      stopping?.dispose();
      line(rest);
      rest = "";
      resolve({ code, tail });
    };
    child.stdout.on("data", take);
    child.stderr.on("data", take);
    child.on("error", (error) => {
      line(error.message);
      end(undefined);
    });
    child.on("close", (code) => end(code ?? undefined));
  });
