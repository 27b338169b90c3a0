import { afterEach, expect, test } from "vitest";
import type { WorkerLogLine } from "../../protocol/record.ts";
import { Worker } from "../../worker/worker.ts";
import { eventually } from "../eventually.ts";
import { FakeScheduler, type SeenWorker, token } from "./fake-scheduler.ts";

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function start(): Promise<{ scheduler: FakeScheduler; worker: Worker }> {
  const scheduler = await FakeScheduler.start();
  cleanups.push(() => scheduler.close());
  const worker = await Worker.start({ address: scheduler.address, token, slots: 1, name: "w", memoryLimitBytes: 0 });
  cleanups.push(() => worker.close());
  return { scheduler, worker };
}

const linesOf = (seen: SeenWorker): readonly WorkerLogLine[] =>
  seen.said.flatMap((message) => (message.op === "log" ? message.lines : []));

test("what a worker logs while it is cut off reaches the scheduler once it is back, and so does its last word", async () => {
  const { scheduler, worker } = await start();
  const first = await scheduler.worker(0);
  await eventually("its first line", () => linesOf(first).some(({ text }) => text.startsWith("worker registered")));
  await first.connection.close("the test says so");
  const second = await scheduler.worker(1);
  const lost = await eventually("what it logged meanwhile", () =>
    linesOf(second).find(({ text }) => text.startsWith("the connection to the scheduler was lost")),
  );
  expect(lost).toMatchObject({ level: "warn", source: "worker" });
  await worker.close();
  await eventually("its last line", () => linesOf(second).some(({ text }) => text.startsWith("worker ends")));
});
