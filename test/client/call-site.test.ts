import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build, stop } from "esbuild";
import { afterAll, beforeAll, expect, test } from "vitest";
import { callSite } from "../../client/call-site.ts";
import { runProgram } from "../run-program.ts";

const taskModule = new URL("../../client/task.ts", import.meta.url).href;
const text = `import { task } from "muster";
import { definitionOf } from "${taskModule}";

interface Place { file: string; line: number }
const first = task("first", (x: number): number => x);
function inFunction() {
  return task("second", () => 2);
}
for (const made of [first, inFunction()]) {
  const { file, line }: Place = definitionOf(made);
  console.log(made.name, file, line);
}
`;

let folder: string;
let program: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "muster-app-"));
  program = join(folder, "program.ts");
  await writeFile(program, text);
  await writeFile(join(folder, "package.json"), '{ "type": "module" }');
});

afterAll(async () => {
  await stop();
  await rm(folder, { recursive: true });
});

test("under Node's own type stripping: the file and the line of the call", async () => {
  const { stdout, stderr, exitCode } = await runProgram(program);
  expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
  expect(stdout).toBe(`first ${program} 5\nsecond ${program} 7\n`);
});

test("in a program that was bundled with source maps: the file that runs, which can be bundled again", async () => {
  const outfile = join(folder, "app.mjs");
  await build({
    entryPoints: [program],
    outfile,
    bundle: true,
    format: "esm",
    platform: "node",
    sourcemap: "inline",
    external: ["muster", taskModule],
  });
  const { stdout, stderr } = await runProgram(outfile);
  expect(stderr).toBe("");
  expect(stdout).toMatch(new RegExp(`^first ${outfile} \\d+\\nsecond ${outfile} \\d+\\n$`));
});

test("whoever prepares stacks is put back", () => {
  const former = Error.prepareStackTrace;
  const mine = (): string => "mine";
  Error.prepareStackTrace = mine;
  try {
    const where = (): { file: string } => callSite(where, true);
    expect(where().file).toBe(import.meta.filename);
    expect(Error.prepareStackTrace).toBe(mine);
  } finally {
    Error.prepareStackTrace = former as typeof mine;
  }
});
