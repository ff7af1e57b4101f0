/** The item in the status bar. */

import * as vscode from "vscode";
import { type State, words } from "./words";

export class StatusBar implements vscode.Disposable {
  private readonly item = vscode.window.createStatusBarItem("mellum.status", vscode.StatusBarAlignment.Right, 100);

  constructor() {
    this.item.name = "Mellum";
    this.item.command = "mellum.menu";
    this.item.show();
  }

  update(state: State, paused: boolean): void {
    const { text, tooltip, severity } = words(state, paused);
    this.item.text = text;
    this.item.tooltip = tooltip;
    this.item.accessibilityInformation = { label: tooltip, role: "button" };
    const color = severity && new vscode.ThemeColor(`statusBarItem.${severity}Background`);
    this.item.backgroundColor = color || undefined;
  }

  dispose(): void {
    this.item.dispose();
  }
}
