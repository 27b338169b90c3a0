import fc from "fast-check";
import { Client } from "muster";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { taskId } from "../../protocol/ids.ts";
import { SchedulerServer } from "../../scheduler/server/scheduler-server.ts";
import { Worker } from "../../worker/worker.ts";
import { add, inc, sum } from "../e2e/fixtures/arithmetic.ts";
import { watchLeaks } from "../e2e/leaks.ts";
import { eventually } from "../eventually.ts";
import { validMessages } from "../protocol/valid-messages.ts";
import { attack, attacks, type Target } from "./attack.ts";

watchLeaks("file");
// Those who were cut off are remembered for a while, in case they come back.
vi.setConfig({ testTimeout: 150_000 });

const token = "the-token";
/** Far from every task that there is: who shows the token may replace a result, and is not to do so by chance. */
const noTask = taskId(2 ** 40 + 7);

let scheduler: SchedulerServer;
const workers: Worker[] = [];
let client: Client;

beforeAll(async () => {
  scheduler = await SchedulerServer.start({ port: 0, token });
  for (const name of ["good-0", "good-1"])
    workers.push(await Worker.start({ address: scheduler.address, token, name, slots: 1, memoryLimitBytes: 0 }));
  client = await Client.connect(scheduler.address, { token });
});
afterAll(async () => {
  await client?.close();
  for (const worker of workers) await worker.close();
  await scheduler?.close();
});

function messagesOf(direction: string, without: readonly string[] = []): unknown[] {
  const { messages } = validMessages[direction] ?? { messages: [] };
  return messages
    .filter(({ op }) => !without.includes(String(op)))
    .map((message) => ({
      ...message,
      ...("task" in message && { task: noTask }),
      ...("tasks" in message && message["op"] !== "submit" && { tasks: [noTask] }),
    }));
}

/** A user among the attackers. Only workers that do work are asked: others would take tasks and vanish with them. */
async function compute(round: number): Promise<void> {
  const options = { workers: workers.map(({ name }) => name) };
  const numbers = [...Array(20).keys()].map((i) => round + i);
  const increased = numbers.map((number) => client.submit(inc, [number], options));
  const total = client.submit(sum, [increased], options);
  const both = client.submit(add, [total, 1], options);
  const expected = numbers.reduce((a, b) => a + b, 0) + numbers.length + 1;
  expect(await both.result({ timeoutMs: 30_000 })).toBe(expected);
}

async function expectUnharmed(messages: readonly unknown[], target: () => Target): Promise<void> {
  expect(messages.length).toBeGreaterThan(1);
  let round = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(attacks(messages), { minLength: 4, maxLength: 8 }), async (several) => {
      const here = target();
      await Promise.all([compute(round++), ...several.map((one) => attack(here, one))]);
    }),
    { numRuns: 40 },
  );
  const left = async (): Promise<boolean> => {
    const { clients, workers: registered } = await client.info();
    return clients === 1 && workers.every(({ name }) => registered.some((one) => one.name === name));
  };
  await eventually("the attackers to be forgotten", left, 60_000);
}

test("a scheduler whose clients send nonsense goes on for the others", async () => {
  // With the token, a restart is a right thing to ask for: it would restart the workers of everybody.
  const messages = messagesOf("client → scheduler", ["restart"]);
  await expectUnharmed(messages, () => ({ address: scheduler.address, token, role: "client" }));
});

test("a scheduler whose workers send nonsense goes on with the others", async () => {
  const messages = messagesOf("worker → scheduler");
  await expectUnharmed(messages, () => ({ address: scheduler.address, token, role: "worker" }));
});

test("a worker whose peers send nonsense goes on for the others", async () => {
  const messages = messagesOf("peer → peer");
  await expectUnharmed(messages, () => ({ address: workers[0]?.address ?? "", token, role: "peer" }));
});
