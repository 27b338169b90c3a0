import type { ClientId, WorkerId } from "../../protocol/ids.ts";
import type { ClientToScheduler, WorkerToScheduler } from "../../protocol/messages.ts";
import type { SchedulerEvent } from "./events.ts";

// A frame holds hundreds of messages while there is much to do. Placing tasks, and letting go of what nobody needs, once
// for all of them saves more than any of them costs.

/**
 * What comes by the hundred, and neither looks at what the messages before it led to nor is judged by what it leads to
 * itself. Every other message is an event of its own, so that it finds all placed and settled.
 */
const bulkOps: ReadonlySet<(ClientToScheduler | WorkerToScheduler)["op"]> = new Set([
  "submit",
  "define-fn",
  "release",
  "started",
  "unstarted",
  "done",
  "failed",
  "cancelled",
  "kept",
  "lent",
  "returned",
  "stored",
  "transferred",
]);

/** The events that a frame of a client is to its scheduler's core, in order. */
export function clientEvents(client: ClientId, frame: readonly ClientToScheduler[]): SchedulerEvent[] {
  return inGroups(frame).map((messages) =>
    messages.length === 1
      ? { kind: "client-message", client, message: messages[0] as ClientToScheduler }
      : { kind: "client-messages", client, messages },
  );
}

/** The events that a frame of a worker is to its scheduler's core, in order. */
export function workerEvents(worker: WorkerId, frame: readonly WorkerToScheduler[]): SchedulerEvent[] {
  return inGroups(frame).map((messages) =>
    messages.length === 1
      ? { kind: "worker-message", worker, message: messages[0] as WorkerToScheduler }
      : { kind: "worker-messages", worker, messages },
  );
}

function inGroups<Message extends ClientToScheduler | WorkerToScheduler>(frame: readonly Message[]): Message[][] {
  const groups: Message[][] = [];
  let group: Message[] | undefined;
  for (const message of frame) {
    if (!bulkOps.has(message.op)) {
      groups.push([message]);
      group = undefined;
    } else if (group === undefined) {
      group = [message];
      groups.push(group);
    } else group.push(message);
  }
  return groups;
}
