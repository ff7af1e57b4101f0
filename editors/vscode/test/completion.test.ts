import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { partOf } from "../src/completion/accepted";
import { acceptPart } from "../src/completion/partial";
import { GrowingCompletions } from "../src/completion/provider";
import { StubClient } from "./stub/client";
import * as vscode from "./stub/vscode";

const AUTOMATIC = { triggerKind: vscode.InlineCompletionTriggerKind.Automatic };
const INVOKED = { triggerKind: vscode.InlineCompletionTriggerKind.Invoke };
const range = { start: { line: 0, character: 4 }, end: { line: 0, character: 4 } };
const list = (...texts: string[]) => ({ items: texts.map((insertText) => ({ insertText, range })) });
const whole = (...texts: string[]) => ({
  items: texts.map((insertText, n) => ({ insertText, range, command: { title: "", command: "c", arguments: [`id${n}`] } })),
});

let client: StubClient;
let completions: GrowingCompletions;
let editor: vscode.TextEditor;
/** What the editor shows: it asks again when it is triggered, as the real one does. */
let shown: unknown[];

function provide(context: unknown, source = new vscode.CancellationTokenSource()): Promise<any> {
  const position = editor.selection.active;
  return Promise.resolve((completions.provide as any)(editor.document, position, context, source.token, () => []));
}

beforeEach(() => {
  mock.timers.enable({ apis: ["setTimeout"] });
  vscode.builtIn.clear();
  client = new StubClient();
  completions = new GrowingCompletions(() => client as never);
  editor = new vscode.TextEditor(new vscode.TextDocument(vscode.Uri.parse("file:///a.ts"), "let "));
  editor.selection = new vscode.Selection(new vscode.Position(0, 4), new vscode.Position(0, 4));
  vscode.window.activeTextEditor = editor;
  vscode.seen.context.clear();
  shown = [];
  vscode.builtIn.set("editor.action.inlineSuggest.trigger", async () => shown.push(await provide(INVOKED)));
});

afterEach(() => mock.timers.reset());

test("an answer that takes long is shown when there is something, and when it is whole", async () => {
  let wentOn = 0;
  vscode.builtIn.set("editor.action.inlineSuggest.showNext", () => wentOn++);
  const first = provide(AUTOMATIC);
  const request = await client.request(0);
  assert.equal(request.params.textDocument.version, 1);
  assert.deepEqual(request.params.formattingOptions, { tabSize: 2, insertSpaces: true });
  const token = request.params.partialResultToken;
  client.grow(token, list("x"));
  client.grow(token, list("x ="));
  mock.timers.tick(1000);
  assert.deepEqual(await first, list("x ="));
  assert.equal(vscode.seen.context.get("mellum.suggestionGrows"), true);
  client.grow(token, list("x = 1"));
  assert.deepEqual(shown, []);
  request.answer(whole("x = 1;"));
  await settled(() => shown.length > 0 && vscode.seen.context.get("mellum.suggestionGrows") === false);
  assert.deepEqual(shown, [whole("x = 1;")]);
  assert.equal(client.asked.length, 1);
  assert.deepEqual(completions.offered, [{ insertText: "x = 1;", start: range.start, id: "id0" }]);
  await settled(() => wentOn === 1);
});

test("where the editor has been made to ask, cycling makes it ask for several", async () => {
  const ran: string[] = [];
  for (const name of ["hide", "showNext"]) {
    vscode.builtIn.set(`editor.action.inlineSuggest.${name}`, () => ran.push(name));
  }
  await completions.cycle("editor.action.inlineSuggest.showNext");
  assert.deepEqual(ran, ["showNext"]);
  const first = provide(AUTOMATIC);
  const request = await client.request(0);
  client.grow(request.params.partialResultToken, list("x"));
  mock.timers.tick(1000);
  await first;
  request.answer(whole("x"));
  await settled(() => shown.length > 0);
  const cycling = completions.cycle("editor.action.inlineSuggest.showNext");
  (await client.request(1)).answer(whole("a", "b"));
  await cycling;
  assert.deepEqual(ran, ["showNext", "hide", "showNext"]);
  assert.deepEqual(shown.at(-1), whole("a", "b"));
});

test("an answer that is whole soon is given once", async () => {
  const first = provide(AUTOMATIC);
  const request = await client.request(0);
  client.grow(request.params.partialResultToken, list("x"));
  request.answer(whole("xy"));
  assert.deepEqual(await first, whole("xy"));
  mock.timers.tick(1000);
  assert.deepEqual(shown, []);
});

test("an answer that comes at once is given once", async () => {
  const first = provide(AUTOMATIC);
  (await client.request(0)).answer(whole("x"));
  assert.deepEqual(await first, whole("x"));
  assert.deepEqual(shown, []);
});

test("the editor's being done with its request ends one of which nothing was given, and no other", async () => {
  const [early, late] = [new vscode.CancellationTokenSource(), new vscode.CancellationTokenSource()];
  const none = provide(AUTOMATIC, early);
  const request = await client.request(0);
  early.cancel();
  assert.equal(request.token?.isCancellationRequested, true);
  request.answer({ items: [] });
  assert.deepEqual(await none, []);
  const some = provide(AUTOMATIC, late);
  const second = await client.request(1);
  client.grow(second.params.partialResultToken, list("x"));
  mock.timers.tick(1000);
  await some;
  late.cancel();
  assert.equal(second.token?.isCancellationRequested, false);
});

test("typing on leaves what was growing, and nothing of it is shown any more", async () => {
  const first = provide(AUTOMATIC);
  const request = await client.request(0);
  client.grow(request.params.partialResultToken, list("x"));
  mock.timers.tick(1000);
  await first;
  editor.type(new vscode.Range(0, 4, 0, 4), "y");
  client.grow(request.params.partialResultToken, list("x = 1"));
  const second = provide(AUTOMATIC);
  assert.equal(request.token?.isCancellationRequested, true);
  (await client.request(1)).answer(whole("z"));
  assert.deepEqual(await second, whole("z"));
  assert.deepEqual(shown, []);
});

test("who asks by a key gets several, and no growth", async () => {
  const answer = provide(INVOKED);
  const request = await client.request(0);
  assert.equal(request.params.partialResultToken, undefined);
  assert.equal(request.params.context.triggerKind, 1);
  request.answer(whole("a", "b"));
  assert.deepEqual(await answer, whole("a", "b"));
});

test("what is dismissed grows no more", async () => {
  const first = provide(AUTOMATIC);
  const request = await client.request(0);
  client.grow(request.params.partialResultToken, list("x"));
  mock.timers.tick(1000);
  await first;
  await completions.dismiss();
  client.grow(request.params.partialResultToken, list("x = 1"));
  request.answer(whole("x = 1;"));
  assert.equal(request.token?.isCancellationRequested, true);
  assert.equal(vscode.seen.context.get("mellum.suggestionGrows"), false);
  assert.deepEqual(shown, []);
});

test("without a server there is nothing", async () => {
  completions = new GrowingCompletions(() => undefined);
  assert.deepEqual(await provide(AUTOMATIC), []);
});

test("a part of a suggestion is told with its length from the beginning of its text", async () => {
  const first = provide(AUTOMATIC);
  (await client.request(0)).answer(whole("🎉 = 1;"));
  await first;
  vscode.builtIn.set("word", () => editor.type(new vscode.Range(0, 4, 0, 4), "🎉"));
  await acceptPart("word", () => completions.offered, () => client as never);
  const [[method, told]] = client.told as [[string, any]];
  assert.equal(method, "textDocument/didPartiallyAcceptCompletion");
  assert.equal(told.acceptedLength, 2);
  assert.deepEqual(told.item.command.arguments, ["id0"]);
});

test("all of a suggestion, none of it, and one that still grows are no parts", () => {
  const offers = [{ insertText: "ab", start: range.start, id: "1" }];
  assert.equal(partOf(offers, "ab"), undefined);
  assert.equal(partOf(offers, ""), undefined);
  assert.equal(partOf(offers, "x"), undefined);
  assert.equal(partOf([{ insertText: "ab", start: range.start, id: "" }], "a"), undefined);
  assert.equal(partOf(offers, "a")?.length, 1);
});

/** Let all that is due happen until the condition holds; fails the test by its timeout otherwise. */
async function settled(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}
