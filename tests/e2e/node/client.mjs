// A client on vscode-languageserver-protocol: renames a function, shows, accepts and rejects the next edits.
// Arguments: the server's command as JSON. Prints one JSON object of what it saw; ends with 1 when something is wrong.

import { spawn } from "node:child_process";
import assert from "node:assert/strict";
import { createRequire } from "node:module";

const require = createRequire(process.argv[3]);
const protocol = require("vscode-languageserver-protocol/node");
const {
  createProtocolConnection,
  DidChangeTextDocumentNotification,
  DidOpenTextDocumentNotification,
  ExecuteCommandRequest,
  ExitNotification,
  InitializedNotification,
  InitializeRequest,
  ProtocolNotificationType,
  ProtocolRequestType,
  ShutdownRequest,
  StreamMessageReader,
  StreamMessageWriter,
  TextDocumentEdit,
} = protocol;

const InlineEdit = new ProtocolRequestType("textDocument/copilotInlineEdit");
const NextEdit = new ProtocolRequestType("mellum/nextEdit");
const DidShow = new ProtocolNotificationType("textDocument/didShowInlineEdit");

const [command, ...args] = JSON.parse(process.argv[2]);
const server = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
const connection = createProtocolConnection(
  new StreamMessageReader(server.stdout),
  new StreamMessageWriter(server.stdin),
);
connection.listen();

const uri = "file:///project/shape.ts";
let version = 1;
let text = `export function area(width: number): number {
  return width;
}

// 🎉 of two units
console.log("🎉", area(1));
console.log(area(2));
`;

const offset = ({ line, character }) =>
  text.split("\n").slice(0, line).reduce((sum, each) => sum + each.length + 1, 0) + character;

/** Make an edit, in the client's text and in the server's. */
async function make({ range, newText }) {
  text = text.slice(0, offset(range.start)) + newText + text.slice(offset(range.end));
  version += 1;
  await connection.sendNotification(DidChangeTextDocumentNotification.type, {
    textDocument: { uri, version },
    contentChanges: [{ range, text: newText }],
  });
}

/** The one next edit; undefined where there is none. Fails where the answer is not as clients expect it. */
async function ask() {
  const result = await connection.sendRequest(InlineEdit, {
    textDocument: { uri, version },
    position: { line: 0, character: 0 },
    context: { triggerKind: 2 },
  });
  assert.ok(Array.isArray(result.edits) && result.edits.length <= 1);
  const [edit] = result.edits;
  if (edit) {
    assert.deepEqual(edit.textDocument, { uri, version });
    const as = { textDocument: edit.textDocument, edits: [{ range: edit.range, newText: edit.text }] };
    assert.ok(TextDocumentEdit.is(as));
    await connection.sendNotification(DidShow, { item: edit });
  }
  return edit;
}

const execute = (name, list) => connection.sendRequest(ExecuteCommandRequest.type, { command: name, arguments: list });

const hello = await connection.sendRequest(InitializeRequest.type, {
  processId: process.pid,
  rootUri: "file:///project",
  capabilities: { general: { positionEncodings: ["utf-16"] } },
  initializationOptions: { nextEditPauseMs: 0 },
});
assert.ok(hello.capabilities.experimental.mellum.nextEdit);
await connection.sendNotification(InitializedNotification.type, {});
await connection.sendNotification(DidOpenTextDocumentNotification.type, {
  textDocument: { uri, languageId: "typescript", version, text },
});

assert.equal(await ask(), undefined);
await make({ range: { start: { line: 0, character: 16 }, end: { line: 0, character: 20 } }, newText: "surface" });

const rejected = await ask();
await execute("mellum.nextEdit.rejected", rejected.command.arguments);
const accepted = await ask();
assert.notDeepEqual(accepted.range, rejected.range);
await make({ range: accepted.range, newText: accepted.text });
await execute(accepted.command.command, accepted.command.arguments);
const { silence } = await connection.sendRequest(NextEdit, {
  textDocument: { uri, version },
  position: { line: 0, character: 0 },
});
const { nextEdits } = await connection.sendRequest(new ProtocolRequestType("mellum/status"), {});

await connection.sendRequest(ShutdownRequest.type);
await connection.sendNotification(ExitNotification.type);
const code = await new Promise((resolve) => server.on("exit", resolve));
connection.dispose();
process.stdout.write(JSON.stringify({ rejected, accepted, text, silence, nextEdits, code }));
