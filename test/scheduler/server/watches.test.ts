import { expect, test, vi } from "vitest";
import type { SchedulerToClient } from "../../../protocol/messages.ts";
import type { ClusterEvent } from "../../../protocol/record.ts";
import { KeptEvents } from "../../../scheduler/server/kept-events.ts";
import { Watches } from "../../../scheduler/server/watches.ts";

const submitted = (run: string, tasks = 1): ClusterEvent => ({ kind: "submitted", atMs: tasks, run, tasks });
const worker = (name: string, change: "joined" | "lost"): ClusterEvent => ({
  kind: "worker",
  atMs: 0,
  worker: name,
  change,
  reason: "",
  slots: 1,
  host: "h",
  pid: 1,
  memoryLimitBytes: 0,
  version: "0",
  nodeVersion: "v0",
});

const line = { atMs: 1, level: "info", source: "scheduler", text: "kept elsewhere" } as const;

class Ear {
  readonly heard: ClusterEvent[] = [];
  frames = 0;

  send(message: SchedulerToClient): void {
    if (message.op !== "events") throw new Error(`a watcher was sent ${message.op}`);
    this.heard.push(...message.events);
    this.frames++;
  }
}

function watches(keptMax = 0) {
  const wanted: boolean[] = [];
  return { wanted, all: new Watches({ keptMax, keptLines: () => [line], onWanted: (on) => wanted.push(on) }) };
}

test("a watch of one run hears of that run and of the cluster, in one frame for many events", () => {
  vi.useFakeTimers();
  try {
    const { all, wanted } = watches();
    const [mine, whole] = [new Ear(), new Ear()];
    all.begin(mine, 1, { run: "a", kept: false, profile: false });
    all.begin(whole, 2, { kept: false, profile: false });
    const events = [submitted("a"), submitted("b"), worker("w", "joined")];
    for (const event of events) all.add(event);
    expect(mine.heard).toEqual([]);
    vi.advanceTimersByTime(100);
    expect(mine).toMatchObject({ heard: [events[0], events[2]], frames: 1 });
    expect(whole).toMatchObject({ heard: events, frames: 1 });
    all.add(submitted("a", 2));
    all.end(mine, 1);
    expect(mine.heard.at(-1)).toEqual(submitted("a", 2));
    all.forget(whole);
    expect(whole.heard).toHaveLength(3);
    expect(wanted).toEqual([true, false]);
    const later = new Ear();
    all.begin(later, 3, { kept: false, profile: false });
    expect(later.heard).toEqual([]);
  } finally {
    vi.useRealTimers();
  }
});

test("whoever begins later hears what was kept first", () => {
  const { all, wanted } = watches(100);
  all.add(submitted("a"));
  all.add(submitted("b"));
  const ear = new Ear();
  all.add({ kind: "log", line });
  all.begin(ear, 1, { run: "b", kept: true, profile: false });
  expect(ear.heard).toEqual([submitted("b"), { kind: "log", line }]);
  all.forget(ear);
  expect(all.wanted).toBe(true);
  expect(wanted).toEqual([]);
});

test("whoever begins later, and wants nothing that was before, still hears which workers there are", () => {
  const { all } = watches(100);
  for (const event of [worker("a", "joined"), worker("b", "joined"), submitted("x"), worker("a", "lost")])
    all.add(event);
  const ear = new Ear();
  all.begin(ear, 1, { kept: false, profile: false });
  expect(ear.heard).toEqual([worker("b", "joined")]);
});

test("only the last events are kept; how many went, and which workers are there, is not forgotten", () => {
  const kept = new KeptEvents(32);
  kept.add(worker("stays", "joined"));
  kept.add(worker("goes", "joined"));
  kept.add(worker("goes", "lost"));
  for (let number = 1; number <= 1_000; number++) kept.add(submitted("a", number));
  const all = [...kept.all()];
  expect(all.length).toBeLessThanOrEqual(32 + 2);
  expect(all[0]).toEqual(worker("stays", "joined"));
  const [dropped, ...rest] = all.slice(1);
  expect(dropped).toMatchObject({ kind: "dropped", what: "events", count: 1_003 - rest.length });
  expect(rest.at(-1)).toEqual(submitted("a", 1_000));
  expect(rest.every((event) => event.kind === "submitted")).toBe(true);
});

test("nothing is kept where nothing is to be", () => {
  const kept = new KeptEvents(0);
  kept.add(submitted("a"));
  expect([...kept.all()]).toEqual([]);
});
