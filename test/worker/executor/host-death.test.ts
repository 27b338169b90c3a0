import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { eventually } from "../../eventually.ts";
import { isAlive } from "./processes.ts";

test("when the host is killed nothing is left: not a blocked slot, not an idle one, not a child of user code", async () => {
  const directory = await mkdtemp(join(tmpdir(), "muster-host-"));
  const bundle = join(directory, "endless.mjs");
  await writeFile(
    bundle,
    `import { spawn } from "node:child_process";
     export default () => {
       const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
       console.log(child.pid);
       for (;;);
     }`,
  );
  const host = spawn(process.execPath, [fileURLToPath(new URL("./doomed-host.ts", import.meta.url)), bundle], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    const [line] = (await once(host.stdout, "data")) as [Buffer];
    const pids = line.toString().trim().split(" ").map(Number);
    expect(pids).toHaveLength(3);
    expect(pids.filter(isAlive)).toEqual(pids);
    host.kill("SIGKILL");
    await eventually("the end of every process", () => pids.filter(isAlive).length === 0);
  } finally {
    host.kill("SIGKILL");
    await rm(directory, { recursive: true });
  }
});
