/** Tells the server what the user looks at and where the cursor rests, so that it can read ahead there. */

import * as vscode from "vscode";
import type { LanguageClient } from "vscode-languageclient/node";
import { DID_FOCUS, DID_MOVE_CURSOR } from "./protocol";

export function followCursor(client: () => LanguageClient | undefined, follows: vscode.DocumentSelector): vscode.Disposable {
  const isFollowed = (document: vscode.TextDocument): boolean => vscode.languages.match(follows, document) > 0;
  return vscode.Disposable.from(
    vscode.window.onDidChangeActiveTextEditor((editor) => tellFocus(client(), editor, isFollowed)),
    vscode.window.onDidChangeTextEditorSelection(({ textEditor, kind, selections }) => {
      const { document } = textEditor;
      // What typing does to the cursor follows from the change itself.
      if (kind === undefined || !isFollowed(document) || textEditor !== vscode.window.activeTextEditor) return;
      const running = client();
      const selection = selections[0];
      if (!running || !selection) return;
      const convert = running.code2ProtocolConverter;
      const textDocument = { uri: convert.asUri(document.uri) };
      void running.sendNotification(DID_MOVE_CURSOR, { textDocument, range: convert.asRange(selection) });
    }),
  );
}

/** The document that has the focus, or that none has. */
export function tellFocus(
  client: LanguageClient | undefined,
  editor: vscode.TextEditor | undefined,
  isFollowed: (document: vscode.TextDocument) => boolean = () => true,
): void {
  if (!client) return;
  const document = editor?.document;
  const said = document && isFollowed(document) ? { textDocument: { uri: client.code2ProtocolConverter.asUri(document.uri) } } : {};
  void client.sendNotification(DID_FOCUS, said);
}
