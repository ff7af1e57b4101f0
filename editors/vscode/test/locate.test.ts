import assert from "node:assert/strict";
import { chmod, mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { locate, type Machine } from "../src/server/locate";
import { thisMachine } from "../src/server/machine";

const having = (platform: NodeJS.Platform, searched: string, ...files: string[]): Machine => ({
  platform,
  home: "/home/me",
  searched,
  isExecutable: async (file) => files.includes(file),
});

test("the setting wins over PATH, and PATH over the extension's own", async () => {
  const machine = having("linux", "/a:/b", "/s/mellum-ls", "/b/mellum-ls", "/own/bin/mellum-ls");
  assert.deepEqual(await locate("/s/mellum-ls", "/own", machine), { file: "/s/mellum-ls", origin: "setting" });
  assert.deepEqual(await locate(" ", "/own", machine), { file: "/b/mellum-ls", origin: "PATH" });
  assert.deepEqual(await locate("", "/own", { ...machine, searched: "/a" }), { file: "/own/bin/mellum-ls", origin: "own" });
});

test("a setting that leads nowhere is said, and nothing else is started in its place", async () => {
  const answer = await locate("/gone", "/own", having("linux", "/b", "/b/mellum-ls"));
  assert.ok("reason" in answer && answer.reason.includes("/gone") && !answer.installable);
});

test("a name is looked for on PATH, and ~ is the home", async () => {
  const machine = having("linux", "/a:/b", "/b/my-mellum", "/home/me/m/mellum-ls");
  assert.deepEqual(await locate("my-mellum", "/own", machine), { file: "/b/my-mellum", origin: "setting" });
  assert.deepEqual(await locate("~/m/mellum-ls", "/own", machine), { file: "/home/me/m/mellum-ls", origin: "setting" });
});

test("nothing is taken from the current folder, whatever PATH says", async () => {
  const answer = await locate("", "/own", having("linux", ":/a", "mellum-ls", "/mellum-ls"));
  assert.ok("reason" in answer && answer.installable);
});

test("on Windows the endings are tried", async () => {
  const machine = having("win32", "C:\\a;C:\\b", "C:\\b\\mellum-ls.exe", "C:\\own\\Scripts\\mellum-ls.exe");
  assert.deepEqual(await locate("", "C:\\own", machine), { file: "C:\\b\\mellum-ls.exe", origin: "PATH" });
  assert.deepEqual(await locate("", "C:\\own", { ...machine, searched: "" }), {
    file: "C:\\own\\Scripts\\mellum-ls.exe",
    origin: "own",
  });
});

test("on this machine only a file that may be run is one", { skip: process.platform === "win32" }, async () => {
  const folder = await mkdtemp(join(tmpdir(), "mellum-locate-"));
  const file = join(folder, "mellum-ls");
  await mkdir(join(folder, "folder"));
  await writeFile(file, "#!/bin/sh\n");
  const machine = thisMachine();
  assert.equal(await machine.isExecutable(file), false);
  await chmod(file, 0o755);
  assert.equal(await machine.isExecutable(file), true);
  assert.equal(await machine.isExecutable(join(folder, "folder")), false);
});
