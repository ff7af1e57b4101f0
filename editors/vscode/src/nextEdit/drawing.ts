/** How a next edit looks in an editor. Draws and wipes; decides nothing. */

import * as vscode from "vscode";
import { inOneLine, wordwise } from "./change";
import { isVisible, pointer } from "./keys";

// A decoration's text is one line of CSS, in which spaces would run together.
const AS_IS = "none; white-space: pre";

export class Drawing implements vscode.Disposable {
  private readonly old = vscode.window.createTextEditorDecorationType({
    backgroundColor: new vscode.ThemeColor("diffEditor.removedTextBackground"),
    textDecoration: "line-through",
    rangeBehavior: vscode.DecorationRangeBehavior.ClosedClosed,
  });
  private readonly fresh = vscode.window.createTextEditorDecorationType({
    after: {
      backgroundColor: new vscode.ThemeColor("diffEditor.insertedTextBackground"),
      color: new vscode.ThemeColor("editor.foreground"),
      textDecoration: AS_IS,
    },
  });
  private readonly mark: vscode.TextEditorDecorationType;
  private readonly pointing = vscode.window.createTextEditorDecorationType({
    after: {
      color: new vscode.ThemeColor("editorCodeLens.foreground"),
      margin: "0 0 0 2em",
      textDecoration: AS_IS,
    },
  });

  /** `icon` stands in the gutter of the edit's line. */
  constructor(icon: vscode.Uri) {
    this.mark = vscode.window.createTextEditorDecorationType({
      gutterIconPath: icon,
      gutterIconSize: "contain",
      overviewRulerColor: new vscode.ThemeColor("charts.blue"),
      overviewRulerLane: vscode.OverviewRulerLane.Full,
    });
  }

  /** Draw the edit that puts `text` in the place of `range`; `why` is a sentence for who points at it. */
  draw(editor: vscode.TextEditor, range: vscode.Range, text: string, why: string): void {
    const { document } = editor;
    const change = wordwise(document.getText(range), text);
    const start = document.offsetAt(range.start);
    const from = document.positionAt(start + change.from);
    const to = document.positionAt(start + change.to);
    const hoverMessage = hover(document.languageId, document.getText(range), text, why);
    editor.setDecorations(this.old, from.isEqual(to) ? [] : [{ range: new vscode.Range(from, to), hoverMessage }]);
    const contentText = change.added ? inOneLine(change.added) : "";
    const behind = new vscode.Range(to, to);
    editor.setDecorations(this.fresh, [{ range: behind, hoverMessage, renderOptions: { after: { contentText } } }]);
    editor.setDecorations(this.mark, [new vscode.Range(from, from)]);
    this.point(editor, range);
  }

  /** Say at the cursor where the edit is, as long as that is not on the screen. */
  point(editor: vscode.TextEditor, range: vscode.Range): void {
    const edit = { first: range.start.line, last: range.end.line };
    const visible = editor.visibleRanges.map((each) => ({ first: each.start.line, last: each.end.line }));
    const { line } = editor.selection.active;
    const end = editor.document.lineAt(line).range.end;
    const contentText = pointer(edit, line);
    const pointing = { range: new vscode.Range(end, end), renderOptions: { after: { contentText } } };
    editor.setDecorations(this.pointing, isVisible(edit, visible) ? [] : [pointing]);
  }

  /** Point to an edit that is in another document. */
  pointAway(editor: vscode.TextEditor, name: string, line: number): void {
    const end = editor.document.lineAt(editor.selection.active.line).range.end;
    const contentText = `→ next edit in ${name}:${line + 1} · Tab`;
    editor.setDecorations(this.pointing, [{ range: new vscode.Range(end, end), renderOptions: { after: { contentText } } }]);
  }

  wipe(): void {
    for (const editor of vscode.window.visibleTextEditors) {
      for (const type of [this.old, this.fresh, this.mark, this.pointing]) editor.setDecorations(type, []);
    }
  }

  dispose(): void {
    for (const type of [this.old, this.fresh, this.mark, this.pointing]) type.dispose();
  }
}

function hover(language: string, old: string, text: string, why: string): vscode.MarkdownString {
  const message = new vscode.MarkdownString();
  if (why) message.appendText(`${why}\n\n`);
  if (old) message.appendCodeblock(old, language);
  return message.appendCodeblock(text, language);
}
