import { afterAll, beforeAll, expect, test } from "vitest";
import { Client } from "../../client/client.ts";
import type { Future } from "../../client/future.ts";
import { LocalCluster } from "../../cluster/local/index.ts";
import type { ClusterInfo } from "../../protocol/cluster-info.ts";
import type { GraphView, GroupView, RunView, TaskDetail, TaskPage, WorkerDetail } from "../../protocol/cluster-view.ts";
import type { AttemptEvent, ClusterEvent } from "../../protocol/record.ts";
import { textOf } from "../docs/pages.ts";
import { eventually } from "../eventually.ts";
import { dataOf } from "../report/data-of.ts";
import { boom, hold, hostile, hostileName, inc, sum } from "./fixtures/board-tasks.ts";
import { ask } from "./raw-request.ts";

// A real cluster that stands still while it is looked at: what runs there runs until it is stopped.

let cluster: LocalCluster;
let client: Client;
let futures: Future<unknown>[];

beforeAll(async () => {
  cluster = await LocalCluster.start({ nWorkers: 2, threadsPerWorker: 2, dashboard: true });
  client = await Client.connect(cluster);
  const numbers = client.map(inc, [1, 2, 3], { run: "flow" });
  const total = client.submit(sum, [numbers], { run: "flow" });
  const failed = client.submit(boom, [], { run: "flow", retries: 1, key: "boom-1" });
  const named = client.submit(hostile, [1], { run: "flow" });
  await Promise.allSettled([total.result(), failed.result(), named.result()]);
  const held = client.map(hold, [1, 2, 3, 4, 5, 6, 7, 8], { run: "held", key: "hold" });
  futures = [...numbers, total, failed, named, ...held];
  await eventually("the slots to be taken", async () => {
    const { workers } = await client.info();
    return workers.every(({ running }) => running === 2);
  });
});
afterAll(async () => {
  await client?.close();
  await cluster?.close();
});

async function api<T>(path: string, status = 200): Promise<T> {
  const answer = await ask(cluster.dashboardUrl ?? "", path, { headers: { authorization: `Bearer ${cluster.token}` } });
  expect([path, answer.status]).toEqual([path, status]);
  expect(answer.headers["content-type"]).toContain("application/json");
  return JSON.parse(answer.text) as T;
}

async function post<T>(path: string, body: object, status: number): Promise<T> {
  const answer = await ask(cluster.dashboardUrl ?? "", path, {
    method: "POST",
    headers: { authorization: `Bearer ${cluster.token}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  expect([path, answer.status]).toEqual([path, status]);
  return JSON.parse(answer.text) as T;
}

/** What heartbeats change between two looks. */
const still = (info: ClusterInfo): ClusterInfo => ({
  ...info,
  workers: info.workers.map((worker) => ({ ...worker, memoryBytes: 0 })),
});

test("the cluster's figures are those that a client gets", async () => {
  const told = await api<ClusterInfo>("/api/v1/cluster");
  expect(still(told)).toEqual(still(await client.info()));
  expect(told.tasks).toMatchObject({ processing: 6, queued: 2, erred: 1, memory: 5 });
  const { workers } = await api<{ workers: ClusterInfo["workers"] }>("/api/v1/workers");
  expect(still({ ...told, workers })).toEqual(still(told));
});

test("a worker with what runs there", async () => {
  const worker = await api<WorkerDetail>("/api/v1/workers/worker-0");
  expect(worker).toMatchObject({ name: "worker-0", slots: 2, running: 2, executor: "threads" });
  expect(worker.tasks.items.map(({ name, running }) => [name, running])).toEqual([
    ["hold", true],
    ["hold", true],
    // Sent ahead, so that the slot need not wait for it.
    ["hold", false],
  ]);
  expect(await api("/api/v1/workers/worker-9", 404)).toEqual({
    error: { code: "NOT_FOUND", message: 'there is no worker "worker-9" now' },
  });
});

test("runs with their shares, groups and graph", async () => {
  const { runs } = await api<{ runs: RunView[] }>("/api/v1/runs");
  expect(runs).toMatchObject([
    { run: "held", waiting: 2, running: 6, assigned: 6, weight: 1, share: 1, slotsMax: null, tasks: 8 },
    { run: "flow", waiting: 0, running: 0, finished: 5, failed: 1, share: 0 },
  ]);
  const { groups } = await api<{ groups: GroupView[] }>("/api/v1/groups?run=flow");
  expect(groups.map(({ name, total, finished, failed }) => [name, total, finished, failed])).toEqual([
    ["inc", 3, 3, 0],
    ["sum", 1, 1, 0],
    ["boom", 1, 0, 1],
    [hostileName, 1, 1, 0],
  ]);
  const graph = await api<GraphView>("/api/v1/graph?run=flow");
  expect(graph.edges).toEqual([{ from: 0, to: 1, results: 3 }]);
  await api("/api/v1/graph?run=nobody", 404);
  await api("/api/v1/groups?run=nobody", 404);
});

test("tasks by filter and page, and one task with all that is known of it", async () => {
  const page = await api<TaskPage>("/api/v1/tasks?run=held&state=processing&limit=4");
  expect(page.tasks.map(({ key }) => key)).toEqual(["hold-0", "hold-1", "hold-2", "hold-3"]);
  const rest = await api<TaskPage>(`/api/v1/tasks?run=held&state=processing&limit=4&after=${page.next}`);
  expect([rest.tasks.map(({ key }) => key), rest.next]).toEqual([["hold-4", "hold-5"], null]);
  const { tasks } = await api<TaskPage>(`/api/v1/tasks?name=${encodeURIComponent(hostileName)}`);
  expect(tasks).toHaveLength(1);

  type Told = TaskDetail & { readonly ended: readonly AttemptEvent[]; readonly logs: readonly unknown[] };
  const queued = await api<Told>("/api/v1/tasks/hold-7");
  expect(queued.explanation.paragraph).toContain("is ready to run");
  expect(queued.explanation.reasons.map(({ code }) => code)).toEqual(
    (await client.explain("hold-7")).reasons.map(({ code }) => code),
  );
  const failed = await api<Told>("/api/v1/tasks/boom-1");
  expect(failed.explanation.error?.code).toBe("TASK_FAILED");
  expect(failed.ended.map(({ attempt, fate }) => [attempt, fate])).toEqual([
    [1, "failed"],
    [2, "failed"],
  ]);
  expect(failed.story.at(-1)?.what).toContain("erred");
  const total = await api<Told>(`/api/v1/tasks/${encodeURIComponent(futures[3]?.key ?? "")}`);
  expect(total.inputs.items.map(({ name }) => name)).toEqual(["inc", "inc", "inc"]);
  await api("/api/v1/tasks/no%2Fbody", 404);
});

test("events from a number on, without a gap", async () => {
  type Page = { readonly events: readonly ClusterEvent[]; readonly next: number };
  const { events: all } = await api<Page>("/api/v1/events?from=0&limit=5000");
  const kinds = new Set(all.map(({ kind }) => kind));
  for (const kind of ["worker", "submitted", "attempt", "task-end", "vitals"]) expect([...kinds]).toContain(kind);
  const first = await api<Page>("/api/v1/events?from=0&limit=3");
  const second = await api<Page>(`/api/v1/events?from=${first.next}&limit=3`);
  expect([...first.events, ...second.events]).toEqual(all.slice(0, 6));
  const latest = await api<Page>("/api/v1/events?limit=2");
  expect(latest.events).toHaveLength(2);
  const beyond = await api<Page>(`/api/v1/events?from=${latest.next + 1_000_000}`);
  expect(beyond.events).toEqual([]);
  expect(await api("/api/v1/scaling")).toEqual({ decisions: [] });
  expect(await api<{ lines: unknown[] }>("/api/v1/logs?limit=1")).toHaveProperty("lines");
});

test("the report of a run, of everything, and of none", async () => {
  const headers = { authorization: `Bearer ${cluster.token}` };
  const report = await ask(cluster.dashboardUrl ?? "", "/api/v1/report?run=flow", { headers });
  expect(report.status).toBe(200);
  expect(report.headers["content-type"]).toContain("text/html");
  expect(report.headers["content-security-policy"]).toContain("sandbox");
  expect(report.text).toContain("<title>flow · Muster performance report</title>");
  expect(report.text).not.toContain(hostileName);
  const { totals, names } = dataOf(report.text);
  const { groups } = await api<{ groups: GroupView[] }>("/api/v1/groups?run=flow");
  const all = (figure: "total" | "finished" | "failed"): number =>
    groups.reduce((count, group) => count + group[figure], 0);
  expect([totals.submitted, totals.done, totals.failed]).toEqual([all("total"), all("finished"), all("failed")]);
  expect(names.map(({ name, done }) => `${name} ${done}`).sort()).toEqual(
    groups.map(({ name, finished }) => `${name} ${finished}`).sort(),
  );
  const everything = await ask(cluster.dashboardUrl ?? "", "/api/v1/report", { headers });
  expect(everything.text).toContain("<title>All runs of this scheduler · Muster performance report</title>");
  await api("/api/v1/report?run=nobody", 404);
});

test("metrics are in Prometheus' format, with help and units, and agree with the cluster", async () => {
  const answer = await ask(cluster.dashboardUrl ?? "", "/metrics", {
    headers: { authorization: `Bearer ${cluster.token}` },
  });
  expect(answer.headers["content-type"]).toContain("text/plain; version=0.0.4");
  const lines = answer.text
    .trim()
    .split("\n")
    .filter((line) => line !== "");
  const values = new Map<string, number>();
  const typed = new Map<string, string>();
  for (const line of lines) {
    const type = /^# TYPE (\S+) (counter|gauge)$/.exec(line);
    if (type !== null) typed.set(type[1] as string, type[2] as string);
    else if (!line.startsWith("# HELP ")) {
      const sample = /^(muster_(?:scheduler|worker)_[a-z_]+)(\{(?:[a-z]+="[^"\n]*",?)*\})? (\S+)$/.exec(line);
      expect(sample, line).not.toBeNull();
      expect(typed.has(sample?.[1] ?? ""), line).toBe(true);
      expect(Number.isFinite(Number(sample?.[3])), line).toBe(true);
      values.set(`${sample?.[1]}${sample?.[2] ?? ""}`, Number(sample?.[3]));
    }
  }
  for (const [name, type] of typed) {
    expect(
      lines.find((line) => line.startsWith(`# HELP ${name} `)),
      name,
    ).toBeDefined();
    expect(name.endsWith("_total"), name).toBe(type === "counter");
  }
  const documented = textOf("docs/dashboard.md").match(/`muster_[a-z_]+`/g) ?? [];
  expect(documented.map((name) => name.slice(1, -1)).sort()).toEqual([...typed.keys()].sort());
  expect(Object.fromEntries(values)).toMatchObject({
    'muster_scheduler_tasks{state="processing"}': 6,
    'muster_scheduler_tasks{state="queued"}': 2,
    muster_scheduler_tasks_submitted_total: 14,
    'muster_scheduler_attempts_total{fate="done"}': 5,
    'muster_scheduler_attempts_total{fate="failed"}': 2,
    muster_scheduler_retries_total: 1,
    'muster_scheduler_tasks_ended_total{state="failed"}': 1,
    muster_scheduler_workers_joined_total: 2,
    'muster_scheduler_workers{status="running"}': 2,
    'muster_worker_slots{worker="worker-0"}': 2,
    'muster_worker_tasks_running{worker="worker-1"}': 2,
    muster_scheduler_clients: 1,
  });
  expect(values.get('muster_worker_memory_bytes{worker="worker-0"}')).toBeGreaterThan(1e6);
});

test("a run's share is set, and a run is cancelled, without a client", async () => {
  expect(await post("/api/v1/runs/held/share", { weight: 3, slotsMax: 2 }, 200)).toMatchObject({
    weight: 3,
    slotsMax: 2,
  });
  await post("/api/v1/runs/held/share", { weight: 0 }, 400);
  await post("/api/v1/runs/nobody/share", {}, 404);
  await post("/api/v1/runs/nobody/cancel", {}, 404);
  expect(await post("/api/v1/runs/held/cancel", { reason: "seen enough" }, 202)).toEqual({ run: "held", tasks: 8 });
  const ends = await Promise.allSettled(futures.slice(-8).map((future) => future.result()));
  for (const end of ends) {
    expect(end).toMatchObject({ reason: { code: "CANCELLED", message: expect.stringContaining("seen enough") } });
  }
  const before = await api<ClusterInfo>("/api/v1/cluster");
  expect(before.tasks.processing).toBe(0);
  expect(before.clients).toBe(1);
});
