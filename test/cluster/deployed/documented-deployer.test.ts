import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Deployer } from "muster/cluster";
import { afterAll, expect } from "vitest";
import { blocksOf, fileNameOf } from "../../docs/pages.ts";
import { watchLeaks } from "../../e2e/leaks.ts";
import { deployerConformance } from "./conformance.ts";

watchLeaks();

// The deployer that docs/deployers.md shows, as it stands there.

const folder = mkdtempSync(join(import.meta.dirname, "documented-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const block = blocksOf("ts").find((each) => fileNameOf(each) === "process-cluster.ts");
if (block === undefined) expect.unreachable("docs/deployers.md shows no process-cluster.ts");
writeFileSync(join(folder, "process-cluster.ts"), block.code);
const documented: { readonly ProcessDeployer: new () => Deployer } = await import(join(folder, "process-cluster.ts"));

deployerConformance("the deployer of the documentation", {
  deployer: () => new documented.ProcessDeployer(),
  kill: ({ pid }) => process.kill(pid as number, "SIGKILL"),
});
