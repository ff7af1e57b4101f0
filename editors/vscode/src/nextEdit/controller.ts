/** The next edit from question to fate: asked for after a change, shown, gone to, made or turned down. One at a time. */

import * as vscode from "vscode";
import type { LanguageClient } from "vscode-languageclient/node";
import { EDIT_REJECTED, NEXT_EDIT, type NextEdit, type NextEditAnswer, SHOWN_EDIT } from "../protocol";
import type { Drawing } from "./drawing";
import { step } from "./keys";

const VISIBLE = "mellum.nextEditVisible";
/** So long after a change the question is put, so that a burst of keys is one. */
const PAUSE_MS = 120;

export class NextEdits implements vscode.Disposable {
  private shown: { edit: NextEdit; why: string } | undefined;
  private timer: NodeJS.Timeout | undefined;
  private asking: vscode.CancellationTokenSource | undefined;
  private readonly listeners: vscode.Disposable[];

  /** `client` is that which runs now; `wanted` is whether the user wants next edits in a document. */
  constructor(
    private readonly client: () => LanguageClient | undefined,
    private readonly wanted: (document: vscode.TextDocument) => boolean,
    private readonly drawing: Drawing,
  ) {
    this.listeners = [
      vscode.workspace.onDidChangeTextDocument((event) => this.changed(event)),
      vscode.window.onDidChangeActiveTextEditor(() => this.redraw()),
      vscode.window.onDidChangeTextEditorVisibleRanges(() => this.redraw()),
      vscode.window.onDidChangeTextEditorSelection(() => this.redraw()),
    ];
  }

  /** Ask by command: the edit may then be in another document. What is said is for the user. */
  async askNow(): Promise<void> {
    const silence = await this.ask(true);
    if (silence) vscode.window.setStatusBarMessage(`Mellum: no next edit: ${silence}`, 5000);
  }

  /** Go to the edit, or make it where the user is there already. */
  async tab(): Promise<void> {
    const { shown } = this;
    if (!shown) return;
    const { edit } = shown;
    const uri = vscode.Uri.parse(edit.textDocument.uri);
    const editor = vscode.window.activeTextEditor;
    const here = editor?.document.uri.toString() === uri.toString() ? editor : undefined;
    const lines = { first: edit.range.start.line, last: edit.range.end.line };
    const visible = here?.visibleRanges.map((each) => ({ first: each.start.line, last: each.end.line })) ?? [];
    if (here && step(lines, here.selection.active.line, visible, true) === "accept") await this.make(here, edit);
    else await this.go(uri, edit);
  }

  /** Turn it down, so that it does not come again there. */
  async reject(): Promise<void> {
    const edit = this.shown?.edit;
    this.hide();
    const id = edit?.command.arguments?.[0];
    if (id !== undefined) await this.execute(EDIT_REJECTED, [id]);
  }

  dispose(): void {
    this.hide();
    this.drawing.dispose();
    for (const listener of this.listeners) listener.dispose();
  }

  private changed(event: vscode.TextDocumentChangeEvent): void {
    if (event.contentChanges.length === 0) return;
    if (this.shown?.edit.textDocument.uri === event.document.uri.toString()) this.hide();
    if (event.document !== vscode.window.activeTextEditor?.document) return;
    clearTimeout(this.timer);
    this.asking?.cancel();
    this.timer = setTimeout(() => void this.ask(false), PAUSE_MS);
  }

  /** Ask, and show what comes; why nothing came, empty when something did or the question has become idle. */
  private async ask(elsewhere: boolean): Promise<string> {
    this.hide();
    const client = this.client();
    const editor = vscode.window.activeTextEditor;
    if (!client || !editor) return "the server does not run";
    const { document } = editor;
    if (!elsewhere && !this.wanted(document)) return "the setting mellum.nextEdits is off";
    const asking = (this.asking = new vscode.CancellationTokenSource());
    const version = document.version;
    const params = {
      textDocument: { uri: client.code2ProtocolConverter.asUri(document.uri), version },
      position: client.code2ProtocolConverter.asPosition(editor.selection.active),
      otherDocuments: elsewhere,
    };
    try {
      const answer = await client.sendRequest<NextEditAnswer>(NEXT_EDIT, params, asking.token);
      if (asking.token.isCancellationRequested || document.version !== version) return "";
      const edit = answer.edits[0];
      if (!edit) return answer.silence || "nothing follows from the last changes";
      this.show(client, edit, answer.reason);
      return "";
    } catch (error) {
      if (!asking.token.isCancellationRequested) client.debug(`no next edit: ${String(error)}`);
      return asking.token.isCancellationRequested ? "" : "the server has a fault";
    } finally {
      if (this.asking === asking) this.asking = undefined;
      asking.dispose();
    }
  }

  private show(client: LanguageClient, edit: NextEdit, why: string): void {
    this.shown = { edit, why };
    setVisible(true);
    this.redraw();
    void client.sendNotification(SHOWN_EDIT, { item: { command: edit.command } });
  }

  private redraw(): void {
    const { shown } = this;
    const editor = vscode.window.activeTextEditor;
    if (!shown || !editor) return;
    const { edit, why } = shown;
    const range = asRange(edit);
    if (editor.document.uri.toString() !== vscode.Uri.parse(edit.textDocument.uri).toString()) {
      const name = edit.textDocument.uri.split("/").at(-1) ?? "";
      this.drawing.pointAway(editor, decodeURIComponent(name), range.start.line);
    } else if (isCurrent(editor.document, edit)) {
      this.drawing.draw(editor, range, edit.text, why);
    } else {
      this.hide();
    }
  }

  private async go(uri: vscode.Uri, edit: NextEdit): Promise<void> {
    const { start } = asRange(edit);
    const document = await vscode.workspace.openTextDocument(uri);
    await vscode.window.showTextDocument(document, { selection: new vscode.Range(start, start) });
    const editor = vscode.window.activeTextEditor;
    editor?.revealRange(asRange(edit), vscode.TextEditorRevealType.InCenterIfOutsideViewport);
    this.redraw();
  }

  private async make(editor: vscode.TextEditor, edit: NextEdit): Promise<void> {
    this.hide();
    if (!isCurrent(editor.document, edit)) return;
    const range = asRange(edit);
    const made = await editor.edit((builder) => builder.replace(range, edit.text));
    if (!made) return;
    const end = editor.document.positionAt(editor.document.offsetAt(range.start) + edit.text.length);
    editor.selection = new vscode.Selection(end, end);
    await this.execute(edit.command.command, edit.command.arguments ?? []);
    // What follows from this edit need not wait for another key.
    clearTimeout(this.timer);
    await this.ask(false);
  }

  private async execute(command: string, list: unknown[]): Promise<void> {
    const client = this.client();
    await client?.sendRequest("workspace/executeCommand", { command, arguments: list }).then(undefined, () => undefined);
  }

  private hide(): void {
    clearTimeout(this.timer);
    this.asking?.cancel();
    if (this.shown) setVisible(false);
    this.shown = undefined;
    this.drawing.wipe();
  }
}

/** Whether the edit is for the text as it is now; one for a file that was not open is as long as nothing was changed. */
function isCurrent(document: vscode.TextDocument, edit: NextEdit): boolean {
  const { version } = edit.textDocument;
  return version === null ? !document.isDirty : version === document.version;
}

function asRange(edit: NextEdit): vscode.Range {
  const { start, end } = edit.range;
  return new vscode.Range(start.line, start.character, end.line, end.character);
}

function setVisible(value: boolean): void {
  void vscode.commands.executeCommand("setContext", VISIBLE, value);
}
