import { mkdtemp, readFile, rm } from "node:fs/promises";
import os from "node:os";
import { join } from "node:path";
import { ClusterExecutor, type Executor, flow, LocalExecutor, PoolExecutor } from "muster";
import { LocalCluster } from "muster/cluster/local";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { ReportData } from "../../../report/report-data.ts";
import { watchLeaks } from "../../e2e/leaks.ts";
import { eventually } from "../../eventually.ts";
import { dataOf } from "../../report/data-of.ts";
import { add, breaks, double, endsItsWorker, holds } from "./report-tasks.ts";

watchLeaks("file");

let directory: string;
let path: string;
beforeAll(async () => {
  directory = await mkdtemp(join(os.tmpdir(), "muster-reports-"));
});
afterAll(() => rm(directory, { recursive: true }));
let number = 0;
beforeEach(() => {
  path = join(directory, "deep", `report-${++number}.html`);
});

const written = async (): Promise<ReportData> => dataOf(await readFile(path, "utf8"));
const two = { nWorkers: 1, threadsPerWorker: 2 };

const sums = flow("sums", () => add(double(1), double(2)));
const broken = flow("<script>alert(1)</script>", () => add(double(1), breaks()));
const endless = flow("endless", () => holds());

const executors: Readonly<Record<string, () => Executor>> = {
  "a LocalExecutor": () => new LocalExecutor(),
  "a PoolExecutor": () => new PoolExecutor({ numWorkers: 2 }),
  "a PoolExecutor in this thread": () => new PoolExecutor({ scheduler: "sync" }),
  "a ClusterExecutor": () => new ClusterExecutor({ clusterOptions: two }),
};

describe.each(Object.entries(executors))("a run on %s", (_name, make) => {
  test("that succeeds is reported with every task, what each took, and how it ended", async () => {
    const state = await sums.run({ executor: make(), performanceReportPath: path });
    expect(state.resultOf(add)).toBe(6);
    const { meta, totals, attempts, names, criticalPath, workers } = await written();
    expect(meta).toMatchObject({ title: "sums", outcome: "succeeded", state: "Success" });
    expect(meta.endMs).toBeGreaterThanOrEqual(meta.startMs);
    expect(totals.done).toBe(totals.submitted);
    const done = new Map(names.map((row) => [row.name, row.done]));
    expect([done.get("double"), done.get("add")]).toEqual([2, 1]);
    expect(Array.from(attempts.endMs).every((endMs, row) => endMs >= (attempts.startMs[row] as number))).toBe(true);
    expect(workers).toHaveLength(1);
    // One of the two inputs and what it was for, at least.
    expect(criticalPath.rows.length).toBeGreaterThanOrEqual(2);
  });

  test("that fails is reported with the task that did, and text from users stays text", async () => {
    const state = await broken.run({ executor: make(), performanceReportPath: path });
    expect(state.isFailed()).toBe(true);
    const html = await readFile(path, "utf8");
    expect(html).not.toContain("<script>alert(1)");
    const { meta } = dataOf(html);
    expect(meta).toMatchObject({ title: "<script>alert(1)</script>", outcome: "failed", state: "Failed" });
  });

  test("that is cancelled is reported as such", async () => {
    const stop = new AbortController();
    const state = await endless.run({
      executor: make(),
      performanceReportPath: path,
      signal: stop.signal,
      onTaskState: ({ state: { type } }) => {
        if (type === "Submitted") setImmediate(() => stop.abort(new Error("enough of it")));
      },
    });
    expect(state.type).toBe("Cancelled");
    const { meta } = await written();
    expect(meta).toMatchObject({ outcome: "cancelled", message: expect.stringContaining("enough of it") });
  });
});

describe("a ClusterExecutor's own reports", () => {
  test("are written for every run, are there in the terminalStateHandler, and tell of a worker that died", async () => {
    const executor = new ClusterExecutor({ clusterOptions: two, performanceReportPath: path });
    let seen = "";
    const dying = flow("dying", () => add(endsItsWorker(join(directory, "died")), double(2)), {
      terminalStateHandler: () => {
        seen = executor.performanceReport;
      },
    });
    const state = await dying.run({ executor });
    expect(state.resultOf(add)).toBe(5);
    expect(seen).toBe(await readFile(path, "utf8"));
    expect(executor.performanceReport).toBe(seen);
    const { totals, fleet } = dataOf(seen);
    expect(totals.workersLost).toBe(1);
    expect(fleet.changes.map(({ change }) => change)).toContain("lost");
  });

  test("of a shared cluster show one run alone, and where it ran", async () => {
    const cluster = await LocalCluster.start(two);
    try {
      const { address, token } = cluster;
      const executor = new ClusterExecutor({ address, clientOptions: { token }, performanceReportPath: path });
      const other = new ClusterExecutor({ address, clientOptions: { token } });
      const runs = await Promise.all([
        sums.run({ executor }),
        flow("others", () => double(7)).run({ executor: other }),
      ]);
      expect(runs.map((run) => run.isSuccessful())).toEqual([true, true]);
      const { meta, names, totals } = await written();
      expect(meta.address).toBe(address);
      expect(names.find(({ name }) => name === "double")?.done).toBe(2);
      expect(totals.unfinished).toBe(0);
    } finally {
      await cluster.close();
    }
  });

  test("a path that cannot be written is refused before any work", async () => {
    const executor = new ClusterExecutor({ performanceReportPath: "/dev/null/report.html" });
    const body = async (): Promise<never> => {
      throw new Error("the body was run");
    };
    await expect(executor.start(body)).rejects.toMatchObject({ code: "BAD_OPTION" });
  });

  test("a body that throws, without a flow, is reported as failed", async () => {
    const executor = new ClusterExecutor({ clusterOptions: two, performanceReportPath: path });
    const body = async (): Promise<never> => {
      await executor.submit(double, [1]);
      throw new RangeError("out of bounds");
    };
    await expect(executor.start(body)).rejects.toThrow("out of bounds");
    const { meta, totals } = await eventually("the report", written);
    expect(meta).toMatchObject({ outcome: "failed", message: expect.stringContaining("out of bounds") });
    expect(totals.done).toBe(1);
  });
});
