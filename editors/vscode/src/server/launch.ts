/** The command line of the server, and the first message's options. Pure data: whoever talks to it starts it. */

import { type Forced, forServer, SECTION } from "../settings";

export interface Launch {
  command: string;
  args: string[];
  shell: boolean;
}

export function launch(file: string, platform: NodeJS.Platform): Launch {
  // Batch files, which some installers leave on Windows, are run by a shell alone.
  const shell = platform === "win32" && /\.(cmd|bat)$/i.test(file);
  return { command: shell ? `"${file}"` : file, args: ["serve", "--stdio"], shell };
}

/** `initializationOptions`; whether the workspace is trusted stands beside the section, where no file can say it. */
export function options(values: unknown, trusted: boolean, forced: Forced): Record<string, unknown> {
  return { trusted, [SECTION]: forServer(values, forced) };
}
