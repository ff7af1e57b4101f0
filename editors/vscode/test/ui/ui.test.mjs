// The extension in a real VS Code with the real server and the embedded model: what a user sees, and what a key does.
// Where a model has to chat, which the embedded one cannot, a scripted one is behind the same server.
// MELLUM_UI is a JSON object: tools, browser, extension, server, python, scripted, pictures.

import assert from "node:assert/strict";
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { READ_LINES, SECONDS, Workbench } from "./workbench.mjs";

const { server, python, scripted, ...places } = JSON.parse(process.env.MELLUM_UI);
const LAST = 80;
const SHAPES = `"""Shapes."""


def area(width: int, height: int) -> int:
    return width * height


def perimeter(width: int, height: int) -> int:
    return 2 * (width + height)


print(area(1, 2))
print(area(3, 4))
${"\n".repeat(LAST - 14)}print(area(5, 6))
`;
let workbench;
const metrics = () => join(workbench.folder, "metrics.jsonl");

before(async () => {
  workbench = await Workbench.open({
    ...places,
    files: { "shape.py": SHAPES },
    settings: (folder) => ({ "mellum.server.path": server, "mellum.metricsFile": join(folder, "metrics.jsonl") }),
    environment: (folder) => ({ MELLUM_RUNTIME_DIR: join(folder, "run"), MELLUM_CACHE_DIR: join(folder, "cache") }),
  });
  await workbench.openFile("shape.py");
});

after(() => workbench?.close());

/** What the status bar says of the server, once it is that. */
const says = (pattern) =>
  workbench.until(
    `the status bar says ${pattern}`,
    (source) =>
      [...document.querySelectorAll(".statusbar-item")]
        .map((item) => item.querySelector("[aria-label]")?.ariaLabel ?? item.ariaLabel ?? "")
        .find((label) => new RegExp(source).test(label)),
    `^Mellum: (${pattern})`,
  );

/** The ghost text, once there is some. */
const ghost = () =>
  workbench.until("there is ghost text", () =>
    [...document.querySelectorAll(".view-lines [class*=ghost-text]")]
      .map((part) => part.textContent)
      .join("")
      .replaceAll("\u00a0", " ")
      .trim(),
  );

/** The ghost text once it is all of the suggestion, of which the server has written down the length. */
async function wholeGhost() {
  for (let left = SECONDS * 10; left > 0; left--) {
    const text = await ghost();
    const offers = existsSync(metrics()) ? readFileSync(metrics(), "utf8").match(/"event": "offered".*/g) : null;
    if (offers && Number(/"characters": (\d+)/.exec(offers.at(-1))[1]) === text.length) return text;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return assert.fail("the ghost text does not become what the server has offered");
}

/** Wait until a text is drawn behind code: it is in no node, but in a style. */
const drawn = (pattern) =>
  workbench.until(
    `${pattern} is drawn behind code`,
    (source) =>
      [...document.querySelectorAll(".view-lines span")]
        .map((part) => getComputedStyle(part, "::after").content)
        .find((content) => content !== "none" && new RegExp(source).test(content)),
    pattern,
  );

/** Wait until a line of the document, whatever is drawn beside it, is that. */
const holds = (line) =>
  workbench.until(
    `a line is ${line}`,
    ([wanted, source]) => new Function(`return (${source})()`)().includes(wanted),
    [line, READ_LINES],
  );

const cursorLine = (line) =>
  workbench.until(`the cursor is in line ${line}`, (wanted) => document.body.textContent.includes(wanted), `Ln ${line}, Col`);

/** The numbers of the lines on the screen that hold a text. */
const linesWith = async (part) => (await workbench.lines()).flatMap((line, index) => (line.includes(part) ? [index + 1] : []));

/** Wait until the server has written down that event. */
async function event(name) {
  for (let left = 200; left > 0; left--) {
    if (existsSync(metrics()) && readFileSync(metrics(), "utf8").includes(`"event": "${name}"`)) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  assert.fail(`the server was not told: ${name}\n${existsSync(metrics()) ? readFileSync(metrics(), "utf8") : "nothing"}`);
}

test("a suggestion appears while one types, and Tab takes it", async () => {
  await says("ready");
  await workbench.goTo(10, 1);
  await workbench.type("\ndef volume(width: int, height: int, depth: int) -> int:\n");
  const text = await wholeGhost();
  await workbench.picture("1-suggestion");
  await workbench.press("Tab");
  await holds(`    ${text}`);
  await workbench.picture("2-taken");
  await event("accepted");
});

test("another suggestion is shown by a key, and again the first", async () => {
  await workbench.goTo(10, 1);
  await workbench.type("\ndef double(width: int) -> int:\n");
  const first = await wholeGhost();
  await workbench.press("Alt+]");
  await workbench.until(
    "the ghost text is another",
    (before) => {
      const parts = [...document.querySelectorAll(".view-lines [class*=ghost-text]")].map((part) => part.textContent);
      const text = parts.join("").replaceAll("\u00a0", " ").trim();
      return text !== "" && text !== before;
    },
    first,
  );
  await workbench.picture("3-another");
  await workbench.press("Escape");
});

test("a word of a suggestion is taken by a key, and the server is told of it", async () => {
  await workbench.goTo(10, 1);
  await workbench.type("\ndef half(width: int) -> int:\n");
  const text = await wholeGhost();
  await workbench.press("Control+ArrowRight");
  await holds(`    ${/^\w+/.exec(text)[0]}`);
  await workbench.picture("3-word-taken");
  await event("partiallyAccepted");
  await workbench.press("Escape");
});

test("a next edit is shown, gone to and made; the next is turned down; one off the screen is pointed to", async () => {
  const [first, second] = await linesWith("print(area");
  await workbench.goTo(4, 9);
  await workbench.press("Control+Shift+ArrowLeft");
  await workbench.type("surface");
  await drawn('^"surface"');
  await workbench.picture("4-next-edit");
  await workbench.press("Tab");
  await cursorLine(first);
  await workbench.press("Tab");
  await holds("print(surface(1, 2))");
  // What follows is asked for without another key.
  await drawn('^"surface"');
  await workbench.picture("5-made-and-next");
  await workbench.press("Tab");
  await cursorLine(second);
  await workbench.press("Tab");
  await holds("print(surface(3, 4))");
  await drawn("next edit in line \\d+ · Tab");
  await workbench.picture("6-off-the-screen");
  await workbench.press("Escape");
  await workbench.until("nothing is drawn any more", () =>
    [...document.querySelectorAll(".view-lines span")].every(
      (part) => !/next edit/.test(getComputedStyle(part, "::after").content),
    ),
  );
  await workbench.press("Control+End");
  await holds("print(area(5, 6))");
});

test("the menu pauses, the status bar says so, and nothing is suggested until it resumes", async () => {
  const open = async (entry) => {
    await workbench.page.click('.statusbar-item[id="mellum.mellum-ls.mellum.status"]');
    await workbench.page.waitForSelector(`.quick-input-list .label-name:has-text("${entry}")`);
  };
  await open("Pause suggestions");
  await workbench.picture("7-menu");
  await workbench.press("Enter");
  await says("paused");
  await workbench.picture("8-paused");
  await open("Resume suggestions");
  await workbench.press("Enter");
  await says("ready");
});

/** A server whose model says these things one after the other; it writes down its number when it starts. */
function chatting(...replies) {
  const [file, number, heard] = ["chatting", "number", "heard"].map((name) => join(workbench.folder, name));
  const quoted = JSON.stringify(replies).replaceAll("'", "'\\''");
  const run = `exec '${python}' -P '${scripted}' '${quoted}' chat '${heard}'`;
  writeFileSync(file, `#!/bin/sh\necho $$ > '${number}'\n${run}\n`);
  chmodSync(file, 0o755);
  return { file, number };
}

test("with another path in the settings another server is started, and code is explained and rewritten", async () => {
  const { file, number } = chatting("It *multiplies* the two sides.", "```python\ndef surface(width, height):\n    return width * height\n```");
  workbench.configure({ "mellum.server.path": file });
    await says("ready");
  await workbench.goTo(4, 1);
  await workbench.press("Shift+ArrowDown");
  await workbench.press("Shift+End");
  await workbench.command("Mellum: Explain the Selected Code");
  await workbench.page.waitForSelector('.tab.active[data-resource-name="shape.py.md"]');
  await holds("It *multiplies* the two sides.");
  await workbench.picture("9-explained");
  await workbench.page.click('.tab[data-resource-name="shape.py"]');
  await workbench.page.waitForSelector('.tab.active[data-resource-name="shape.py"]');
  await workbench.page.waitForSelector(".editor-instance .monaco-editor.focused");
  await workbench.command("Mellum: Rewrite the Selected Code");
  await workbench.page.waitForSelector('.quick-input-widget:has-text("rewritten")');
  await workbench.type("no types");
  await workbench.press("Enter");
  await holds("def surface(width, height):");
  await workbench.goTo(4, 6);
  await workbench.command("Quick Fix...");
  await workbench.page.waitForSelector('.action-widget:has-text("Explain surface")');
  await workbench.picture("10-rewritten-and-lightbulb");
  await workbench.press("Escape");
});

test("a server that is killed comes back by itself", async () => {
  const number = join(workbench.folder, "number");
  const before = Number(readFileSync(number, "utf8"));
  process.kill(before, "SIGKILL");
  await says("the server has ended");
  await says("ready");
  assert.notEqual(Number(readFileSync(number, "utf8")), before);
});

test("without a server it is said once, with what can be done", async () => {
  workbench.configure({ "mellum.server.path": "" });
  await says("mellum-ls is neither on PATH");
  await workbench.page.waitForSelector('.notification-toast:has-text("neither on PATH"):has-text("Install")');
  await workbench.picture("11-no-server");
});
