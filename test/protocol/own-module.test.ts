import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ownModuleUrl, ownSpecifiers } from "../../protocol/own-module.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "muster-own-module-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

test("every own name leads to a file of the running copy", () => {
  const root = new URL("../../", import.meta.url).href;
  expect(ownModuleUrl("muster")).toBe(`${root}index.ts`);
  expect(ownModuleUrl("muster/cluster")).toBe(`${root}cluster/index.ts`);
  expect(ownModuleUrl("muster/cluster/local")).toBe(`${root}cluster/local/index.ts`);
  for (const specifier of ownSpecifiers) expect(ownModuleUrl(specifier)).toMatch(/^file:/);
});

test("other names are nobody's business of ours, not even those of Object's prototype", () => {
  for (const specifier of ["must", "muster/protocol", "muster/../x", "constructor", "./index.ts"]) {
    expect(ownModuleUrl(specifier)).toBeUndefined();
  }
});

test("a file that lies outside the package resolves our name to the running copy", () => {
  // Resolving is enough to show it, and needs none of the modules behind the name.
  writeFileSync(join(directory, "user.mjs"), `process.stdout.write(import.meta.resolve("muster/cluster/local"));`);
  const hook = fileURLToPath(new URL("../../protocol/own-module.ts", import.meta.url));
  const script = `
    import { installOwnResolution } from ${JSON.stringify(hook)};
    installOwnResolution();
    installOwnResolution();
    await import(${JSON.stringify(join(directory, "user.mjs"))});
  `;
  const printed = execFileSync(process.execPath, ["--input-type=module", "-e", script], {
    encoding: "utf8",
    timeout: 20_000,
  });
  expect(printed).toBe(ownModuleUrl("muster/cluster/local"));
});
