/** This machine, as looking for programs needs it. */

import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { homedir } from "node:os";
import type { Machine } from "./locate";

export function thisMachine(): Machine {
  return {
    platform: process.platform,
    home: homedir(),
    searched: process.env.PATH ?? process.env.Path ?? "",
    isExecutable: async (file) => {
      try {
        await access(file, constants.X_OK);
        return (await stat(file)).isFile();
      } catch {
        return false;
      }
    },
  };
}
