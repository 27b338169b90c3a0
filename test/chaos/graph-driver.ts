import { scheduler } from "node:timers/promises";
import { Client, ClusterError, type Future, Graph, type GraphNode } from "muster";
import type { Random } from "../../testing/random.ts";
import { endless, step, type Value } from "./fixtures/steps.ts";
import { token } from "./fleet.ts";
import { type Plan, planGraph } from "./plan.ts";
import type { Tally } from "./tally.ts";

/** Codes that say that a client is cut off for good: it is replaced, and its graph submitted anew. */
const cutOff: ReadonlySet<string> = new Set(["CONNECTION_LOST", "CLOSED", "SCHEDULER_UNREACHABLE"]);

class CutOff extends Error {}

export interface DriverOptions {
  readonly name: string;
  readonly random: Random;
  /** Where its clients connect. */
  readonly address: string;
  readonly tally: Tally;
  /** Called whenever something has ended. */
  readonly onProgress: () => void;
  readonly signal: AbortSignal;
}

/** A user who submits one random graph after another, changes their mind now and then, and checks every result. */
export class GraphDriver {
  readonly #options: DriverOptions;
  #client: Client | undefined;
  #futures: Future<Value>[] = [];
  #closed = false;

  constructor(options: DriverOptions) {
    this.#options = options;
  }

  /** Resolves once its last graph has ended after the signal. */
  async run(): Promise<void> {
    const { name, random, signal, tally } = this.#options;
    for (let count = 0; !signal.aborted; count++) {
      const plan = planGraph(random, `${name}-${count}`);
      await this.#insist(() => this.#runGraph(plan));
      tally.graphs++;
      if (random.chance(0.2)) await this.#insist(() => this.#stopEndless());
    }
  }

  /** What it waits for, for a report of a hang, as this client of the same scheduler is told. */
  async describe(client: Client): Promise<string> {
    const pending = this.#futures.filter(({ status }) => status === "pending");
    const counts = `${this.#options.name}: ${pending.length} of ${this.#futures.length} pending`;
    const first = pending.slice(0, 5).map(async (future) => {
      const told = await client.explain(future.key).catch(String);
      return `  ${future.key}: ${JSON.stringify(told)}`;
    });
    return [counts, ...(await Promise.all(first))].join("\n");
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#client?.close();
  }

  /** Again with another client whenever one was cut off. */
  async #insist(body: () => Promise<void>): Promise<void> {
    for (;;) {
      try {
        return await body();
      } catch (error) {
        if (!(error instanceof CutOff) || this.#closed) throw error;
        this.#options.tally.clientsLost++;
        await this.#client?.close();
        this.#client = undefined;
      }
    }
  }

  async #connected(): Promise<Client> {
    const { address, name } = this.#options;
    this.#client ??= await orCutOff(Client.connect(address, { token, name, timeoutMs: 10_000 }));
    return this.#client;
  }

  async #runGraph(plan: Plan): Promise<void> {
    const { random, tally } = this.#options;
    const client = await this.#connected();
    this.#futures = random.chance(0.3) ? this.#computeAll(client, plan) : this.#submitAll(client, plan);
    tally.tasks += plan.steps.length;
    if (random.chance(0.4)) await this.#changeMind(client, plan);
    for (const index of plan.steps.keys()) {
      await this.#check(client, plan, index);
      this.#options.onProgress();
    }
    // Some are let go, some left to the end of the client or to the garbage collector.
    if (random.chance(0.7)) for (const future of this.#futures) future.release();
    this.#futures = [];
  }

  #submitAll(client: Client, plan: Plan): Future<Value>[] {
    const futures: Future<Value>[] = [];
    for (const index of plan.steps.keys()) futures.push(this.#submit(client, plan, index, futures));
    return futures;
  }

  #submit(client: Client, plan: Plan, index: number, futures: readonly Future<Value>[]): Future<Value> {
    const { work, inputs, key } = stepOf(plan, index);
    const given = inputs.map((input) => futures[input] as Future<Value>);
    return client.submit(step, [work, given], { key, retries: 2 });
  }

  #computeAll(client: Client, plan: Plan): Future<Value>[] {
    const graph = new Graph();
    const nodes: GraphNode<Value>[] = [];
    for (const { work, inputs, key } of plan.steps) {
      const given = inputs.map((input) => nodes[input] as GraphNode<Value>);
      nodes.push(graph.add(step, [work, given], { key, retries: 2 }));
    }
    return client.compute(nodes);
  }

  /** Cancels some of them, and submits those again: at once, or once they are known to have stopped. */
  async #changeMind(client: Client, plan: Plan): Promise<void> {
    const { random, tally } = this.#options;
    await scheduler.wait(random.below(400));
    const chosen = random.some([...plan.steps.keys()], 0.2);
    if (chosen.length === 0) return;
    tally.cancels += chosen.length;
    const cancelled = client.cancel(
      chosen.map((index) => this.#futures[index] as Future<Value>),
      { force: random.chance(0.7), reason: "a change of mind" },
    );
    if (random.chance(0.5)) await orCutOff(cancelled);
    for (const index of chosen) this.#resubmit(client, plan, index);
    await orCutOff(cancelled);
  }

  #resubmit(client: Client, plan: Plan, index: number): void {
    this.#options.tally.resubmits++;
    try {
      this.#futures[index] = this.#submit(client, plan, index, this.#futures);
    } catch (error) {
      throw isCutOff(error) ? new CutOff() : error;
    }
  }

  /** Its result is what the reference says. What was cancelled or given up meanwhile is asked for again. */
  async #check(client: Client, plan: Plan, index: number): Promise<void> {
    const { tally } = this.#options;
    for (;;) {
      const future = this.#futures[index] as Future<Value>;
      const outcome = await settle(future);
      if (outcome.kind === "error" && isCutOff(outcome.error)) throw new CutOff();
      const code = outcome.kind === "error" ? codeOf(outcome.error) : undefined;
      if (code === "CANCELLED") {
        // A result that had ended before an input of its was cancelled cannot be computed again once it is lost.
        for (const ancestor of ancestorsOf(plan, index)) {
          if (this.#futures[ancestor]?.status === "cancelled") this.#resubmit(client, plan, ancestor);
        }
        this.#resubmit(client, plan, index);
      } else if (code === "WORKER_LOST" || slotWasKilled(outcome)) {
        // Its slot may have been killed under it more often than it has retries, or at the last of them.
        tally.givenUp++;
        await orCutOff(client.retry(future));
      } else {
        const complaint = compare(plan, index, outcome);
        if (complaint !== undefined) tally.wrong.push(`${plan.name}, step ${index} (${future.key}): ${complaint}`);
        return;
      }
    }
  }

  /** A loop that never ends is stopped, wherever it got to. */
  async #stopEndless(): Promise<void> {
    const { random, tally, name, onProgress } = this.#options;
    const client = await this.#connected();
    const future = client.submit(endless, []);
    await scheduler.wait(random.below(1_000));
    await orCutOff(future.cancel({ reason: "it would never end" }));
    const outcome = await settle(future);
    onProgress();
    if (outcome.kind === "error" && isCutOff(outcome.error)) throw new CutOff();
    const code = outcome.kind === "error" ? codeOf(outcome.error) : "a value";
    // What kills its slot or its workers may come before the cancel does; it has no retries.
    if (code === "CANCELLED" || code === "WORKER_LOST" || slotWasKilled(outcome)) tally.endlessStopped++;
    else tally.wrong.push(`${name}: an endless task that was cancelled ended with ${code}`);
  }
}

type Outcome = { readonly kind: "value"; readonly value: Value } | { readonly kind: "error"; readonly error: unknown };

function settle(future: Future<Value>): Promise<Outcome> {
  return future.result().then(
    (value) => ({ kind: "value", value }),
    (error: unknown) => ({ kind: "error", error }),
  );
}

/** Only chaos kills with SIGKILL at once: a cancel or a timeout that shows as the end of its slot would show SIGTERM. */
function slotWasKilled(outcome: Outcome): boolean {
  if (outcome.kind === "value" || codeOf(outcome.error) !== "TASK_EXITED") return false;
  return signalOf(outcome.error) === "SIGKILL";
}

function compare(plan: Plan, index: number, outcome: Outcome): string | undefined {
  const expected = plan.expected[index];
  if (expected === undefined) throw new Error(`step ${index} is not in the plan`);
  if (expected.kind === "value") {
    if (outcome.kind === "error") return `expected a value, got ${String(outcome.error)}`;
    const { hash, payload } = outcome.value;
    if (hash === expected.hash && payload.length === expected.bytes) return undefined;
    return `expected ${expected.hash} and ${expected.bytes} bytes, got ${hash} and ${payload.length} bytes`;
  }
  if (outcome.kind === "value") return `expected a failure, got ${outcome.value.hash}`;
  const message = String(outcome.error);
  if ([...expected.messages].some((one) => message.includes(one))) return undefined;
  return `expected the failure "${[...expected.messages].join('" or "')}", got ${message}`;
}

function stepOf(plan: Plan, index: number): Plan["steps"][number] {
  const found = plan.steps[index];
  if (found === undefined) throw new Error(`step ${index} is not in the plan`);
  return found;
}

/** What a step depends on, directly or not, inputs before their dependents. */
function ancestorsOf(plan: Plan, index: number): number[] {
  const found = new Set(stepOf(plan, index).inputs);
  for (const ancestor of found) for (const input of stepOf(plan, ancestor).inputs) found.add(input);
  return [...found].toSorted((a, b) => a - b);
}

const codeOf = (error: unknown): string =>
  typeof error === "object" && error !== null && "code" in error ? String(error.code) : String(error);

const isCutOff = (error: unknown): boolean => cutOff.has(codeOf(error));

async function orCutOff<T>(promise: Promise<T>): Promise<T> {
  try {
    return await promise;
  } catch (error) {
    throw isCutOff(error) ? new CutOff() : error;
  }
}

/** The signal that ended a task's slot, where its error tells. */
function signalOf(error: unknown): unknown {
  return error instanceof ClusterError ? error.details["signal"] : undefined;
}
