/** The language client of one run of the server: its options, and what becomes of a connection that ends. */

import * as vscode from "vscode";
import {
  CloseAction,
  ErrorAction,
  LanguageClient,
  type LanguageClientOptions,
  type Middleware,
  RevealOutputChannelOn,
} from "vscode-languageclient/node";
import { forServer, type Forced, SECTION } from "../settings";
import { launch, options } from "./launch";

/** What the server is asked about. The cells of notebooks are synchronised as parts of them. */
export const DOCUMENTS = [{ scheme: "file" }, { scheme: "untitled" }, { scheme: "vscode-notebook-cell" }];

export interface ClientNeeds {
  file: string;
  log: vscode.LogOutputChannel;
  forced: Forced;
  provideInlineCompletionItems: NonNullable<Middleware["provideInlineCompletionItems"]>;
  /** The server has ended without being asked to; resolves with whether it is to be started again, and then when. */
  ended: () => Promise<boolean>;
}

export function makeClient(needs: ClientNeeds): LanguageClient {
  const { command, args, shell } = launch(needs.file, process.platform);
  const clientOptions: LanguageClientOptions = {
    documentSelector: DOCUMENTS,
    outputChannel: needs.log,
    // What goes wrong is in the status bar and in the log; nothing of it comes before the user's code.
    revealOutputChannelOn: RevealOutputChannelOn.Never,
    initializationOptions: () => {
      const values = vscode.workspace.getConfiguration().get(SECTION);
      return options(values, vscode.workspace.isTrusted, needs.forced);
    },
    initializationFailedHandler: () => false,
    errorHandler: {
      error: () => ({ action: ErrorAction.Continue, handled: true }),
      closed: async () => {
        const again = await needs.ended();
        return { action: again ? CloseAction.Restart : CloseAction.DoNotRestart, handled: true };
      },
    },
    middleware: {
      provideInlineCompletionItems: needs.provideInlineCompletionItems,
      workspace: {
        configuration: async (params, token, next) => {
          const answers = await next(params, token);
          if (!Array.isArray(answers)) return answers;
          return answers.map((values, index) =>
            params.items[index]?.section === SECTION ? forServer(values, needs.forced) : values,
          );
        },
      },
    },
  };
  return new LanguageClient(SECTION, "Mellum", { command, args, options: { shell } }, clientOptions);
}
