/** The messages that the server has beside the protocol: their names and shapes, and nothing else. */

import type { Command, InlineCompletionList, Position, Range } from "vscode-languageserver-protocol";

export const INLINE_COMPLETION = "textDocument/inlineCompletion";
export const PARTIALLY_ACCEPTED = "textDocument/didPartiallyAcceptCompletion";
export const NEXT_EDIT = "mellum/nextEdit";
export const SHOWN_EDIT = "textDocument/didShowInlineEdit";
export const EDIT_REJECTED = "mellum.nextEdit.rejected";
export const DID_FOCUS = "textDocument/didFocus";
export const DID_MOVE_CURSOR = "mellum/didMoveCursor";
export const STATUS = "mellum/status";
export const STATUS_CHANGED = "didChangeStatus";
export const RUN_ACTION = "mellum.action";

/** One next edit: `text` in place of `range`. */
export interface NextEdit {
  text: string;
  range: Range;
  /** `version` is null for a document that is not open. */
  textDocument: { uri: string; version: number | null };
  /** Tells the server that the edit was made. */
  command: Command;
}

export interface NextEditAnswer {
  edits: NextEdit[];
  kind: string;
  reason: string;
  /** Why there is no edit. */
  silence: string;
}

export interface ServerStatus {
  busy: boolean;
  kind: "Normal" | "Warning" | "Error" | "Inactive";
  message: string;
}

/** What the quick menu shows of `mellum/status`. */
export interface Report {
  state: string;
  /** Why the last request got nothing. */
  reason: string;
  model: string;
  lastError: string;
}

/** As much of an action as a client says; see the server's code actions. */
export interface ActionWanted {
  kind: "fix" | "explain" | "document" | "tests" | "refactor";
  uri: string;
  lines: [number, number];
  revision?: number;
  instruction?: string;
}

export interface CompletionParams {
  textDocument: { uri: string; version: number };
  position: Position;
  context: unknown;
  formattingOptions?: { tabSize: number; insertSpaces: boolean };
  partialResultToken?: string | number;
}

export type Completions = InlineCompletionList;
