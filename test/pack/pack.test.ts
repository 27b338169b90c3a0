import { execFile } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

// Builds the package beside the tree (other tests may be using the tree's own dist), packs it, installs the tarball into
// an empty project, and uses it there as a user would.

const execute = promisify(execFile);
const root = fileURLToPath(new URL("../..", import.meta.url));
const bin = (name: string): string => join(root, "node_modules", ".bin", name);

let folder: string;
let staging: string;
let project: string;
let tarball: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "muster-pack-"));
  [staging, project] = [join(folder, "staging"), join(folder, "project")];
  mkdirSync(project);
  for (const sources of ["build", "pages"]) {
    await run(bin("tsc"), ["-p", `tsconfig.${sources}.json`, "--outDir", join(staging, "dist")], root);
  }
  const styles = { recursive: true, filter: (path: string) => !path.endsWith(".ts") };
  cpSync(join(root, "report/page"), join(staging, "dist/report/page"), styles);
  for (const file of ["package.json", "README.md", "LICENSE"]) {
    if (existsSync(join(root, file))) cpSync(join(root, file), join(staging, file));
  }
  const packed = await run("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", folder], staging);
  const [{ filename }] = JSON.parse(packed) as [{ filename: string }];
  tarball = join(folder, filename);
  writeFileSync(join(project, "package.json"), JSON.stringify({ name: "empty", private: true, type: "module" }));
  const flags = ["--prefer-offline", "--no-audit", "--no-fund", "--ignore-scripts"];
  await run("npm", ["install", ...flags, tarball], project);
  for (const snippet of readdirSync(new URL("./snippets", import.meta.url))) {
    cpSync(fileURLToPath(new URL(`./snippets/${snippet}`, import.meta.url)), join(project, snippet));
  }
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs a program; what it wrote is shown when it fails. */
async function run(file: string, args: readonly string[], cwd: string): Promise<string> {
  try {
    const { stdout } = await execute(file, args, { cwd, maxBuffer: 2 ** 26, timeout: 240_000 });
    return stdout;
  } catch (error) {
    const { stdout, stderr } = error as { stdout?: string; stderr?: string };
    throw new Error(`${file} ${args.join(" ")} failed:\n${stdout ?? ""}${stderr ?? String(error)}`, { cause: error });
  }
}

const inProject = (file: string, args: readonly string[]): Promise<string> => run(file, args, project);

describe("the packed tarball", () => {
  test("holds what is built, and nothing else", () => {
    const installed = join(project, "node_modules", "muster");
    const top = readdirSync(installed).filter((name) => name !== "README.md");
    expect(top.sort()).toEqual(["LICENSE", "dist", "package.json"]);
    expect(readdirSync(join(installed, "dist"))).not.toContain("test");
    expect(readFileSync(join(installed, "dist", "cli", "main.js"), "utf8")).toMatch(/^#!\/usr\/bin\/env node\n/);
  });

  test("satisfies publint", async () => {
    await inProject(bin("publint"), ["run", "--strict", tarball]);
  });

  test("gives its types to every ESM resolver", async () => {
    await inProject(bin("attw"), [tarball, "--profile", "esm-only"]);
  });

  test("type-checks the snippets without a path mapping, declarations included", async () => {
    const strict = { strict: true, noUncheckedIndexedAccess: true, exactOptionalPropertyTypes: true };
    const compilerOptions = {
      ...strict,
      noEmit: true,
      target: "ES2023",
      lib: ["ES2023", "ESNext.Disposable"],
      module: "NodeNext",
      types: ["node"],
      typeRoots: [join(root, "node_modules", "@types")],
    };
    writeFileSync(join(project, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["*.ts"] }));
    await inProject(bin("tsc"), ["-p", "."]);
  });

  test.each(["client", "cluster", "flow"])("runs the %s snippet", async (name) => {
    expect(await inProject(process.execPath, [`${name}.ts`])).toContain(`${name} ok`);
  });

  test("runs the installed command on a flow", async () => {
    const muster = join(project, "node_modules", ".bin", "muster");
    expect(await inProject(process.execPath, [muster, "--version"])).toMatch(/^\d+\.\d+\.\d+\n$/);
    await inProject(process.execPath, [muster, "run", "flow.ts", "--param", "n=2", "--executor", "cluster"]);
  });

  test("measures with the installed command", async () => {
    const muster = join(project, "node_modules", ".bin", "muster");
    const shown = await inProject(process.execPath, [muster, "bench", "--only", "merge-10k,bag", "--quick"]);
    expect(shown).toMatch(/^merge-10k +tasks\/s +[\d,]+/m);
  });
});
