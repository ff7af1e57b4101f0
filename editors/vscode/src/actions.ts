/** Commands for the server's code actions, on the lines that are selected. What they do is the server's business. */

import * as vscode from "vscode";
import type { LanguageClient } from "vscode-languageclient/node";
import { type ActionWanted, RUN_ACTION } from "./protocol";

/** Our commands, and the server's kind of action that each has run. */
export const ACTIONS: Readonly<Record<string, ActionWanted["kind"]>> = {
  "mellum.fix": "fix",
  "mellum.explain": "explain",
  "mellum.document": "document",
  "mellum.writeTests": "tests",
  "mellum.refactor": "refactor",
};

export async function runAction(kind: ActionWanted["kind"], client: LanguageClient | undefined): Promise<void> {
  const editor = vscode.window.activeTextEditor;
  if (!client || !editor) return;
  const { document, selection } = editor;
  const lines: [number, number] = [selection.start.line, lastLine(selection)];
  const wanted: ActionWanted = { kind, uri: client.code2ProtocolConverter.asUri(document.uri), lines };
  if (kind === "fix") Object.assign(wanted, { problems: problems(document, lines) });
  if (kind === "refactor") {
    const instruction = await vscode.window.showInputBox({ prompt: "How should the selected code be rewritten?" });
    if (!instruction) return;
    wanted.instruction = instruction;
  }
  const params = { command: RUN_ACTION, arguments: [wanted] };
  const answer = await client.sendRequest<{ reason?: string } | null>("workspace/executeCommand", params);
  if (answer?.reason) vscode.window.setStatusBarMessage(`Mellum: ${answer.reason}`, 8000);
}

/** A selection that ends at the beginning of a line does not mean that line. */
export function lastLine(selection: { start: vscode.Position; end: vscode.Position }): number {
  const { start, end } = selection;
  return end.character === 0 && end.line > start.line ? end.line - 1 : end.line;
}

/** The diagnostics on those lines in the server's short form: line, message, code, source. */
function problems(document: vscode.TextDocument, [first, last]: [number, number]): [number, string, string, string][] {
  return vscode.languages
    .getDiagnostics(document.uri)
    .filter(({ range }) => range.start.line <= last && range.end.line >= first)
    .map(({ range, message, code, source }) => {
      const name = typeof code === "object" ? code.value : (code ?? "");
      return [range.start.line, message, String(name), source ?? ""];
    });
}
