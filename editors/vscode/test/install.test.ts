import assert from "node:assert/strict";
import { access, mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { install } from "../src/server/install";
import { type Run, runProgram } from "../src/server/programs";
import { findPython } from "../src/server/python";
import { CancellationTokenSource } from "./stub/vscode";

const answering =
  (answers: Record<string, string>): Run =>
  async (command) => ({ code: command in answers ? 0 : undefined, tail: [answers[command] ?? "not found"] });

test("the first Python that is new enough and has venv is taken", async () => {
  const run = answering({ python3: "3.9 1", python: "3.12 0", "python3.13": "3.13 1" });
  assert.deepEqual(await findPython("linux", run), { command: "python3.13", args: [], version: "3.13" });
  assert.deepEqual(await findPython("win32", answering({ py: "3.11 1" })), { command: "py", args: ["-3"], version: "3.11" });
});

test("why there is none is said with what was found", async () => {
  assert.match(String(await findPython("linux", answering({ python3: "3.9 1" }))), /python3 is Python 3\.9.*3\.11 or newer/);
  assert.match(String(await findPython("linux", answering({ python3: "3.12 0" }))), /no venv.*python3-venv/);
  assert.match(String(await findPython("linux", answering({}))), /no Python was found/);
});

test("a program's lines come as they are written, and its end with its code", async () => {
  const lines: string[] = [];
  const script = "console.log('one'); console.error('two'); process.exitCode = 3";
  const ended = await runProgram(process.execPath, ["-e", script], (line) => lines.push(line));
  assert.equal(ended.code, 3);
  assert.deepEqual([...lines].sort(), ["one", "two"]);
  assert.equal((await runProgram("/no/such/program", [])).code, undefined);
});

test("a program that is no longer wanted is ended", async () => {
  const source = new CancellationTokenSource();
  const script = "console.log('up'); setInterval(() => {}, 1000)";
  const ended = await runProgram(process.execPath, ["-e", script], () => source.cancel(), source.token as never);
  assert.equal(ended.code, undefined);
});

async function trying(run: Run, cancel?: CancellationTokenSource): Promise<{ result: unknown; steps: string[]; folder: string }> {
  const folder = join(await mkdtemp(join(tmpdir(), "mellum-install-")), "server");
  await mkdir(folder);
  await writeFile(join(folder, "half"), "");
  const steps: string[] = [];
  const python = { command: "python3", args: [], version: "3.12" };
  const stop = (cancel ?? new CancellationTokenSource()).token as never;
  const result = await install({ python, folder, platform: "linux", run, report: (step) => steps.push(step), stop });
  return { result, steps, folder };
}

test("an environment is made, pip is run in it, and what came is tried", async () => {
  const ran: string[] = [];
  const run: Run = async (command, args) => {
    ran.push([command, ...args].join(" "));
    return { code: 0, tail: [] };
  };
  const { result, folder } = await trying(run);
  assert.deepEqual(result, { file: join(folder, "bin/mellum-ls") });
  assert.equal(ran[0], `python3 -m venv --clear ${folder}`);
  assert.match(ran[1] ?? "", new RegExp(`^${folder}/bin/python -m pip install .* mellum-ls$`));
  assert.equal(ran[2], `${folder}/bin/mellum-ls --version`);
});

test("what fails leaves nothing behind and says why", async () => {
  const run: Run = async (_, args) =>
    args.includes("pip") ? { code: 1, tail: ["ERROR: no network"] } : { code: 0, tail: [] };
  const { result, folder } = await trying(run);
  assert.deepEqual(result, { reason: "downloading failed: ERROR: no network" });
  await assert.rejects(access(folder));
});

test("what is cancelled leaves nothing behind", async () => {
  const cancel = new CancellationTokenSource();
  const run: Run = async (_, args) => {
    if (args.includes("pip")) cancel.cancel();
    return { code: 0, tail: [] };
  };
  const { result, folder } = await trying(run, cancel);
  assert.deepEqual(result, { reason: "the installation was cancelled" });
  await assert.rejects(access(folder));
});
