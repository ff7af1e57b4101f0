/**
 * Inline completions as the editor asks for them: one answer, shown before it is whole where that takes long, and several
 * by a key.
 *
 * An editor has its providers asked again at a place of a text only by a request of a user's, and only once: so a growing
 * answer is shown twice, as soon as there is something and when it is whole, and not in between.
 */

import * as vscode from "vscode";
import type { LanguageClient, Middleware } from "vscode-languageclient/node";
import { ProgressType } from "vscode-languageserver-protocol";
import { type CompletionParams, type Completions, INLINE_COMPLETION } from "../protocol";
import type { Offered } from "./accepted";
import { Growing, type Place, samePlace } from "./growing";

const GROWING = "mellum.suggestionGrows";
const TRIGGER = "editor.action.inlineSuggest.trigger";
const NEXT = "editor.action.inlineSuggest.showNext";
const HIDE = "editor.action.inlineSuggest.hide";
/** So long the whole answer is waited for once there is something to show: what comes twice is less quiet. */
const PATIENCE_MS = 150;

const PROGRESS = new ProgressType<Completions>();

type Provide = NonNullable<Middleware["provideInlineCompletionItems"]>;

/** The middleware of one client's completions. */
export class GrowingCompletions implements vscode.Disposable {
  /** What was last given to the editor, for those who look at what becomes of it. */
  offered: readonly Offered[] = [];
  private current: Growing<Completions> | undefined;
  private patience: NodeJS.Timeout | undefined;
  private cancelling: vscode.CancellationTokenSource | undefined;
  private count = 0;
  /** The next request of a user's is none: it was brought about here. */
  private ours = false;
  /** Whether that was so at this place, so that the editor would not ask there for several any more. */
  private spent = false;

  /** `client` is that which runs now. */
  constructor(private readonly client: () => LanguageClient | undefined) {}

  readonly provide: Provide = async (document, position, context, token) => {
    const client = this.client();
    if (!client) return [];
    const { ours } = this;
    this.ours = false;
    const place = placeOf(document, position);
    const grown = this.current;
    // One that is over is asked for anew by anybody else: what made it empty may have passed.
    if (grown?.latest && samePlace(grown.place, place) && (ours || (!grown.over && !isInvoked(context)))) {
      return this.give(client, grown.latest);
    }
    this.leave();
    if (ours) return [];
    if (isInvoked(context) || context.selectedCompletionInfo) {
      return this.whole(client, this.params(client, document, position, context), token);
    }
    return this.begin(client, place, this.params(client, document, position, context), token);
  };

  /** Show another suggestion, by the editor's command for that; at some places it has to be made to ask first. */
  async cycle(builtIn: string): Promise<void> {
    if (this.spent) {
      await vscode.commands.executeCommand(HIDE);
      await vscode.commands.executeCommand(TRIGGER);
    }
    await vscode.commands.executeCommand(builtIn);
  }

  /** The user wants no more of what is growing. */
  async dismiss(): Promise<void> {
    this.leave();
    await vscode.commands.executeCommand(HIDE);
  }

  dispose(): void {
    this.leave();
  }

  /** Several at once, or what goes on behind an entry of the suggest widget: given when it is whole. */
  private async whole(client: LanguageClient, params: CompletionParams, token: vscode.CancellationToken): Promise<Items> {
    try {
      const answer = await client.sendRequest<Completions>(INLINE_COMPLETION, params, token);
      return token.isCancellationRequested ? [] : await this.give(client, answer);
    } catch (error) {
      if (!token.isCancellationRequested) client.debug(`a request for completions failed: ${String(error)}`);
      return [];
    }
  }

  private async begin(
    client: LanguageClient,
    place: Place,
    params: CompletionParams,
    token: vscode.CancellationToken,
  ): Promise<vscode.InlineCompletionItem[] | vscode.InlineCompletionList | undefined> {
    const growing = (this.current = new Growing<Completions>(place));
    const cancelling = (this.cancelling = new vscode.CancellationTokenSource());
    // Once something was given, the editor's being done with its request is no reason to stop.
    const first = token.onCancellationRequested(() => cancelling.cancel());
    params.partialResultToken = `mellum-grows-${++this.count}`;
    const listening = client.onProgress(PROGRESS, params.partialResultToken, (list) => this.grown(growing, list));
    void this.answer(client, growing, params, cancelling.token).finally(() => listening.dispose());
    const list = await growing.first;
    first.dispose();
    return list && !token.isCancellationRequested ? this.give(client, list) : [];
  }

  private async answer(
    client: LanguageClient,
    growing: Growing<Completions>,
    params: CompletionParams,
    token: vscode.CancellationToken,
  ): Promise<void> {
    let list: Completions | undefined;
    try {
      list = await client.sendRequest<Completions>(INLINE_COMPLETION, params, token);
    } catch (error) {
      if (!token.isCancellationRequested) client.debug(`a request for completions failed: ${String(error)}`);
    }
    if (this.current === growing) clearTimeout(this.patience);
    growing.end(token.isCancellationRequested ? undefined : list);
    if (this.current !== growing) return;
    setGrowing(false);
    // The items of the whole answer tell their acceptance; those of a growing one do not.
    if (growing.given && list?.items.length && this.isLookedAt()) {
      const before = textOf(growing.given);
      this.ours = this.spent = true;
      await vscode.commands.executeCommand(TRIGGER);
      this.ours = false;
      // The editor keeps what it shows before what it now has, and goes on to that without a gap.
      if (this.current === growing && textOf(list) !== before) await vscode.commands.executeCommand(NEXT);
    }
  }

  private grown(growing: Growing<Completions>, list: Completions): void {
    if (this.current !== growing) return;
    const isFirst = !growing.latest;
    growing.grow(list);
    if (!isFirst) return;
    this.patience = setTimeout(() => {
      setGrowing(true);
      growing.show();
    }, PATIENCE_MS);
  }

  private leave(): void {
    clearTimeout(this.patience);
    this.spent = false;
    this.cancelling?.cancel();
    this.cancelling?.dispose();
    this.cancelling = undefined;
    this.current?.end(undefined);
    if (this.current) setGrowing(false);
    this.current = undefined;
  }

  private isLookedAt(): boolean {
    const editor = vscode.window.activeTextEditor;
    return (
      this.current !== undefined &&
      editor !== undefined &&
      samePlace(this.current.place, placeOf(editor.document, editor.selection.active))
    );
  }

  private give(client: LanguageClient, list: Completions): Promise<Items> {
    this.offered = list.items.map((item) => ({
      insertText: typeof item.insertText === "string" ? item.insertText : item.insertText.value,
      start: item.range?.start ?? { line: 0, character: 0 },
      id: String(item.command?.arguments?.[0] ?? ""),
    }));
    return client.protocol2CodeConverter.asInlineCompletionResult(list);
  }

  private params(
    client: LanguageClient,
    document: vscode.TextDocument,
    position: vscode.Position,
    context: vscode.InlineCompletionContext,
  ): CompletionParams {
    const { textDocument, ...asked } = client.code2ProtocolConverter.asInlineCompletionParams(document, position, context);
    const editor = vscode.window.visibleTextEditors.find((each) => each.document === document);
    const { tabSize, insertSpaces } = editor?.options ?? {};
    return {
      ...asked,
      textDocument: { ...textDocument, version: document.version },
      ...(typeof tabSize === "number" && typeof insertSpaces === "boolean"
        ? { formattingOptions: { tabSize, insertSpaces } }
        : {}),
    };
  }
}

function textOf(list: Completions | undefined): string {
  const text = list?.items[0]?.insertText ?? "";
  return typeof text === "string" ? text : text.value;
}

type Items = vscode.InlineCompletionItem[] | vscode.InlineCompletionList | undefined;

function placeOf(document: vscode.TextDocument, position: vscode.Position): Place {
  const { line, character } = position;
  return { uri: document.uri.toString(), version: document.version, line, character };
}

function isInvoked(context: vscode.InlineCompletionContext): boolean {
  return context.triggerKind === vscode.InlineCompletionTriggerKind.Invoke;
}

function setGrowing(value: boolean): void {
  void vscode.commands.executeCommand("setContext", GROWING, value);
}
