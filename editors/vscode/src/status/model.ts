/** Choosing a model: the embedded one, or a folder with another. */

import * as vscode from "vscode";
import { SECTION } from "../settings";

export async function chooseModel(): Promise<void> {
  const embedded = { label: "The embedded model", description: "mellum2-nano; small, and always there", folder: false };
  const other = { label: "A folder…", description: "with config.json and the weights", folder: true };
  const chosen = await vscode.window.showQuickPick([embedded, other], { placeHolder: "The model for this window" });
  if (!chosen) return;
  let model = "";
  if (chosen.folder) {
    const [folder] = (await vscode.window.showOpenDialog({ canSelectFolders: true, canSelectFiles: false })) ?? [];
    if (!folder) return;
    model = folder.fsPath;
  }
  const target = vscode.ConfigurationTarget.Global;
  await vscode.workspace.getConfiguration(SECTION).update("model", model || undefined, target);
}
