import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runProgram } from "../run-program.ts";
import { blocksOf, fileNameOf, root } from "./pages.ts";

// Every ```ts block of the documentation is a whole program: all of them type-check, and each runs. What a comment
// behind a console.log says is printed is compared with what is printed.

const folder = mkdtempSync(join(root, "test/docs/blocks-"));
const blocks = blocksOf("ts").map((block, index) => ({
  ...block,
  // Under the name that it begins by giving itself, others can import it.
  file: join(folder, fileNameOf(block) ?? `${basename(block.page, ".md").toLowerCase()}-${index + 1}.ts`),
}));

beforeAll(() => {
  for (const { file, code } of blocks) writeFileSync(file, code);
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

test("every block type-checks", async () => {
  const project = join(folder, "tsconfig.json");
  writeFileSync(
    project,
    JSON.stringify({
      extends: "../../../tsconfig.json",
      compilerOptions: { noEmit: true, isolatedDeclarations: false, noUnusedLocals: false, declaration: false },
      include: ["*.ts"],
    }),
  );
  const tsc = join(root, "node_modules/.bin/tsc");
  const { stdout } = await promisify(execFile)(tsc, ["-p", project]).catch((error: { stdout: string }) => error);
  expect(stdout).toBe("");
});

for (const { title, code, file } of blocks) {
  test(`${title} runs`, async () => {
    const { exitCode, stdout, stderr } = await runProgram(file);
    expect(exitCode, stderr).toBe(0);
    for (const said of promised(code)) expect(stdout, stderr).toContain(said);
  });
}

/** The comments behind calls of console.log: what the reader is told will be printed. */
function promised(code: string): string[] {
  return Array.from(code.matchAll(/console\.log\(.*\);? \/\/ (.+)$/gm), ([, said]) => said as string);
}
