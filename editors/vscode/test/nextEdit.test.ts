import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { NextEdits } from "../src/nextEdit/controller";
import { Drawing } from "../src/nextEdit/drawing";
import { StubClient } from "./stub/client";
import * as vscode from "./stub/vscode";

const TEXT = "function surface() {}\n\nconsole.log(area());\n" + "\n".repeat(100) + "area();\n";
let client: StubClient;
let editor: vscode.TextEditor;
let nextEdits: NextEdits;

const edit = (line: number, character: number, version: number | null = editor.document.version) => ({
  text: "surface",
  range: { start: { line, character }, end: { line, character: character + 4 } },
  textDocument: { uri: String(editor.document.uri), version },
  command: { title: "", command: "mellum.nextEdit.accepted", arguments: ["e1"] },
});
const answer = (...edits: unknown[]) => ({ edits, kind: "rename", reason: "area is called surface", silence: "" });
const isShown = (): unknown => vscode.seen.context.get("mellum.nextEditVisible") ?? false;
const drawn = (): string[] =>
  [...editor.drawn.values()].flat().map((each: any) => each.renderOptions?.after.contentText).filter(Boolean);

/** Type a key, let the pause pass, and answer the question that comes. */
async function typed(...edits: unknown[]): Promise<any> {
  const number = client.asked.length;
  editor.type(new vscode.Range(0, 19, 0, 19), " ");
  mock.timers.tick(200);
  const request = await client.request(number);
  request.answer(answer(...edits.map((each) => (each === "here" ? edit(2, 12) : each))));
  await turn();
  return request;
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

beforeEach(() => {
  mock.timers.enable({ apis: ["setTimeout"] });
  client = new StubClient();
  editor = new vscode.TextEditor(new vscode.TextDocument(vscode.Uri.parse("file:///a.ts"), TEXT));
  vscode.window.activeTextEditor = editor;
  vscode.documents.set("file:///a.ts", editor.document);
  vscode.seen.context.clear();
  vscode.seen.messages.length = 0;
  nextEdits = new NextEdits(() => client as never, () => true, new Drawing(vscode.Uri.parse("icon") as never));
});

afterEach(() => {
  nextEdits.dispose();
  mock.timers.reset();
});

test("after a burst of keys one question is put, and its edit is drawn and said to be shown", async () => {
  for (const key of "abc") editor.type(new vscode.Range(1, 0, 1, 0), key);
  const request = await typed("here");
  assert.equal(client.asked.length, 1);
  assert.equal(request.params.textDocument.version, 5);
  assert.equal(isShown(), true);
  assert.deepEqual(drawn(), ["surface"]);
  assert.deepEqual(client.told[0], ["textDocument/didShowInlineEdit", { item: { command: edit(2, 12).command } }]);
});

test("Tab goes there first, then makes it, tells the server and asks what follows", async () => {
  await typed("here");
  await nextEdits.tab();
  assert.equal(editor.selection.active.line, 2);
  assert.match(editor.document.text, /area\(\)\);/);
  const making = nextEdits.tab();
  const told = await client.request(1);
  assert.deepEqual(told.params, { command: "mellum.nextEdit.accepted", arguments: ["e1"] });
  told.answer(null);
  const next = await client.request(2);
  assert.equal(next.method, "mellum/nextEdit");
  next.answer(answer(edit(103, 0)));
  await making;
  assert.match(editor.document.text, /console\.log\(surface\(\)\);/);
  assert.equal(isShown(), true);
  assert.deepEqual(drawn(), ["surface", "↓ next edit in line 104 · Tab"]);
});

test("Esc turns it down and says so", async () => {
  await typed("here");
  const rejecting = nextEdits.reject();
  const told = await client.request(1);
  assert.deepEqual(told.params, { command: "mellum.nextEdit.rejected", arguments: ["e1"] });
  told.answer(null);
  await rejecting;
  assert.equal(isShown(), false);
  assert.deepEqual(drawn(), []);
});

test("another key takes away what is shown, without a word to the server", async () => {
  await typed("here");
  editor.type(new vscode.Range(1, 0, 1, 0), "x");
  assert.equal(isShown(), false);
  assert.equal(client.asked.length, 1);
});

test("an edit of another version is neither shown nor made", async () => {
  await typed(edit(2, 12, 1));
  assert.equal(isShown(), false);
  await typed("here");
  await nextEdits.tab();
  editor.document.version += 1; // changed without an event having come yet
  const before = editor.document.text;
  await nextEdits.tab();
  assert.equal(editor.document.text, before);
});

test("an answer that comes after another key is not shown", async () => {
  editor.type(new vscode.Range(1, 0, 1, 0), "x");
  mock.timers.tick(200);
  const request = await client.request(0);
  const late = edit(2, 12);
  editor.type(new vscode.Range(1, 0, 1, 0), "y");
  assert.equal(request.token?.isCancellationRequested, true);
  request.answer(answer(late));
  await turn();
  assert.equal(isShown(), false);
});

test("an answer for a text that has changed behind another editor is not shown", async () => {
  editor.type(new vscode.Range(1, 0, 1, 0), "x");
  mock.timers.tick(200);
  const request = await client.request(0);
  const late = edit(2, 12);
  vscode.window.activeTextEditor = new vscode.TextEditor(new vscode.TextDocument(vscode.Uri.parse("file:///b.ts"), ""));
  editor.type(new vscode.Range(1, 0, 1, 0), "y");
  request.answer(answer(late));
  await turn();
  assert.deepEqual(client.told, []);
  assert.equal(isShown(), false);
});

test("by command it may be in another document, and why there is none is said", async () => {
  const other = new vscode.TextDocument(vscode.Uri.parse("file:///b.ts"), "\narea();\n");
  vscode.documents.set("file:///b.ts", other);
  const asking = nextEdits.askNow();
  const request = await client.request(0);
  assert.equal(request.params.otherDocuments, true);
  request.answer(answer({ ...edit(1, 0, null), textDocument: { uri: "file:///b.ts", version: null } }));
  await asking;
  assert.deepEqual(drawn(), ["→ next edit in b.ts:2 · Tab"]);
  await nextEdits.tab();
  assert.equal(vscode.window.activeTextEditor?.document, other);
  const silent = nextEdits.askNow();
  (await client.request(1)).answer({ ...answer(), silence: "the last change was an undo" });
  await silent;
  assert.match(vscode.seen.messages[0] ?? "", /the last change was an undo/);
});

test("who wants no next edits is not asked about", async () => {
  nextEdits.dispose();
  nextEdits = new NextEdits(() => client as never, () => false, new Drawing(vscode.Uri.parse("icon") as never));
  editor.type(new vscode.Range(1, 0, 1, 0), "x");
  mock.timers.tick(200);
  await turn();
  assert.equal(client.asked.length, 0);
});
