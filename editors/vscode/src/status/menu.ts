/** The menu behind the status bar: what can be done, and what the server tells of itself. */

import * as vscode from "vscode";
import type { Report } from "../protocol";

export interface Choice extends vscode.QuickPickItem {
  command: string;
}

export interface Standing {
  running: boolean;
  paused: boolean;
  /** What the status bar says. */
  sentence: string;
  report: Report | undefined;
}

/** The lines of the menu. */
export function choices({ running, paused, sentence, report }: Standing): Choice[] {
  const list: Choice[] = [];
  if (running) {
    list.push(
      paused
        ? { label: "$(debug-start) Resume suggestions", command: "mellum.resume" }
        : { label: "$(debug-pause) Pause suggestions", command: "mellum.pause", description: "in this window" },
    );
    const model = report?.model.split(/[\\/]/).at(-1) || "the embedded model";
    list.push({ label: "$(chip) Choose the model…", command: "mellum.chooseModel", description: model });
  }
  const why = report?.lastError || report?.reason;
  list.push({
    label: "$(output) Show the log",
    command: "mellum.showLog",
    ...(why ? { detail: `Why nothing came last: ${why}` } : {}),
  });
  list.push({ label: "$(pulse) Doctor", command: "mellum.doctor", description: "what works here, what not, and why" });
  list.push({ label: "$(settings-gear) Settings", command: "mellum.openSettings" });
  list.push({
    label: running ? "$(refresh) Restart the server" : "$(play) Start the server",
    command: "mellum.restart",
    ...(running ? {} : { detail: sentence }),
  });
  return list;
}

export async function showMenu(standing: Standing): Promise<void> {
  const chosen = await vscode.window.showQuickPick(choices(standing), { placeHolder: standing.sentence });
  if (chosen) await vscode.commands.executeCommand(chosen.command);
}
