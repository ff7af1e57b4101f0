// The extension's own way to the server, on Microsoft's protocol library: found on PATH, started, asked, told, ended.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import {
  ConfigurationRequest,
  createProtocolConnection,
  DidChangeTextDocumentNotification,
  DidOpenTextDocumentNotification,
  ExecuteCommandRequest,
  ExitNotification,
  InitializedNotification,
  InitializeRequest,
  LogMessageNotification,
  ProgressType,
  ShutdownRequest,
  StreamMessageReader,
  StreamMessageWriter,
} from "vscode-languageserver-protocol/node";
import { ACTIONS } from "../../src/actions";
import * as messages from "../../src/protocol";
import { launch, options } from "../../src/server/launch";
import { locate } from "../../src/server/locate";
import { thisMachine } from "../../src/server/machine";
import { forServer, SECTION } from "../../src/settings";

const manifest = require("../../package.json");
const forced = { paused: false };
/** What the editor gives for the section when the user has set nothing: every default, and the extension's own. */
const values: Record<string, unknown> = { server: { path: "" } };
for (const { properties } of manifest.contributes.configuration) {
  for (const [name, entry] of Object.entries<any>(properties)) {
    const rest = name.slice(SECTION.length + 1);
    if (!rest.includes(".")) values[rest] = entry.default;
  }
}

test("the server that the extension finds answers as the extension expects", { timeout: 240_000 }, async (context) => {
  const found = await locate("", "/no/environment", thisMachine());
  assert.ok("file" in found && found.origin === "PATH", JSON.stringify(found));
  const { command, args, shell } = launch(found.file, process.platform);
  const folder = mkdtempSync(join(tmpdir(), "mellum-e2e-"));
  const env = { ...process.env, HOME: folder, MELLUM_RUNTIME_DIR: join(folder, "r"), MELLUM_CACHE_DIR: join(folder, "c") };
  const server = spawn(command, args, { shell, env, stdio: ["pipe", "pipe", "inherit"] });
  context.after(() => server.kill());
  const connection = createProtocolConnection(new StreamMessageReader(server.stdout), new StreamMessageWriter(server.stdin));
  const logged: string[] = [];
  const statuses: messages.ServerStatus[] = [];
  connection.onNotification(LogMessageNotification.type, ({ message }) => void logged.push(message));
  connection.onNotification(messages.STATUS_CHANGED, (status: messages.ServerStatus) => void statuses.push(status));
  connection.onRequest(ConfigurationRequest.type, ({ items }) => items.map(() => forServer(values, forced)));
  connection.listen();

  const uri = "untitled:Untitled-1";
  const hello = await connection.sendRequest(InitializeRequest.type, {
    processId: process.pid,
    clientInfo: { name: "Visual Studio Code" },
    rootUri: null,
    capabilities: { workspace: { configuration: true }, general: { positionEncodings: ["utf-16"] } },
    initializationOptions: options(values, true, forced),
  });
  const provided = hello.capabilities;
  assert.ok(provided.inlineCompletionProvider && provided.codeActionProvider);
  assert.deepEqual(provided.experimental.mellum, { didMoveCursor: true, nextEdit: true });
  assert.deepEqual(provided.workspace?.textDocumentContent, { schemes: ["mellum"] });
  const commands = provided.executeCommandProvider?.commands ?? [];
  for (const name of [messages.EDIT_REJECTED, messages.RUN_ACTION]) assert.ok(commands.includes(name), name);
  // The language client registers these, so that the extension must not.
  const own: string[] = manifest.contributes.commands.map((each: { command: string }) => each.command);
  assert.deepEqual(own.filter((name) => commands.includes(name)), []);

  await connection.sendNotification(InitializedNotification.type, {});
  const text = 'def area(width: int) -> int:\n    return width\n\n\nprint(area(1), "🎉")\n';
  const textDocument = { uri, languageId: "python", version: 1, text };
  await connection.sendNotification(DidOpenTextDocumentNotification.type, { textDocument });
  await connection.sendNotification(messages.DID_FOCUS, { textDocument: { uri } });

  const position = { line: 1, character: 11 };
  const grown: messages.Completions[] = [];
  connection.onProgress(new ProgressType<messages.Completions>(), "grows", (list) => void grown.push(list));
  const params: messages.CompletionParams = {
    textDocument: { uri, version: 1 },
    position,
    context: { triggerKind: 1 },
    formattingOptions: { tabSize: 4, insertSpaces: true },
    partialResultToken: "grows",
  };
  const list = await connection.sendRequest<messages.Completions>(messages.INLINE_COMPLETION, params);
  assert.ok(list.items.length > 0, "the embedded model has nothing to say");
  for (const partial of grown) assert.ok(partial.items.every((item) => item.range?.start.line === 1));
  const item = list.items[0];
  assert.equal(item?.command?.command, "mellum.accepted");
  await connection.sendNotification(messages.PARTIALLY_ACCEPTED, { item, acceptedLength: 1 });

  const range = { start: { line: 0, character: 4 }, end: { line: 0, character: 8 } };
  await connection.sendNotification(DidChangeTextDocumentNotification.type, {
    textDocument: { uri, version: 2 },
    contentChanges: [{ range, text: "surface" }],
  });
  await connection.sendNotification(messages.DID_MOVE_CURSOR, { textDocument: { uri }, range });
  const asked = { textDocument: { uri, version: 2 }, position: { line: 0, character: 11 }, otherDocuments: false };
  const answer = await connection.sendRequest<messages.NextEditAnswer>(messages.NEXT_EDIT, asked);
  const edit = answer.edits[0];
  assert.ok(edit, answer.silence);
  assert.deepEqual(edit.textDocument, { uri, version: 2 });
  assert.equal(edit.range.start.line, 4);
  assert.match(answer.reason, /\w/);
  await connection.sendNotification(messages.SHOWN_EDIT, { item: { command: edit.command } });
  await connection.sendRequest(ExecuteCommandRequest.type, {
    command: messages.EDIT_REJECTED,
    arguments: edit.command.arguments ?? [],
  });

  // The embedded model cannot chat: every kind is known all the same, and why nothing comes is said.
  for (const kind of Object.values(ACTIONS)) {
    const wanted: messages.ActionWanted = { kind, uri, lines: [0, 1], instruction: "shorter" };
    const said = await connection.sendRequest(ExecuteCommandRequest.type, { command: messages.RUN_ACTION, arguments: [wanted] });
    assert.match(said.reason, /\w/, kind);
  }

  const report = await connection.sendRequest<any>(messages.STATUS, {});
  assert.equal(report.trusted, true);
  assert.equal(report.metrics.languages.python.partiallyAccepted, 1, JSON.stringify(report.metrics));
  const { offered, shown, rejected } = report.nextEdits;
  assert.deepEqual({ offered, shown, rejected }, { offered: 1, shown: 1, rejected: 1 });
  assert.ok(statuses.length > 0 && statuses.every(({ kind }) => kind === "Normal"), JSON.stringify(statuses));
  assert.deepEqual(logged.filter((line) => line.includes("setting")), []);

  await connection.sendRequest(ShutdownRequest.type);
  await connection.sendNotification(ExitNotification.type);
  assert.equal(await new Promise((resolve) => server.on("exit", resolve)), 0);
  connection.dispose();
});
