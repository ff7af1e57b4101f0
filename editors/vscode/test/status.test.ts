import assert from "node:assert/strict";
import { test } from "node:test";
import { lastLine } from "../src/actions";
import { Restarts } from "../src/server/restarts";
import { choices } from "../src/status/menu";
import { words } from "../src/status/words";
import { Position } from "./stub/vscode";

const status = (kind: "Normal" | "Warning" | "Error" | "Inactive", message = "", busy = false) =>
  words({ name: "running", status: { busy, kind, message } }, false);

test("every state has an icon and says why", () => {
  assert.deepEqual(words({ name: "starting" }, false).tooltip, "Mellum: the server is starting");
  assert.equal(words({ name: "running", status: undefined }, false).tooltip, "Mellum: ready");
  assert.deepEqual(status("Error", "no model"), { text: "$(error) Mellum", tooltip: "Mellum: no model", severity: "error" });
  assert.equal(status("Warning", "it is tried again").severity, "warning");
  assert.deepEqual(status("Inactive", "the file is ignored"), {
    text: "$(circle-slash) Mellum",
    tooltip: "Mellum: the file is ignored",
    severity: "",
  });
  assert.match(status("Normal", "loading the model", true).text, /spin/);
  assert.equal(status("Normal", "", true).tooltip, "Mellum: writing");
  const stopped = words({ name: "stopped", reason: "mellum-ls is not there" }, true);
  assert.deepEqual([stopped.tooltip, stopped.severity], ["Mellum: mellum-ls is not there", "error"]);
  assert.match(words({ name: "waiting", seconds: 4 }, false).tooltip, /in 4 s/);
});

test("a pause is said while the server runs", () => {
  assert.match(words({ name: "running", status: { busy: false, kind: "Normal", message: "" } }, true).tooltip, /paused/);
});

test("the menu offers what can be done now", () => {
  const report = { state: "ready", reason: "inside a word", model: "/m", lastError: "" };
  const running = choices({ running: true, paused: false, sentence: "ready", report });
  assert.deepEqual(running.map(({ command }) => command), [
    "mellum.pause",
    "mellum.chooseModel",
    "mellum.showLog",
    "mellum.doctor",
    "mellum.openSettings",
    "mellum.restart",
  ]);
  assert.ok(running.some(({ detail }) => detail?.includes("inside a word")));
  assert.equal(choices({ running: true, paused: true, sentence: "", report })[0]?.command, "mellum.resume");
  const stopped = choices({ running: false, paused: false, sentence: "gone", report: undefined });
  assert.ok(!stopped.some(({ command }) => ["mellum.pause", "mellum.chooseModel"].includes(command)));
  assert.equal(stopped.at(-1)?.detail, "gone");
});

test("a server that ends comes back at growing distances, and not for ever", () => {
  let now = 0;
  const restarts = new Restarts(() => now);
  const delays = Array.from({ length: 9 }, () => {
    restarts.begun();
    return restarts.delay();
  });
  assert.deepEqual(delays, [1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000, undefined]);
  restarts.forget();
  assert.equal(restarts.delay(), 1000);
  restarts.begun();
  now += 6 * 60_000;
  assert.equal(restarts.delay(), 1000);
});

test("a selection that ends at the beginning of a line does not mean that line", () => {
  const lines = (...at: [number, number, number, number]): number =>
    lastLine({ start: new Position(at[0], at[1]) as never, end: new Position(at[2], at[3]) as never });
  assert.equal(lines(1, 0, 3, 0), 2);
  assert.equal(lines(1, 0, 3, 1), 3);
  assert.equal(lines(1, 0, 1, 0), 1);
});
