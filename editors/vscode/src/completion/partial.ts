/** Words and lines of a suggestion, taken by keys, as the server is told of them. The editor does the taking. */

import * as vscode from "vscode";
import type { LanguageClient } from "vscode-languageclient/node";
import { PARTIALLY_ACCEPTED } from "../protocol";
import { type Offered, partOf } from "./accepted";

/** Our commands, and the editor's that each has the work done by. */
export const COMMANDS: Readonly<Record<string, string>> = {
  "mellum.acceptNextWord": "editor.action.inlineSuggest.acceptNextWord",
  "mellum.acceptNextLine": "editor.action.inlineSuggest.acceptNextLine",
};

/** Run the editor's command, and tell the server what of a suggestion now stands in the document. */
export async function acceptPart(
  builtIn: string,
  offered: () => readonly Offered[],
  client: () => LanguageClient | undefined,
): Promise<void> {
  const offers = offered();
  await vscode.commands.executeCommand(builtIn);
  const editor = vscode.window.activeTextEditor;
  const start = offers[0]?.start;
  if (!editor || !start) return;
  const from = new vscode.Position(start.line, start.character);
  const taken = partOf(offers, editor.document.getText(new vscode.Range(from, editor.selection.active)));
  if (!taken) return;
  const { offer, length } = taken;
  const item = { insertText: offer.insertText, command: { title: "", command: "mellum.accepted", arguments: [offer.id] } };
  await client()?.sendNotification(PARTIALLY_ACCEPTED, { item, acceptedLength: length });
}
