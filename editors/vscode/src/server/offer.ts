/** Offers to install the server, once by itself and whenever the user asks, and shows how that goes. */

import { mkdir } from "node:fs/promises";
import * as path from "node:path";
import * as vscode from "vscode";
import { install } from "./install";
import { runProgram } from "./programs";
import { findPython } from "./python";

const OFFERED = "mellum.installOffered";
const INSTALL = "Install";
const LOCATE = "Set its path";

/** The folder of the extension's own virtual environment. */
export function ownEnvironment(context: vscode.ExtensionContext): string {
  return path.join(context.globalStorageUri.fsPath, "server");
}

/** Say once that there is no server, and do what the user chooses. True when one was installed. */
export async function offer(context: vscode.ExtensionContext, reason: string): Promise<boolean> {
  if (context.globalState.get(OFFERED)) return false;
  await context.globalState.update(OFFERED, true);
  const chosen = await vscode.window.showInformationMessage(`Mellum: ${reason}.`, INSTALL, LOCATE, "Not now");
  if (chosen === LOCATE) await vscode.commands.executeCommand("workbench.action.openSettings", "mellum.server.path");
  return chosen === INSTALL && (await installHere(context));
}

/** Ask, then install into the extension's own environment. True when that was done. */
export async function installHere(context: vscode.ExtensionContext): Promise<boolean> {
  const python = await findPython(process.platform, runProgram);
  if (typeof python === "string") {
    void vscode.window.showErrorMessage(`Mellum: ${python}.`);
    return false;
  }
  const folder = ownEnvironment(context);
  const detail =
    `pip downloads mellum-ls and what it needs, PyTorch above all (hundreds of megabytes, with CUDA some gigabytes), ` +
    `into ${folder}, with Python ${python.version}. No other Python environment is touched.`;
  const agreed = await vscode.window.showInformationMessage("Install mellum-ls?", { modal: true, detail }, INSTALL);
  if (agreed !== INSTALL) return false;
  await mkdir(path.dirname(folder), { recursive: true });
  const where = { location: vscode.ProgressLocation.Notification, title: "Mellum: installing mellum-ls", cancellable: true };
  const result = await vscode.window.withProgress(where, (progress, stop) =>
    install({
      python,
      folder,
      platform: process.platform,
      run: runProgram,
      report: (message) => progress.report({ message }),
      stop,
    }),
  );
  if ("reason" in result) {
    void vscode.window.showErrorMessage(`Mellum: ${result.reason}`);
    return false;
  }
  return true;
}
