// The least that a scheduler can do: count what each task waits for, hand out what is ready, free what nobody needs. It runs
// no code and keeps no results, and nothing in it can fail: what it costs is the wire, and a look at each task.
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { WebSocketServer } from "ws";
import { answerLines } from "../answer-lines.ts";
import type { Graph, ToClient, ToScheduler, ToWorker } from "./messages.ts";
import { MessageSocket, maxPayload } from "./socket.ts";

interface Task {
  readonly fn: number;
  readonly args: unknown;
  readonly deps: readonly number[];
  readonly dependents: number[];
  readonly wanted: boolean;
  /** Inputs that are not there yet. */
  waiting: number;
  /** Dependents that have not run yet. */
  needed: number;
  holder: Worker | undefined;
}

interface Worker {
  readonly number: number;
  readonly slots: number;
  readonly outbox: Outbox<ToWorker>;
  readonly processing: Set<number>;
}

/** All that is sent to one socket in one turn of the event loop leaves together. */
class Outbox<Message> {
  readonly #socket: MessageSocket<ToScheduler, Message>;
  #messages: Message[] = [];

  constructor(socket: MessageSocket<ToScheduler, Message>) {
    this.#socket = socket;
  }

  send(message: Message): void {
    if (this.#messages.length === 0) setImmediate(() => this.#flush());
    this.#messages.push(message);
  }

  #flush(): void {
    this.#socket.send(this.#messages);
    this.#messages = [];
  }
}

const workers: Worker[] = [];
const ready: number[] = [];
let tasks: Task[] = [];
let client: Outbox<ToClient> | undefined;

function taskOf(id: number): Task {
  const task = tasks[id];
  if (task === undefined) throw new Error(`there is no task ${id}`);
  return task;
}

function accept({ fns, args, deps, wanted }: Graph): void {
  const asked = new Set(wanted);
  tasks = fns.map((fn, id) => {
    const own = deps[id] ?? [];
    return {
      fn,
      args: args[id],
      deps: own,
      dependents: [],
      wanted: asked.has(id),
      waiting: own.length,
      needed: 0,
      holder: undefined,
    };
  });
  for (const [id, task] of tasks.entries()) {
    for (const dep of task.deps) {
      const input = taskOf(dep);
      input.dependents.push(id);
      input.needed += 1;
    }
  }
  for (let id = tasks.length - 1; id >= 0; id--) if (taskOf(id).waiting === 0) ready.push(id);
}

/** One task to each worker in turn, as long as there are tasks and slots. */
function assign(): void {
  for (let busy = true; busy && ready.length > 0; ) {
    busy = false;
    for (const worker of workers) {
      if (worker.processing.size >= worker.slots) continue;
      const id = ready.pop();
      if (id === undefined) return;
      const task = taskOf(id);
      task.holder = worker;
      worker.processing.add(id);
      const deps = task.deps.map((dep): [number, number] => [dep, taskOf(dep).holder?.number ?? -1]);
      worker.outbox.send({ op: "compute", id, fn: task.fn, args: task.args, deps: deps.length > 0 ? deps : null });
      busy = true;
    }
  }
}

function finish(worker: Worker, id: number): void {
  const task = taskOf(id);
  worker.processing.delete(id);
  for (const dependent of task.dependents) {
    const waiter = taskOf(dependent);
    waiter.waiting -= 1;
    if (waiter.waiting === 0) ready.push(dependent);
  }
  if (task.wanted) client?.send({ op: "in-memory", id });
  for (const dep of task.deps) {
    const input = taskOf(dep);
    input.needed -= 1;
    if (input.needed === 0 && !input.wanted) input.holder?.outbox.send({ op: "free", id: dep });
  }
}

const server = new WebSocketServer({ port: 0, host: "127.0.0.1", perMessageDeflate: false, maxPayload });
server.on("connection", (raw, request) => {
  request.socket.setNoDelay(true);
  let worker: Worker | undefined;
  const socket = new MessageSocket<ToScheduler, ToWorker & ToClient>(raw);
  socket.onMessages((messages) => {
    for (const message of messages) {
      if (message.op === "done") {
        if (worker !== undefined) finish(worker, message.id);
      } else if (message.op === "graph") {
        accept(message);
      } else if (message.op === "client") {
        client = new Outbox<ToClient>(socket as unknown as MessageSocket<ToScheduler, ToClient>);
      } else {
        const outbox = new Outbox<ToWorker>(socket as unknown as MessageSocket<ToScheduler, ToWorker>);
        worker = { number: workers.length, slots: message.slots, outbox, processing: new Set() };
        workers.push(worker);
      }
    }
    assign();
  });
});
await once(server, "listening");
await answerLines({ port: (server.address() as AddressInfo).port }, async () => ({ workers: workers.length }));
