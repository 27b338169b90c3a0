import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cp, mkdir, mkdtemp, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Bundle, bundleModule } from "../../../client/code/bundle.ts";
import { BundleCache } from "../../../client/code/bundle-cache.ts";
import { withLocalFiles } from "../../../client/code/source-names.ts";

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "muster-bundle-"));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

/** Writes a project of these files, and returns its folder. */
async function project(name: string, files: Readonly<Record<string, string>>): Promise<string> {
  for (const [path, text] of Object.entries(files)) {
    const file = join(folder, name, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
  }
  return join(folder, name);
}

/** Imports a bundle as a slot does, in a process of its own and from a folder with nothing around it. */
async function importBundle(bundle: Bundle): Promise<{ stdout: string; stderr: string }> {
  const away = await mkdtemp(join(tmpdir(), "muster-slot-"));
  try {
    const file = join(away, `${bundle.hash}.mjs`);
    await writeFile(file, bundle.bytes);
    const resolution = new URL("../../own-resolution.mjs", import.meta.url).href;
    const program = `process.setSourceMapsEnabled(true); await import(${JSON.stringify(pathToFileURL(file).href)});`;
    const { stdout, stderr } = spawnSync(
      process.execPath,
      ["--import", resolution, "--input-type=module", "-e", program],
      { cwd: away, encoding: "utf8", timeout: 30_000 },
    );
    return { stdout, stderr };
  } finally {
    await rm(away, { recursive: true });
  }
}

const flow = `
import { task } from "muster";
import { double } from "../lib/double.ts";
export const doubled = task("doubled", (x: number) => double(x));
console.log(doubled.name, doubled.run(4), import.meta.main);
if (import.meta.main) throw new Error("a bundle is never the main module");
`;
const lib =
  "interface Unused { x: number }\nexport function double(x: number): number {\n  if (x < 0) throw new Error('negative');\n  return 2 * x;\n}\n";

describe("a bundle", () => {
  test("has everything that its module imports, and the same hash wherever that lies", async () => {
    const one = await project("a", { "src/flow.ts": flow, "lib/double.ts": lib });
    const two = await project("b/deeper/still", { "src/flow.ts": flow, "lib/double.ts": lib });
    const bundle = await bundleModule(join(one, "src/flow.ts"), []);
    expect(bundle.hash).toBe(createHash("sha256").update(bundle.bytes).digest("hex"));
    expect((await bundleModule(join(two, "src/flow.ts"), [])).hash).toBe(bundle.hash);
    expect(Buffer.from(bundle.bytes).toString()).not.toContain(folder);
    expect([...bundle.files].sort()).toEqual([join(one, "lib/double.ts"), join(one, "src/flow.ts")]);
    await writeFile(join(two, "lib/double.ts"), lib.replace("2 *", "3 *"));
    expect((await bundleModule(join(two, "src/flow.ts"), [])).hash).not.toBe(bundle.hash);

    const { stdout, stderr } = await importBundle(bundle);
    expect(stderr).toBe("");
    expect(stdout).toBe("doubled 8 false\n");
  });

  test("shows the user's own file and line, here and there", async () => {
    const home = await project("stack", { "src/flow.ts": `${flow}\ndoubled.run(-1);\n`, "lib/double.ts": lib });
    const { stderr } = await importBundle(await bundleModule(join(home, "src/flow.ts"), []));
    expect(stderr).toMatch(/muster:\/\/[0-9a-f]{12}\/lib\/double\.ts:3:/);
    expect(stderr).toMatch(/muster:\/\/[0-9a-f]{12}\/src\/flow\.ts:4:/);
    expect(withLocalFiles(stderr)).toContain(`${join(home, "lib/double.ts")}:3:`);
  });

  test("keeps the module that was asked for, though its package says that it has no side effects", async () => {
    const home = await project("pure", {
      "package.json": '{ "type": "module", "sideEffects": false }',
      "src/flow.ts": flow,
      "lib/double.ts": lib,
    });
    const { stdout } = await importBundle(await bundleModule(join(home, "src/flow.ts"), []));
    expect(stdout).toBe("doubled 8 false\n");
  });

  test("takes CommonJS packages that require Node's modules and ask where they are", async () => {
    const home = await project("commonjs", {
      "flow.ts": `
import { createRequire } from "node:module";
import old from "old";
const require = createRequire(import.meta.url);
const __dirname = "my own";
console.log(old(), typeof require("node:fs").readFileSync, __dirname);
`,
      "node_modules/old/package.json": '{ "name": "old", "main": "index.js" }',
      "node_modules/old/index.js": `
const path = require("path");
module.exports = () => [path.basename(__dirname).slice(0, 12), typeof __filename, require("./data.json").answer].join();
`,
      "node_modules/old/data.json": '{ "answer": 42 }',
    });
    const { stdout, stderr } = await importBundle(await bundleModule(join(home, "flow.ts"), []));
    expect(stderr).toBe("");
    expect(stdout).toBe("muster-slot-,string,42 function my own\n");
  });

  test("leaves declared packages to the worker, which says when it lacks one", async () => {
    const home = await project("external", {
      "flow.ts": 'import { open } from "native-thing/deep";\nconsole.log(open);\n',
      "node_modules/native-thing/package.json": '{ "name": "native-thing", "exports": { "./deep": "./deep.js" } }',
      "node_modules/native-thing/deep.js": 'exports.open = require("./build/thing.node");\n',
      "node_modules/native-thing/build/thing.node": "",
    });
    const entry = join(home, "flow.ts");
    await expect(bundleModule(entry, [])).rejects.toMatchObject({
      code: "BUNDLE_FAILED",
      message: expect.stringMatching(
        /thing\.node, imported at .*native-thing\/deep\.js:1,.*external: \["native-thing"\]/,
      ),
      details: { modules: ["native-thing"] },
    });
    const { stderr } = await importBundle(await bundleModule(entry, ["native-thing"]));
    expect(stderr).toContain("CODE_FAILED");
    expect(stderr).toContain('package "native-thing/deep" is declared external, and is not installed on this worker');
  });
});

describe("what cannot be bundled", () => {
  test("names the missing module, and who imports it where", async () => {
    const home = await project("missing", {
      "flow.ts": 'import "./inner.ts";\n',
      "inner.ts": '\nimport gone from "no-such-package";\nimport "./gone.ts";\nconsole.log(gone);\n',
    });
    await expect(bundleModule(join(home, "flow.ts"), [])).rejects.toMatchObject({
      code: "BUNDLE_FAILED",
      message: expect.stringContaining(
        `module "no-such-package", imported at ${join(home, "inner.ts")}:2, cannot be found`,
      ),
      details: { modules: ["no-such-package", "./gone.ts"] },
    });
  });

  test("names the place of a syntax error", async () => {
    const home = await project("syntax", { "flow.ts": "const x = 1;\nconst x = ;\n" });
    await expect(bundleModule(join(home, "flow.ts"), [])).rejects.toMatchObject({
      code: "BUNDLE_FAILED",
      message: expect.stringContaining(`(${join(home, "flow.ts")}:2)`),
    });
  });
});

test("the cache bundles once, and again when any file has changed", async () => {
  const home = await project("cached", { "flow.ts": 'import "./part.ts";\n', "part.ts": "console.log(1);\n" });
  let made = 0;
  const cache = new BundleCache((file, external) => {
    made += 1;
    return bundleModule(file, external);
  });
  const entry = join(home, "flow.ts");
  const [one, two] = await Promise.all([cache.get(entry, []), cache.get(entry, [])]);
  expect(two).toBe(one);
  await cache.get(entry, []);
  expect(made).toBe(1);
  await writeFile(join(home, "part.ts"), "console.log(2);\n");
  await utimes(join(home, "part.ts"), 1, 1);
  expect((await cache.get(entry, [])).hash).not.toBe(one?.hash);
  expect(made).toBe(2);
  await cp(join(home, "part.ts"), join(home, "moved.ts"));
  await rm(join(home, "part.ts"));
  await expect(cache.get(entry, [])).rejects.toMatchObject({ code: "BUNDLE_FAILED" });
  await cp(join(home, "moved.ts"), join(home, "part.ts"));
  expect((await cache.get(entry, [])).hash).toMatch(/^[0-9a-f]{64}$/);
});
