/** Puts the server into a virtual environment of the extension's own. Whether the user wants that is not asked here. */

import { rm } from "node:fs/promises";
import * as path from "node:path";
import { inEnvironment } from "./locate";
import type { Run, Stop } from "./programs";
import type { Python } from "./python";

/** What pip is told to install. */
export const REQUIREMENT: readonly string[] = ["mellum-ls"];

export interface Installing {
  python: Python;
  /** The folder that the environment becomes. What is there goes. */
  folder: string;
  platform: NodeJS.Platform;
  run: Run;
  /** Hears what is being done, in a few words. */
  report: (step: string) => void;
  stop: Stop;
  requirement?: readonly string[];
}

/** The server's file, or a sentence that says what went wrong; then the folder is gone, so that no half stays. */
export async function install(job: Installing): Promise<{ file: string } | { reason: string }> {
  const { python, folder, platform, run, report, stop } = job;
  const windows = platform === "win32";
  const inside = windows ? path.win32.join(folder, "Scripts", "python.exe") : path.posix.join(folder, "bin", "python");
  const pip = ["-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--progress-bar", "off"];
  const steps: [string, string, string[]][] = [
    ["making an environment", python.command, [...python.args, "-m", "venv", "--clear", folder]],
    ["downloading", inside, [...pip, ...(job.requirement ?? REQUIREMENT)]],
    ["trying it", inEnvironment(folder, platform), ["--version"]],
  ];
  for (const [step, command, args] of steps) {
    report(step);
    const { code, tail } = await run(command, args, (line) => report(short(line)), stop);
    if (stop.isCancellationRequested || code !== 0) {
      await rm(folder, { recursive: true, force: true });
      if (stop.isCancellationRequested) return { reason: "the installation was cancelled" };
      return { reason: `${step} failed: ${tail.at(-1) ?? "no word why"}` };
    }
  }
  return { file: inEnvironment(folder, platform) };
}

/** A line of pip's for a progress message: `Downloading torch-2.9…whl (97 MB)`. */
function short(line: string): string {
  return line.trim().replace(/https?:\/\/\S*\//, "").slice(0, 80);
}
