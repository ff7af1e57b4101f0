// What the extension uses of the editor, as far as the unit tests go: real texts, positions and events, and no screen.

export class Position {
  constructor(
    readonly line: number,
    readonly character: number,
  ) {}
  isEqual(other: Position): boolean {
    return this.line === other.line && this.character === other.character;
  }
  isBefore(other: Position): boolean {
    return this.line < other.line || (this.line === other.line && this.character < other.character);
  }
}

export class Range {
  readonly start: Position;
  readonly end: Position;
  constructor(start: Position | number, end: Position | number, line?: number, character?: number) {
    this.start = start instanceof Position ? start : new Position(start, end as number);
    this.end = end instanceof Position ? end : new Position(line ?? 0, character ?? 0);
  }
}

export class Selection extends Range {
  constructor(
    readonly anchor: Position,
    readonly active: Position,
  ) {
    super(active.isBefore(anchor) ? active : anchor, active.isBefore(anchor) ? anchor : active);
  }
}

type Listener<T> = (value: T) => unknown;

export class EventEmitter<T> {
  private readonly listeners = new Set<Listener<T>>();
  readonly event = (listener: Listener<T>): { dispose(): void } => {
    this.listeners.add(listener);
    return { dispose: () => this.listeners.delete(listener) };
  };
  fire(value: T): void {
    for (const listener of [...this.listeners]) listener(value);
  }
}

export class CancellationTokenSource {
  private readonly emitter = new EventEmitter<void>();
  private cancelled = false;
  readonly token = Object.defineProperties({} as { isCancellationRequested: boolean; onCancellationRequested: unknown }, {
    isCancellationRequested: { get: () => this.cancelled },
    onCancellationRequested: { value: this.emitter.event },
  });
  cancel(): void {
    if (this.cancelled) return;
    this.cancelled = true;
    this.emitter.fire();
  }
  dispose(): void {
    // Nothing is held.
  }
}

export class Disposable {
  constructor(readonly dispose: () => void) {}
  static from(...all: { dispose(): unknown }[]): Disposable {
    return new Disposable(() => all.forEach((each) => each.dispose()));
  }
}

export class ThemeColor {
  constructor(readonly id: string) {}
}

export class MarkdownString {
  value = "";
  appendText(text: string): this {
    this.value += text;
    return this;
  }
  appendCodeblock(text: string): this {
    this.value += `\n\`\`\`\n${text}\n\`\`\`\n`;
    return this;
  }
}

export class Uri {
  private constructor(private readonly text: string) {}
  static parse(text: string): Uri {
    return new Uri(text);
  }
  static joinPath(base: Uri, ...parts: string[]): Uri {
    return new Uri([base.text, ...parts].join("/"));
  }
  toString(): string {
    return this.text;
  }
}

export const InlineCompletionTriggerKind = { Invoke: 0, Automatic: 1 };
export const OverviewRulerLane = { Full: 7 };
export const DecorationRangeBehavior = { ClosedClosed: 1 };
export const TextEditorRevealType = { InCenterIfOutsideViewport: 2 };

/** A document and its editor in one window, as a user has them. */
export class TextDocument {
  version = 1;
  isDirty = false;
  languageId = "typescript";
  constructor(
    readonly uri: Uri,
    public text: string,
  ) {}
  getText(range?: Range): string {
    return range ? this.text.slice(this.offsetAt(range.start), this.offsetAt(range.end)) : this.text;
  }
  offsetAt({ line, character }: Position): number {
    return this.text.split("\n").slice(0, line).reduce((sum, each) => sum + each.length + 1, 0) + character;
  }
  positionAt(offset: number): Position {
    const lines = this.text.slice(0, offset).split("\n");
    return new Position(lines.length - 1, (lines.at(-1) ?? "").length);
  }
  lineAt(line: number): { range: Range } {
    return { range: new Range(line, 0, line, (this.text.split("\n")[line] ?? "").length) };
  }
}

export class TextEditor {
  selection = new Selection(new Position(0, 0), new Position(0, 0));
  options = { tabSize: 2, insertSpaces: true };
  visibleRanges = [new Range(0, 0, 40, 0)];
  readonly drawn = new Map<unknown, unknown[]>();
  constructor(readonly document: TextDocument) {}
  setDecorations(type: unknown, ranges: unknown[]): void {
    this.drawn.set(type, ranges);
  }
  revealRange(range: Range): void {
    this.visibleRanges = [new Range(Math.max(0, range.start.line - 20), 0, range.start.line + 20, 0)];
  }
  async edit(work: (builder: { replace(range: Range, text: string): void }) => void): Promise<boolean> {
    work({ replace: (range, text) => this.type(range, text) });
    return true;
  }
  /** Change the text as a key press does. */
  type(range: Range, text: string): void {
    const { document } = this;
    const [from, to] = [document.offsetAt(range.start), document.offsetAt(range.end)];
    document.text = document.text.slice(0, from) + text + document.text.slice(to);
    document.version += 1;
    document.isDirty = true;
    const at = document.positionAt(from + text.length);
    this.selection = new Selection(at, at);
    events.changed.fire({ document, contentChanges: [{ range, text }] });
  }
}

export const events = {
  changed: new EventEmitter<{ document: TextDocument; contentChanges: unknown[] }>(),
  activated: new EventEmitter<TextEditor | undefined>(),
  scrolled: new EventEmitter<unknown>(),
  moved: new EventEmitter<unknown>(),
};

/** The values of context keys, and what was said in the status bar. */
export const seen = { context: new Map<string, unknown>(), messages: [] as string[] };

/** What the editor's own commands do in a test. */
export const builtIn = new Map<string, (...args: unknown[]) => unknown>();

export const commands = {
  executeCommand: async (name: string, ...args: unknown[]): Promise<unknown> => {
    if (name === "setContext") seen.context.set(args[0] as string, args[1]);
    return builtIn.get(name)?.(...args);
  },
};

export const window = {
  activeTextEditor: undefined as TextEditor | undefined,
  get visibleTextEditors(): TextEditor[] {
    return window.activeTextEditor ? [window.activeTextEditor] : [];
  },
  createTextEditorDecorationType: (options: unknown) => ({ options, dispose: () => undefined }),
  onDidChangeActiveTextEditor: events.activated.event,
  onDidChangeTextEditorVisibleRanges: events.scrolled.event,
  onDidChangeTextEditorSelection: events.moved.event,
  setStatusBarMessage: (message: string) => seen.messages.push(message),
  showTextDocument: async (document: TextDocument, { selection }: { selection: Range }): Promise<TextEditor> => {
    const editor = window.activeTextEditor?.document === document ? window.activeTextEditor : new TextEditor(document);
    window.activeTextEditor = editor;
    editor.selection = new Selection(selection.start, selection.end);
    return editor;
  },
};

export const documents = new Map<string, TextDocument>();

export const workspace = {
  onDidChangeTextDocument: events.changed.event,
  openTextDocument: async (uri: Uri): Promise<TextDocument | undefined> => documents.get(uri.toString()),
};

export const languages = { getDiagnostics: () => [] };
