/** What the status bar says: from the state of the server to an icon, a text and a sentence. Pure. */

import type { ServerStatus } from "../protocol";

export type State =
  | { name: "starting" }
  | { name: "running"; status: ServerStatus | undefined }
  /** It has ended and comes back by itself after `seconds`. */
  | { name: "waiting"; seconds: number }
  /** There is no server; why, for the user. */
  | { name: "stopped"; reason: string };

export interface Words {
  text: string;
  tooltip: string;
  severity: "" | "warning" | "error";
}

const NAME = "Mellum";

export function words(state: State, paused: boolean): Words {
  switch (state.name) {
    case "starting":
      return say("$(loading~spin)", "the server is starting");
    case "waiting":
      return say("$(warning)", `the server has ended; it is started again in ${state.seconds} s`, "warning");
    case "stopped":
      return say("$(error)", state.reason, "error");
    case "running":
      return paused ? say("$(debug-pause)", "paused: nothing is suggested") : running(state.status);
  }
}

function running(status: ServerStatus | undefined): Words {
  if (!status) return say("$(sparkle)", "ready");
  const { busy, kind, message } = status;
  if (kind === "Error") return say("$(error)", message, "error");
  if (kind === "Warning") return say("$(warning)", message, "warning");
  if (kind === "Inactive") return say("$(circle-slash)", message);
  return busy ? say("$(loading~spin)", message || "writing") : say("$(sparkle)", message || "ready");
}

function say(icon: string, sentence: string, severity: Words["severity"] = ""): Words {
  return { text: `${icon} ${NAME}`, tooltip: `${NAME}: ${sentence}`, severity };
}
