import { afterEach, beforeEach, expect, test } from "vitest";
import type { Client } from "../../client/client.ts";
import { Graph, type GraphNode } from "../../client/graph.ts";
import { partLimits } from "../../client/submission-parts.ts";
import type { WireError } from "../../protocol/errors.ts";
import type { SchedulerToClient } from "../../protocol/messages.ts";
import { eventually } from "../eventually.ts";
import { FakeCluster } from "./fake-cluster.ts";
import { shifted } from "./modules/sums.ts";

let cluster: FakeCluster;
let client: Client;

beforeEach(async () => {
  cluster = await FakeCluster.start();
  client = await cluster.connect();
});

afterEach(async () => {
  await client.close();
  await cluster.stop();
});

const submissions = () => cluster.received.filter((message) => message.op === "submit");

function chainOf(length: number): GraphNode<number> {
  const graph = new Graph();
  let node = graph.add(shifted, [0]);
  for (let index = 1; index < length; index++) node = graph.add(shifted, [node]);
  return node;
}

const conflict: WireError = { code: "KEY_CONFLICT", message: "The key is taken.", retryable: false };
const unknown: WireError = { code: "UNKNOWN_FUTURE", message: "It needs a future.", retryable: false };

test("a large graph is sent in parts, and no faster than they are taken", async () => {
  const total = 6.5 * partLimits.tasksMax;
  const future = client.compute(chainOf(total));
  const cancelled = future.cancel();
  // The first part can run: everything it needs is in it.
  const { tasks } = await cluster.next("submit");
  expect(tasks.length).toBe(partLimits.tasksMax);
  expect(tasks.filter(({ wanted }) => wanted).map((task) => task.future)).toEqual([tasks.at(-1)?.future]);
  // Nobody has answered yet, so that the client holds back.
  await eventually("all that goes out unanswered", () => submissions().length === 5);
  expect(submissions()).toHaveLength(5);
  const answered = cluster.reply("cancel", null);
  for (let part = 0; part < 7; part++) {
    const { submission } = part === 0 ? (submissions()[0] as { submission: number }) : await cluster.next("submit");
    cluster.tell({ op: "accepted", submission });
  }
  await answered;
  await cancelled;
  const sent = submissions().flatMap((submission) => submission.tasks.map((task) => task.future));
  expect(sent.length).toBe(total);
  // What follows does not overtake it, and what one part kept for the next is released.
  const ops = cluster.received.filter(({ op }) => ["submit", "release", "cancel"].includes(op)).map(({ op }) => op);
  expect(ops).toEqual(["submit", ...Array.from({ length: 6 }, () => ["submit", "release"]).flat(), "cancel"]);
});

test("what depends on a part that was refused fails as that did", async () => {
  const future = client.compute(chainOf(2.5 * partLimits.tasksMax));
  const failed = expect(future).rejects.toMatchObject({ code: "KEY_CONFLICT" });
  for (const error of [conflict, unknown, unknown]) {
    const { submission } = await cluster.next("submit");
    cluster.tell({ op: "rejected", submission, error });
  }
  await failed;
});

test("what was not sent yet when that was refused is never sent", async () => {
  const future = client.compute(chainOf(6.5 * partLimits.tasksMax));
  const failed = expect(future).rejects.toMatchObject({ code: "KEY_CONFLICT" });
  await eventually("all that goes out unanswered", () => submissions().length === 5);
  cluster.tell(
    ...submissions().map(({ submission }, index): SchedulerToClient => {
      return { op: "rejected", submission, error: index === 0 ? conflict : unknown };
    }),
  );
  await failed;
  expect(submissions()).toHaveLength(5);
});

test("a client that is closed meanwhile stops sending", async () => {
  const future = client.compute(chainOf(6.5 * partLimits.tasksMax));
  const failed = expect(future).rejects.toMatchObject({ code: "CLOSED" });
  await cluster.next("submit");
  await client.close();
  await failed;
  expect(submissions().length).toBeLessThan(7);
});
