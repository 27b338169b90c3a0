import { createHash } from "node:crypto";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import os from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fnId, taskId } from "../../protocol/ids.ts";
import { PeerLinks } from "../../protocol/transfer.ts";
import { encodeValue } from "../../protocol/value.ts";
import { Nanny, type NannyOptions, type NannySources } from "../../worker/nanny.ts";
import { eventually } from "../eventually.ts";
import { FakeScheduler, type SeenWorker, token } from "./fake-scheduler.ts";

const mib = 2 ** 20;
const code = Buffer.from("export default () => { for (;;); }");
const bundle = createHash("sha256").update(code).digest("hex");

const cleanups: (() => Promise<unknown>)[] = [];
let localDirectory: string;
beforeEach(async () => {
  localDirectory = await mkdtemp(join(os.tmpdir(), "muster-memory-"));
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  expect(await spillDirectories()).toEqual([]);
  await rm(localDirectory, { recursive: true });
});

const spillDirectories = async (): Promise<string[]> =>
  (await readdir(localDirectory)).filter((name) => name.startsWith("spill-"));

async function spilledFiles(): Promise<string[]> {
  const lists = await Promise.all((await spillDirectories()).map((name) => readdir(join(localDirectory, name))));
  return lists.flat().filter((file) => file.endsWith(".value"));
}

async function start(
  options: Partial<NannyOptions>,
  sources: NannySources,
): Promise<{ scheduler: FakeScheduler; nanny: Nanny; seen: SeenWorker }> {
  const scheduler = await FakeScheduler.start();
  cleanups.push(() => scheduler.close());
  const nanny = await Nanny.start(
    { address: scheduler.address, token, slots: 1, name: "w", localDirectory, ...options },
    sources,
  );
  cleanups.push(() => nanny.close());
  return { scheduler, nanny, seen: await scheduler.worker(0) };
}

describe("a nanny", () => {
  it("removes what a worker had spilled that was killed", async () => {
    // Any worker is larger than this, so it spills all it has; its nanny is kept from seeing that.
    const { scheduler, nanny } = await start({ memoryLimitBytes: 64 * mib }, { memoryBytes: () => 1 });
    const links = new PeerLinks({ token, name: "test" });
    cleanups.push(() => links.close());
    const value = encodeValue(new Uint8Array(mib));
    for (const task of [1, 2, 3]) await links.put(nanny.address as string, taskId(task), value);
    await eventually("spilled values", async () => ((await spilledFiles()).length === 3 ? true : undefined));
    process.kill(nanny.pid as number, "SIGKILL");
    await scheduler.worker(1);
    expect(await spillDirectories()).toEqual([]);
  });

  it("ends a worker that outgrows its limit, and says which task it ran", async () => {
    const limitBytes = 4 * 2 ** 30;
    let samplesUntilLarge = Number.POSITIVE_INFINITY;
    const large = new Set<number>();
    const { scheduler, seen, nanny } = await start(
      { memoryLimitBytes: limitBytes },
      { memoryBytes: (pid) => (large.has(pid) && samplesUntilLarge-- < 0 ? 0.96 * limitBytes : 1) },
    );
    large.add(nanny.pid as number);
    seen.send({ op: "define-fn", fn: fnId(1), ref: { bundle, name: "", entry: "call" } });
    seen.send({
      op: "compute",
      task: taskId(1),
      attempt: 1,
      key: "greedy-1",
      fn: fnId(1),
      args: encodeValue([]),
      inputs: [],
      priority: [0],
      timeoutMs: 0,
      resources: {},
      run: "run",
    });
    await seen.hears("get-bundle");
    seen.send({ op: "bundle", hash: bundle, part: 0, parts: 1, bytes: code });
    await seen.hears("started");
    // Enough for the nanny to have heard what runs, which it needs if the worker itself cannot say it any more.
    samplesUntilLarge = 5;

    const { suspect, reason } = await seen.hears("goodbye");
    expect([suspect, reason]).toEqual([true, expect.stringMatching(/3\.8 GiB.*95 %.*4 GiB.*"greedy-1"/)]);
    const next = await scheduler.worker(1);
    expect(next.registration.predecessor).toMatchObject({
      signal: "SIGKILL",
      reason: expect.stringContaining("memory limit of 4 GiB"),
      running: ["greedy-1"],
    });
  });
});
