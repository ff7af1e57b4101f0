/** A Python that can make a virtual environment for the server, or why there is none. Installs nothing. */

import type { Run } from "./programs";

/** What the server's package asks for. */
export const LEAST: readonly [number, number] = [3, 11];

export interface Python {
  command: string;
  args: string[];
  version: string;
}

const NEWEST = 14;
// Some systems keep venv and ensurepip in packages of their own.
const QUESTION =
  "import sys, importlib.util as u; " +
  "print('%d.%d' % sys.version_info[:2], int(all(u.find_spec(m) for m in ('venv', 'ensurepip'))))";

/** The commands in the order in which they are tried. */
export function candidates(platform: NodeJS.Platform): [string, string[]][] {
  if (platform === "win32") return [["py", ["-3"]], ["python", []], ["python3", []]];
  const numbered: [string, string[]][] = [];
  for (let minor = NEWEST; minor >= LEAST[1]; minor--) numbered.push([`python3.${minor}`, []]);
  // What the user calls python3 comes first: it is the one that they look after.
  return [["python3", []], ["python", []], ...numbered];
}

/** The first Python that will do; otherwise a sentence that says what was found and what is missing. */
export async function findPython(platform: NodeJS.Platform, run: Run): Promise<Python | string> {
  const wanted = LEAST.join(".");
  let found = "";
  for (const [command, args] of candidates(platform)) {
    const { code, tail } = await run(command, [...args, "-c", QUESTION]);
    const answer = /^(\d+)\.(\d+) ([01])$/.exec(tail.at(-1) ?? "");
    if (code !== 0 || !answer) continue;
    const [major, minor] = [Number(answer[1]), Number(answer[2])];
    const version = `${major}.${minor}`;
    if (major < LEAST[0] || (major === LEAST[0] && minor < LEAST[1])) {
      found ||= `${command} is Python ${version}, and mellum-ls needs ${wanted} or newer`;
    } else if (answer[3] === "0") {
      found ||= `${command} (Python ${version}) has no venv; on Debian and Ubuntu install python3-venv`;
    } else {
      return { command, args, version };
    }
  }
  return found || `no Python was found on PATH; mellum-ls needs ${wanted} or newer`;
}
