import { readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { SimCluster } from "../../testing/index.ts";

// Races that were awkward elsewhere, as transcripts that a reviewer can read. What the scheduler gets is shown when it
// arrives there, what it sends when it leaves. A transcript that changed on purpose is written anew with UPDATE=1.

function expectTranscript(name: string, sim: SimCluster): void {
  const path = new URL(`./transcripts/${name}.txt`, import.meta.url);
  const actual = sim.transcript();
  if (process.env["UPDATE"] === "1") writeFileSync(path, actual);
  expect(actual).toBe(readFileSync(path, "utf8"));
}

const named = (...names: string[]) => names.map((name) => ({ name }));

test("cancelled while it executes, then submitted again at once", () => {
  const sim = new SimCluster({ seed: 1, workers: named("a", "b") });
  const client = sim.client("client");
  sim.runFor(5);
  const old = client.submit([sim.script({ key: "x", durationMs: 1_000 })]);
  sim.runUntil(() => sim.worker("a").runs("x"));
  client.cancel(old);
  client.release(old);
  const [again] = client.submit([sim.script({ key: "x", durationMs: 10 })]);
  client.fetchAll();
  sim.runUntil(() => again?.verified === true);
  expectTranscript("cancel-while-executing-then-resubmit", sim);
});

test("the source of a fetch dies while it is under way", () => {
  const sim = new SimCluster({ seed: 1, workers: named("a", "b") });
  const client = sim.client("client");
  sim.runFor(5);
  const x = sim.script({ key: "x", workers: ["a"] });
  const y = sim.script({ key: "y", deps: [x], workers: ["b"] });
  const [, future] = client.submit([x, y]);
  sim.runUntil(() => sim.transcript().includes("b: asks"));
  sim.worker("a").crash();
  client.fetchAll();
  sim.runUntil(() => future?.verified === true);
  expectTranscript("source-dies-during-fetch", sim);
});

test("a worker is replaced at the same address before the scheduler has missed it", () => {
  const sim = new SimCluster({ seed: 1, workers: named("a", "b") });
  const client = sim.client("client");
  sim.runFor(5);
  const [x] = client.submit([sim.script({ key: "x", workers: ["a"] })]);
  sim.runUntil(() => x?.status === "finished");
  client.submit([sim.script({ key: "running", durationMs: 500, workers: ["a"] })]);
  sim.runUntil(() => sim.worker("a").runs("running"));
  sim.worker("a").crash({ silently: true });
  client.fetchAll();
  sim.runUntil(() => client.unfinished().length === 0);
  expectTranscript("worker-replaced-at-the-same-address", sim);
});

test("the last holder is lost while a fetch from it is under way and cannot arrive", () => {
  const sim = new SimCluster({ seed: 1, workers: named("a", "b", "c") });
  const client = sim.client("client");
  sim.runFor(5);
  const x = sim.script({ key: "x", workers: ["a"], allowOtherWorkers: true });
  const y = sim.script({ key: "y", deps: [x], workers: ["b"] });
  const [future] = client.submit([x, y], { unwanted: new Set([x]) });
  // The values cannot pass, so b waits until a is gone.
  sim.partition("a", "b");
  sim.runUntil(() => sim.transcript().includes("b: asks"));
  sim.worker("a").stop("now");
  client.fetchAll();
  sim.runUntil(() => future?.verified === true);
  expectTranscript("last-holder-lost-during-fetch", sim);
});

test("a peer that is always busy is asked again and again, and nothing is recomputed", () => {
  const sim = new SimCluster({ seed: 1, workers: named("a", "b") });
  const client = sim.client("client");
  sim.runFor(5);
  const x = sim.script({ key: "x", workers: ["a"] });
  const y = sim.script({ key: "y", deps: [x], workers: ["b"] });
  sim.worker("a").beBusy(true);
  const [future] = client.submit([x, y], { unwanted: new Set([x]) });
  sim.runFor(150);
  sim.worker("a").beBusy(false);
  client.fetchAll();
  sim.runUntil(() => future?.verified === true);
  expectTranscript("peer-always-busy", sim);
});

test("news of an attempt that was given away, and that a worker out of reach had long begun, changes nothing", () => {
  const sim = new SimCluster({ seed: 1, workers: named("a", "b", "c") });
  const client = sim.client("client");
  sim.runFor(5);
  const x = sim.script({ key: "x", fn: "own", workers: ["c"], allowOtherWorkers: true });
  const y = sim.script({ key: "y", fn: "own", deps: [x], workers: ["b"] });
  const futures = client.submit([x, y]);
  sim.runUntil(() => sim.worker("c").runs("x"));
  sim.runUntil(() => sim.transcript().includes("b: asks c:1"));
  // The answer is under way when c goes, so x is given to a before anybody knows that b has a copy.
  sim.runFor(2);
  sim.worker("c").stop("now");
  sim.runUntil(() => sim.worker("a").runs("x"));
  sim.partition("a", "scheduler");
  const { process } = sim.worker("a");
  const [job = 0] = process.slots.running.keys();
  process.handle({ kind: "slot-lent", job });
  client.fetchAll();
  sim.runUntil(() => futures.every(({ verified }) => verified));
  sim.runUntil(() => !sim.worker("a").runs("x"));
  const before = sim.transcript().split("\n").length;
  sim.heal("a", "scheduler");
  sim.runFor(5);
  const late = sim.transcript().split("\n").slice(before).join("\n");
  for (const op of ["started", "lent", "done"]) expect(late).toContain(`a → scheduler  ${op} x#2`);
  expect(late).not.toContain("scheduler → client");
  expect(late).not.toContain("scheduler → b");
  expect(process.store.leftovers()).toEqual([]);
  // The one slot that was lent out for a while is one slot again.
  client.submit(["z1", "z2"].map((key) => sim.script({ key, fn: "own", workers: ["a"] })));
  sim.runUntil(() => sim.worker("a").runs("z1") || sim.worker("a").runs("z2"));
  expect(process.slots.running.size).toBe(1);
  sim.runUntil(() => client.unfinished().length === 0);
  expectTranscript("late-news-of-an-attempt-given-away", sim);
});

test("the worker that a task was asked back for dies while the answer is under way", () => {
  const sim = new SimCluster({ seed: 1, workers: named("a", "b") });
  const client = sim.client("client");
  sim.runFor(5);
  const long = sim.script({ key: "long", durationMs: 300 });
  const [, short, waiting] = client.submit([long, sim.script({ key: "short" }), sim.script({ key: "waiting" })]);
  sim.runUntil(() => sim.transcript().includes("give-back waiting#1"));
  // Otherwise it would rightly be computed again, since nobody else has it.
  sim.runUntil(() => short?.status === "finished");
  if (short !== undefined) client.release([short]);
  sim.worker("a").freeze();
  sim.runFor(2);
  sim.worker("b").crash();
  sim.runFor(10);
  sim.worker("a").thaw();
  client.fetchAll();
  sim.runUntil(() => waiting?.verified === true);
  expect(sim.worker("a").runs("long")).toBe(true);
  sim.runUntil(() => client.unfinished().length === 0);
  const transcript = sim.transcript();
  for (const key of ["long", "short", "waiting"]) expect(transcript.split(`: runs ${key}#`)).toHaveLength(2);
  expectTranscript("thief-dies-while-a-task-is-given-back", sim);
});

test("nine of ten workers are retired in the middle of a computation", () => {
  const names = Array.from({ length: 10 }, (_, index) => `w${index}`);
  const sim = new SimCluster({ seed: 1, workers: named(...names) });
  const client = sim.client("client");
  sim.runFor(5);
  const leaves = names.map((_, index) => sim.script({ key: `leaf${index}`, fn: "own", durationMs: 10 }));
  // The one that stays is the last to be ready, so what it sums up must have been handed over by then.
  const middle = leaves.map((leaf, index) =>
    sim.script({ key: `middle${index}`, fn: "own", deps: [leaf], durationMs: index === 0 ? 100 : 50 }),
  );
  const sum = sim.script({ key: "sum", fn: "own", deps: [...leaves, ...middle] });
  const scripts = [...leaves, ...middle, sum];
  const [future] = client.submit(scripts, { unwanted: new Set([...leaves, ...middle]) });
  sim.runUntil(() => names.every((name, index) => sim.worker(name).runs(`middle${index}`)));
  let retired: unknown;
  client.request({ op: "retire-workers", names: names.slice(1) }, ({ value }) => {
    retired = value;
  });
  client.fetchAll();
  sim.runUntil(() => future?.verified === true && retired !== undefined);
  expect(retired).toEqual(names.slice(1));
  expect(names.filter((name) => sim.worker(name).stopped)).toEqual(names.slice(1));
  const transcript = sim.transcript();
  for (const { options } of scripts) expect(transcript.split(`: runs ${options.key}#`)).toHaveLength(2);
  for (const key of ["leaf", "middle"])
    for (const index of names.keys())
      if (index > 0) expect(transcript).toContain(`w0 → scheduler  stored ${key}${index}`);
  expectTranscript("nine-of-ten-workers-retired", sim);
});

test("the story of a key tells what happened to it everywhere, and nothing else", () => {
  const sim = new SimCluster({ seed: 1, workers: named("a") });
  const client = sim.client("client");
  sim.runFor(5);
  client.submit([sim.script({ key: "x" }), sim.script({ key: "y" })]);
  client.fetchAll();
  sim.runUntil(() => client.unfinished().length === 0);
  const story = sim.story("x").split("\n");
  expect(
    story.map((line) =>
      line
        .trim()
        .split(/\s{2,}/)
        .slice(1)
        .join(" "),
    ),
  ).toEqual([
    "client → scheduler submit x, y",
    "scheduler → a compute x#1",
    "a: runs x#1",
    "a → scheduler started x#1",
    "a → scheduler done x#1",
    "scheduler → client future 1 finished at a:1",
  ]);
});
