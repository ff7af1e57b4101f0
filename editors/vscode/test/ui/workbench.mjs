// A real VS Code in a headless browser: its own folders, a workspace, keys, and waiting for what is on the screen.
// Knows nothing of this extension.

import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const SETTINGS = {
  "workbench.startupEditor": "none",
  "chat.disableAIFeatures": true,
  "editor.fontSize": 15,
  "editor.minimap.enabled": false,
  "editor.wordBasedSuggestions": "off",
  "editor.quickSuggestions": { other: "off", comments: "off", strings: "off" },
  "files.autoSave": "off",
  "telemetry.telemetryLevel": "off",
  "workbench.colorTheme": "Default Light Modern",
  "workbench.secondarySideBar.defaultVisibility": "hidden",
};
const BROWSER_FLAGS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking"];
export const SECONDS = Number(process.env.MELLUM_UI_SECONDS ?? 90);

/** A port that is free now. */
function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** Source of a function of the page: the lines that the editor shows, ghost text and decorations left out. */
export const READ_LINES = `() => {
  const lines = [...document.querySelectorAll(".editor-instance .view-lines .view-line")];
  lines.sort((one, other) => parseInt(one.style.top) - parseInt(other.style.top));
  return lines.map((line) => {
    const walker = document.createTreeWalker(line, NodeFilter.SHOW_TEXT);
    let text = "";
    while (walker.nextNode()) {
      if (!walker.currentNode.parentElement.closest("[class*=ghost-text]")) text += walker.currentNode.data;
    }
    return text.replaceAll("\\u00a0", " ");
  });
}`;

/** Write the settings. What only a machine may say is not taken from a user's, since the browser is another machine. */
function configure(data, settings) {
  for (const each of ["User", "Machine"]) {
    writeFileSync(join(data, each, "settings.json"), JSON.stringify({ ...SETTINGS, ...settings }));
  }
}

export class Workbench {
  /** `tools` is where code-server and playwright-core are installed; `pictures` is a folder for screenshots. */
  static async open({ tools, browser, extension, files, settings, environment, pictures }) {
    const folder = mkdtempSync(join(tmpdir(), "mellum-ui-"));
    const [data, extensions, workspace] = ["data", "extensions", "workspace"].map((name) => join(folder, name));
    for (const each of [join(data, "User"), join(data, "Machine"), extensions, workspace, pictures]) mkdirSync(each, { recursive: true });
    for (const [name, text] of Object.entries(files)) writeFileSync(join(workspace, name), text);
    configure(data, settings(folder));
    const program = join(tools, "node_modules", ".bin", "code-server");
    const path = `${join(tools, "node_modules", ".bin")}:${process.env.PATH}`;
    const env = { ...process.env, ...environment(folder), HOME: folder, PATH: path };
    const places = ["--user-data-dir", data, "--extensions-dir", extensions];
    execFileSync(program, [...places, "--install-extension", extension], { env, stdio: "pipe" });
    const port = await freePort();
    const quiet = ["--disable-telemetry", "--disable-update-check", "--disable-workspace-trust"];
    const address = ["--auth", "none", "--bind-addr", `127.0.0.1:${port}`];
    const server = spawn(program, [...address, ...places, ...quiet, workspace], { env, stdio: ["ignore", "pipe", "pipe"] });
    const workbench = new Workbench(server, folder, pictures);
    await workbench.serves();
    const { chromium } = await import(join(tools, "node_modules", "playwright-core", "index.mjs"));
    workbench.browser = await chromium.launch({ executablePath: browser, args: BROWSER_FLAGS });
    workbench.page = await workbench.browser.newPage({ viewport: { width: 1100, height: 700 } });
    workbench.page.setDefaultTimeout(SECONDS * 1000);
    await workbench.page.goto(`http://127.0.0.1:${port}/`);
    await workbench.page.waitForSelector(".monaco-workbench");
    return workbench;
  }

  constructor(server, folder, pictures) {
    Object.assign(this, { server, folder, pictures, log: "" });
    for (const stream of [server.stdout, server.stderr]) stream.on("data", (data) => (this.log += data));
  }

  serves() {
    return new Promise((resolve, reject) => {
      const look = () => /HTTP server listening/.test(this.log) && resolve();
      this.server.stdout.on("data", look);
      this.server.on("exit", () => reject(new Error(`code-server has ended:\n${this.log}`)));
      look();
    });
  }

  async openFile(name) {
    await this.page.dblclick(`.explorer-folders-view .label-name:has-text("${name}")`);
    await this.page.waitForSelector(`.tab.active[data-resource-name="${name}"]`);
    await this.page.waitForSelector(".editor-instance .monaco-editor.focused");
  }

  /** Other settings from now on. */
  configure(settings) {
    configure(join(this.folder, "data"), settings);
  }

  /** Put the cursor there; both count from 1. */
  async goTo(line, column) {
    await this.page.keyboard.press("Control+g");
    await this.page.waitForSelector(".quick-input-widget input");
    await this.page.keyboard.type(`${line}:${column}`);
    await this.page.keyboard.press("Enter");
    await this.page.waitForSelector(".quick-input-widget", { state: "hidden" });
  }

  async command(title) {
    await this.page.keyboard.press("F1");
    await this.page.waitForSelector(".quick-input-widget input");
    await this.page.keyboard.type(title);
    await this.page.waitForSelector(`.quick-input-list .label-name:has-text("${title}")`);
    await this.page.keyboard.press("Enter");
  }

  press(key) {
    return this.page.keyboard.press(key);
  }

  /** Like a person: quick, but key by key. */
  type(text) {
    return this.page.keyboard.type(text, { delay: 40 });
  }

  /** What the function of the page gives once that is true; fails with `what`. */
  async until(what, look, argument) {
    try {
      const handle = await this.page.waitForFunction(look, argument, { timeout: SECONDS * 1000, polling: 50 });
      return await handle.jsonValue();
    } catch (error) {
      await this.picture("failed");
      throw new Error(`not within ${SECONDS} s: ${what} (${error.message.split("\n")[0]})`);
    }
  }

  lines() {
    return this.page.evaluate(`(${READ_LINES})()`);
  }

  async picture(name) {
    await this.page?.screenshot({ path: join(this.pictures, `${name}.png`) });
  }

  async close() {
    await this.browser?.close();
    if (this.server.exitCode === null) {
      const gone = new Promise((resolve) => this.server.on("exit", resolve));
      this.server.kill("SIGTERM");
      await gone;
    }
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}
