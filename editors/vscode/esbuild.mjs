// Bundles the extension into dist/; with --tests the tests, with a stub in the place of the editor, into build/, and with
// --e2e those that start the server.

import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const shared = { bundle: true, platform: "node", target: "node20", logLevel: "warning", absWorkingDir: here(".") };

const tests = process.argv.includes("--tests") ? "test" : process.argv.includes("--e2e") ? "test/e2e" : "";
if (tests) {
  const outdir = here(`../../build/vscode/${tests.replace("/", "-")}`);
  rmSync(outdir, { recursive: true, force: true });
  const files = readdirSync(here(tests)).filter((name) => name.endsWith(".test.ts"));
  await build({
    ...shared,
    entryPoints: files.map((name) => `${tests}/${name}`),
    outdir,
    format: "cjs",
    alias: { vscode: here("test/stub/vscode.ts") },
    sourcemap: "inline",
  });
} else {
  const { metafile } = await build({
    ...shared,
    entryPoints: ["src/extension.ts"],
    outfile: here("dist/extension.js"),
    format: "cjs",
    external: ["vscode"],
    minify: true,
    metafile: true,
  });
  writeFileSync(here("dist/LICENSES.txt"), licences(Object.keys(metafile.inputs)));
}

/** The licences of all packages that went into the bundle: theirs ask for that. Fails where one has none. */
function licences(inputs) {
  const folders = new Set(inputs.map((input) => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input)?.[1]).filter(Boolean));
  const texts = [...folders].sort().map((folder) => {
    const { name, version } = JSON.parse(readFileSync(here(join(folder, "package.json")), "utf8"));
    const file = readdirSync(here(folder)).find((each) => /^licen[cs]e/i.test(each));
    if (!file) throw new Error(`${name} has no licence`);
    return `${name} ${version}\n\n${readFileSync(here(join(folder, file)), "utf8").trim()}\n`;
  });
  return texts.join(`\n${"-".repeat(80)}\n\n`);
}
