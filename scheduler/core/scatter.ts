import type { ClientToScheduler, ScatterPlace } from "../../protocol/messages.ts";
import type { ClientRecord } from "./client-record.ts";
import { addHolder, enroll } from "./enter.ts";
import type { SchedulerState } from "./state.ts";
import { isTaken } from "./submission-check.ts";
import { addWant, Task } from "./task.ts";
import { TaskClass } from "./task-class.ts";
import { compute, finish } from "./transitions.ts";
import { wireError } from "./wire-error.ts";
import type { WorkerRecord } from "./worker-record.ts";

type Scatter = ClientToScheduler & { readonly op: "scatter" };
type Scattered = ClientToScheduler & { readonly op: "scattered" };

const request = { retries: 0, priority: 0, resources: {}, workers: [], allowOtherWorkers: false, timeoutMs: 0 };

/** Says where the client should put its values: on every candidate, or in turn on those that store least. */
export function placeScattered(state: SchedulerState, client: ClientRecord, message: Scatter): void {
  const twice = message.futures.find((future, at) => isTaken(client, future) || message.futures.indexOf(future) < at);
  if (twice !== undefined) {
    const error = wireError("BAD_FRAME", `The future ${twice} is named twice; every value needs a number of its own.`);
    state.toClient(client, { op: "reply", request: message.request, error });
    return;
  }
  const wishes = new Set(message.workers);
  const candidates = [...state.workers.values()].filter(
    (worker) => worker.status === "running" && wished(worker, wishes),
  );
  if (candidates.length === 0) {
    const wanted =
      wishes.size > 0 ? `none of the workers ${message.workers.join(", ")} is connected` : "no worker is connected";
    const error = wireError(
      "NO_WORKERS",
      `The values cannot be scattered: ${wanted}. Wait with client.waitForWorkers(1) first.`,
    );
    state.toClient(client, { op: "reply", request: message.request, error });
    return;
  }
  const load = new Map(candidates.map((worker) => [worker, worker.storedBytes]));
  const places: ScatterPlace[] = message.futures.map((future, index) => {
    const task = state.nextTaskId();
    const bytes = message.bytes[index] ?? 0;
    state.reserved.set(task, { client, storedBy: new Set() });
    client.scattering.set(future, { task, bytes });
    if (message.broadcast) return { task, addresses: candidates.map((worker) => worker.address) };
    let least = candidates[0] as WorkerRecord;
    for (const worker of candidates) if ((load.get(worker) ?? 0) < (load.get(least) ?? 0)) least = worker;
    load.set(least, (load.get(least) ?? 0) + bytes + 1);
    return { task, addresses: [least.address] };
  });
  state.reply(client, message.request, places);
}

const wished = (worker: WorkerRecord, wishes: ReadonlySet<string>): boolean =>
  wishes.size === 0 || wishes.has(worker.name) || wishes.has(worker.address) || wishes.has(worker.registration.host);

/** The values lie where they were to be put: from now on they are results like any other, but for having no function. */
export function takeScattered(state: SchedulerState, client: ClientRecord, message: Scattered): void {
  const run = state.run("scatter");
  const standing = { lowered: 0, generation: 0 };
  const taskClass = new TaskClass(undefined, request, run, state.placements.intern(request), standing, "", false);
  for (const [index, future] of message.futures.entries()) {
    const place = client.scattering.get(future);
    if (place === undefined) continue;
    client.scattering.delete(future);
    const storedBy = state.reserved.get(place.task)?.storedBy;
    state.reserved.delete(place.task);
    const task = new Task(place.task, taskClass, future, `scatter-${future}-${place.task}`, [], [], [], 0);
    enroll(state, task);
    state.keys.claim(task);
    client.futures.set(future, task);
    addWant(task, { client, future });
    task.resultBytes = place.bytes;
    const addresses = message.addresses[index] ?? [];
    // A worker may have taken the value without the client hearing of it; its copy has to be known, to be freed one day.
    const holders = [...state.workers.values()].filter(
      (worker) => addresses.includes(worker.address) || storedBy?.has(worker) === true,
    );
    const [first, ...others] = holders;
    // Every holder may have died meanwhile: the value is lost before it was ever used.
    if (first === undefined) compute(state, task);
    else {
      for (const other of others) addHolder(task, other);
      finish(state, task, first, place.bytes);
    }
  }
  state.dropRunIfEmpty(run);
  state.reply(client, message.request, null);
}
