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
