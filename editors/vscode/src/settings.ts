/** The settings by name, and what of them the server gets. What a setting means is the server's business. */

export const SECTION = "mellum";
/** Settings of this extension alone, below the section; the server does not know them. */
const OWN = "server";

export interface Forced {
  /** Whether the user has paused suggestions, whatever the setting says. */
  paused: boolean;
}

/**
 * The section as the server takes it: without what is the extension's own, and with changes of state told.
 * `values` is what the editor has for the section; anything but an object says nothing.
 */
export function forServer(values: unknown, forced: Forced): Record<string, unknown> {
  const taken: Record<string, unknown> = {};
  if (typeof values === "object" && values !== null && !Array.isArray(values)) {
    for (const [name, value] of Object.entries(values)) {
      if (name !== OWN) taken[name] = value;
    }
  }
  taken.status = true;
  if (forced.paused) taken.enable = false;
  return taken;
}
