// The installation for real: a Python is found, an environment made, the package built and installed by pip, and started.
// Of this project's own sources and without what they need, which is gigabytes.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { install } from "../../src/server/install";
import { locate } from "../../src/server/locate";
import { thisMachine } from "../../src/server/machine";
import { runProgram } from "../../src/server/programs";
import { findPython } from "../../src/server/python";
import { CancellationTokenSource } from "../stub/vscode";

const ROOT = join(__dirname, "../../..");

test("what is installed is found and says its version", { timeout: 300_000 }, async (context) => {
  const python = await findPython(process.platform, runProgram);
  assert.ok(typeof python !== "string", String(python));
  const base = mkdtempSync(join(tmpdir(), "mellum-install-"));
  context.after(() => rmSync(base, { recursive: true, force: true }));
  // A copy: building leaves its traces among the sources.
  const sources = join(base, "sources");
  mkdirSync(sources);
  const archive = execFileSync("git", ["-C", ROOT, "archive", "HEAD"], { maxBuffer: 1 << 30 });
  execFileSync("tar", ["-x", "-C", sources], { input: archive });
  const steps: string[] = [];
  const folder = join(base, "server");
  const result = await install({
    python,
    folder,
    platform: process.platform,
    run: runProgram,
    report: (step) => steps.push(step),
    stop: new CancellationTokenSource().token as never,
    requirement: ["--no-deps", sources],
  });
  assert.deepEqual(result, { file: join(folder, "bin", "mellum-ls") });
  assert.ok(steps.includes("downloading") && steps.some((step) => /Successfully installed mellum-ls/.test(step)));
  const found = await locate("", folder, { ...thisMachine(), searched: "" });
  assert.deepEqual(found, { file: join(folder, "bin", "mellum-ls"), origin: "own" });
  const wanted = /^version = "(.+)"$/m.exec(readFileSync(join(sources, "pyproject.toml"), "utf8"))?.[1];
  const { code, tail } = await runProgram(join(folder, "bin", "mellum-ls"), ["--version"]);
  assert.deepEqual([code, tail], [0, [`mellum-ls ${wanted}`]]);
  assert.ok(existsSync(folder));
});
