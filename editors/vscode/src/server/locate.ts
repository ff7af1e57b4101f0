/** Which file starts the server: the setting, then PATH, then the environment that the extension has made. Starts nothing. */

import * as path from "node:path";

export interface Machine {
  platform: NodeJS.Platform;
  home: string;
  /** The variable PATH. */
  searched: string;
  isExecutable(file: string): Promise<boolean>;
}

export type Origin = "setting" | "PATH" | "own";

export interface Located {
  file: string;
  origin: Origin;
}

/** There is no server; `reason` is a sentence for the user. */
export interface NotLocated {
  reason: string;
  /** Whether installing one would help: a wrong setting wants another setting. */
  installable: boolean;
}

const NAME = "mellum-ls";

/** The command in a virtual environment. */
export function inEnvironment(folder: string, platform: NodeJS.Platform): string {
  return platform === "win32" ? path.win32.join(folder, "Scripts", `${NAME}.exe`) : path.posix.join(folder, "bin", NAME);
}

/** The server's file. A setting that leads nowhere is not passed over: the user has meant that one. */
export async function locate(setting: string, ownFolder: string, machine: Machine): Promise<Located | NotLocated> {
  const wanted = setting.trim();
  if (wanted) {
    const file = await named(wanted, machine);
    if (file) return { file, origin: "setting" };
    return { reason: `mellum.server.path is ${wanted}, and there is no program there`, installable: false };
  }
  const onPath = await named(NAME, machine);
  if (onPath) return { file: onPath, origin: "PATH" };
  const own = inEnvironment(ownFolder, machine.platform);
  if (await machine.isExecutable(own)) return { file: own, origin: "own" };
  return { reason: `${NAME} is neither on PATH nor installed by this extension`, installable: true };
}

/** A file by its path, or by its name on PATH. */
async function named(name: string, machine: Machine): Promise<string | undefined> {
  const paths = machine.platform === "win32" ? path.win32 : path.posix;
  const expanded = /^~[\\/]/.test(name) ? paths.join(machine.home, name.slice(2)) : name;
  const endings = machine.platform === "win32" && !paths.extname(expanded) ? [".exe", ".cmd", ".bat"] : [""];
  const folders = expanded.includes("/") || expanded.includes(paths.sep) ? [""] : machine.searched.split(paths.delimiter);
  for (const folder of folders) {
    if (folder === "" && !paths.isAbsolute(expanded)) continue; // never what happens to lie in the current folder
    for (const ending of endings) {
      const file = (folder ? paths.join(folder, expanded) : expanded) + ending;
      if (await machine.isExecutable(file)) return file;
    }
  }
  return undefined;
}
