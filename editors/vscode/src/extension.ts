/** Puts the parts together, and nothing else. */

import * as vscode from "vscode";
import { ACTIONS, runAction } from "./actions";
import { acceptPart, COMMANDS as PARTS } from "./completion/partial";
import { GrowingCompletions } from "./completion/provider";
import { followCursor, tellFocus } from "./cursor";
import { NextEdits } from "./nextEdit/controller";
import { Drawing } from "./nextEdit/drawing";
import { type Report, STATUS } from "./protocol";
import { DOCUMENTS } from "./server/client";
import { locate } from "./server/locate";
import { thisMachine } from "./server/machine";
import { installHere, offer, ownEnvironment } from "./server/offer";
import { Supervisor } from "./server/supervisor";
import { SECTION } from "./settings";
import { StatusBar } from "./status/bar";
import { showMenu } from "./status/menu";
import { chooseModel } from "./status/model";
import { words } from "./status/words";

let supervisor: Supervisor | undefined;

export function activate(context: vscode.ExtensionContext): void {
  const log = vscode.window.createOutputChannel("Mellum", { log: true });
  const bar = new StatusBar();
  const forced = { paused: false };
  const completions: GrowingCompletions = new GrowingCompletions(() => server.running());
  const server: Supervisor = (supervisor = new Supervisor({
    log,
    forced,
    provideInlineCompletionItems: completions.provide,
    find: () => {
      const setting = vscode.workspace.getConfiguration(SECTION).get("server.path", "");
      return locate(setting, ownEnvironment(context), thisMachine());
    },
    onState: (state) => bar.update(state, forced.paused),
    onMissing: async (reason) => {
      if (await offer(context, reason)) await server.restart();
    },
    onRunning: (client) => tellFocus(client, vscode.window.activeTextEditor),
  }));
  const drawing = new Drawing(vscode.Uri.joinPath(context.extensionUri, "images", "next-edit.svg"));
  const wantsNextEdits = (document: vscode.TextDocument): boolean =>
    !forced.paused &&
    vscode.languages.match(DOCUMENTS, document) > 0 &&
    vscode.workspace.getConfiguration(SECTION, document).get("nextEdits", true);
  const nextEdits = new NextEdits(server.running, wantsNextEdits, drawing);
  context.subscriptions.push(log, bar, completions, nextEdits, server, followCursor(server.running, DOCUMENTS));

  /** The server asks again for what it is to know. */
  const tellSettings = (beside: Record<string, unknown> | null): void => {
    void server.running()?.sendNotification("workspace/didChangeConfiguration", { settings: beside });
  };
  const pause = (paused: boolean): void => {
    forced.paused = paused;
    tellSettings(null);
    bar.update(server.state, paused);
  };
  const menu = async (): Promise<void> => {
    const client = server.running();
    const report = await client?.sendRequest<Report>(STATUS, {}).then(undefined, () => undefined);
    const sentence = words(server.state, forced.paused).tooltip;
    await showMenu({ running: client !== undefined, paused: forced.paused, sentence, report });
  };
  const doctor = (): void => {
    const terminal = vscode.window.createTerminal({ name: "Mellum doctor", shellPath: server.file, shellArgs: ["doctor"] });
    terminal.show();
  };
  const commands: Record<string, () => unknown> = {
    "mellum.menu": menu,
    "mellum.pause": () => pause(true),
    "mellum.resume": () => pause(false),
    "mellum.chooseModel": chooseModel,
    "mellum.showLog": () => log.show(),
    "mellum.doctor": doctor,
    "mellum.openSettings": () => vscode.commands.executeCommand("workbench.action.openSettings", "@ext:mellum.mellum-ls"),
    "mellum.restart": () => server.restart(),
    "mellum.installServer": async () => (await installHere(context)) && server.restart(),
    "mellum.nextSuggestion": () => completions.cycle("editor.action.inlineSuggest.showNext"),
    "mellum.previousSuggestion": () => completions.cycle("editor.action.inlineSuggest.showPrevious"),
    "mellum.dismissSuggestion": () => completions.dismiss(),
    "mellum.nextEdit": () => nextEdits.askNow(),
    "mellum.nextEdit.tab": () => nextEdits.tab(),
    "mellum.nextEdit.reject": () => nextEdits.reject(),
  };
  for (const [name, kind] of Object.entries(ACTIONS)) commands[name] = () => runAction(kind, server.running());
  for (const [name, builtIn] of Object.entries(PARTS)) {
    commands[name] = () => acceptPart(builtIn, () => completions.offered, server.running);
  }
  for (const [name, work] of Object.entries(commands)) {
    context.subscriptions.push(vscode.commands.registerCommand(name, work));
  }
  context.subscriptions.push(
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration(`${SECTION}.server`)) void server.restart();
      else if (event.affectsConfiguration(SECTION)) tellSettings(null);
    }),
    vscode.workspace.onDidGrantWorkspaceTrust(() => tellSettings({ trusted: true })),
  );
  void server.restart();
}

export async function deactivate(): Promise<void> {
  await supervisor?.stop();
}
