import assert from "node:assert/strict";
import { test } from "node:test";
import { launch, options } from "../src/server/launch";
import { forServer } from "../src/settings";

test("the server gets its own settings, with changes of state told, and none of the extension's", () => {
  const values = { enable: true, maxLines: 3, server: { path: "/x" } };
  assert.deepEqual(forServer(values, { paused: false }), { enable: true, maxLines: 3, status: true });
  assert.deepEqual(forServer({ status: false }, { paused: false }), { status: true });
});

test("a pause wins over the setting and leaves the rest", () => {
  assert.deepEqual(forServer({ enable: true, model: "/m" }, { paused: true }), { enable: false, model: "/m", status: true });
});

test("what is no object says nothing", () => {
  for (const values of [null, undefined, 3, "x", [1]]) assert.deepEqual(forServer(values, { paused: false }), { status: true });
});

test("trust stands beside the section, where no setting can say it", () => {
  const said = options({ trusted: true, model: "/m" }, false, { paused: false });
  assert.equal(said.trusted, false);
  assert.deepEqual(said.mellum, { trusted: true, model: "/m", status: true });
});

test("a batch file is run by a shell, a program is not", () => {
  assert.deepEqual(launch("/bin/mellum-ls", "linux"), { command: "/bin/mellum-ls", args: ["serve", "--stdio"], shell: false });
  assert.deepEqual(launch("C:\\a b\\m.CMD", "win32"), { command: '"C:\\a b\\m.CMD"', args: ["serve", "--stdio"], shell: true });
  assert.equal(launch("/x.cmd", "linux").shell, false);
});
