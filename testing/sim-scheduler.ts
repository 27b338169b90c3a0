import { type ClientId, clientId, type WorkerId, workerId } from "../protocol/ids.ts";
import type {
  ClientSession,
  ClientToScheduler,
  SchedulerToClient,
  SchedulerToWorker,
  WorkerRegistration,
  WorkerToScheduler,
} from "../protocol/messages.ts";
import { detachedMs } from "../scheduler/core/client-messages.ts";
import { SchedulerCore } from "../scheduler/core/core.ts";
import type { SchedulerEffect, SchedulerEvent } from "../scheduler/core/events.ts";
import { clientEvents, workerEvents } from "../scheduler/core/frames.ts";
import type { LinkEnd } from "./link.ts";
import type { Surroundings } from "./surroundings.ts";
import type { Undo } from "./virtual-time.ts";
import type { Runner } from "./watch.ts";

type ToWorker = LinkEnd<SchedulerToWorker | { readonly op: "welcome" }, WorkerToScheduler>;
type ToClient = LinkEnd<SchedulerToClient, ClientToScheduler>;

export interface SimHello {
  readonly name: string;
  readonly session: ClientSession | undefined;
}

/** The real core of the scheduler, in a shell whose sockets and timer are simulated. It does what the real shell does. */
export class SimScheduler {
  readonly core: SchedulerCore;
  readonly #around: Surroundings;
  readonly #workers: Map<WorkerId, ToWorker> = new Map();
  readonly #clients: Map<ClientId, ToClient> = new Map();
  readonly #sessions: Map<string, { client: ClientId; lostAtMs: number | undefined }> = new Map();
  readonly #graceMs: number;
  readonly #frames: Map<LinkEnd<never, never>, unknown[]> = new Map();
  #lastId = 0;
  /** Whether the client that connected last was taken in, or taken back. */
  #taken = false;
  #wake: Undo = () => {};
  #wakeAtMs: number = Number.POSITIVE_INFINITY;

  constructor(
    around: Surroundings,
    options: { readonly workerTtlMs: number; readonly graceMs: number; readonly noWorkersTimeoutMs: number },
  ) {
    const { workerTtlMs, graceMs, noWorkersTimeoutMs } = options;
    this.#around = around;
    this.#graceMs = graceMs;
    const fixed = { version: "sim", startedAt: "1970-01-01T00:00:00.000Z" };
    this.core = new SchedulerCore({ ...fixed, workerTtlMs, graceMs, noWorkersTimeoutMs });
  }

  /** The worker's hello arrives. */
  acceptWorker(link: ToWorker, registration: WorkerRegistration): void {
    const worker = workerId(++this.#lastId);
    this.#workers.set(worker, link);
    link.listener = {
      onFrame: (frame) => {
        if (this.#workers.get(worker) !== link) return;
        for (const message of frame) this.#around.record.message(registration.name, "scheduler", message);
        this.#dispatch(workerEvents(worker, frame));
      },
      onEnd: (reason) => {
        if (this.#workers.delete(worker)) this.#dispatch([{ kind: "worker-disconnected", worker, reason }]);
      },
    };
    link.send([{ op: "welcome" }]);
    const how = registration.resuming === true ? "is back" : "joins";
    this.#around.record.note("scheduler", `worker ${registration.name} ${how} at ${registration.address}`);
    this.#dispatch([{ kind: "worker-connected", worker, registration }]);
  }

  /** The client's hello arrives. */
  acceptClient(link: ToClient, { name, session }: SimHello): void {
    const client = clientId(++this.#lastId);
    this.#clients.set(client, link);
    this.#around.watch.names(client, name);
    link.listener = {
      onFrame: (frame) => {
        for (const message of frame) this.#around.record.message(name, "scheduler", message);
        this.#dispatch(clientEvents(client, frame));
      },
      onEnd: () => {
        this.#clients.delete(client);
        const known = this.#sessions.get(name);
        if (known?.client === client) known.lostAtMs = this.#around.time.nowMs;
        this.#dispatch([{ kind: "client-disconnected", client }]);
      },
    };
    if (session?.resuming === true) this.#around.record.note("scheduler", `client ${name} is back`);
    const mustKeep = session?.resuming === true && this.#isWaitedFor(name, session);
    this.#taken = session !== undefined && !session.resuming;
    this.#dispatch([{ kind: "client-connected", client, name, ...(session === undefined ? {} : { session }) }]);
    if (this.#taken) this.#sessions.set(name, { client, lostAtMs: undefined });
    else if (mustKeep) this.#around.violated("correctness", `the client ${name} was back in time, and was forgotten`);
    else this.#sessions.delete(name);
  }

  /** Ends what a client left behind that would outlive it by an hour. */
  forgetClient(name: string): void {
    const known = this.#sessions.get(name);
    if (known !== undefined) this.#dispatch([{ kind: "client-lost", client: known.client }]);
  }

  /** Whether the time in which a client that was cut off may come back is not over. */
  #isWaitedFor(name: string, { detach }: ClientSession): boolean {
    const known = this.#sessions.get(name);
    if (known === undefined) return false;
    const keptMs = detach ? detachedMs : this.#graceMs;
    return known.lostAtMs === undefined || this.#around.time.nowMs < known.lostAtMs + keptMs;
  }

  #dispatch(events: readonly SchedulerEvent[]): void {
    const { time, guard } = this.#around;
    for (const event of events) {
      const effects = guard("the scheduler", () => this.core.handle(event, time.nowMs));
      const beat = event.kind === "worker-message" && event.message.op === "heartbeat";
      if (!beat && this.#around.due()) guard("the scheduler", () => this.core.checkInvariants());
      const wrong = this.#around.watch.scheduled(event, effects, time.nowMs, (worker) => this.#runnerOf(worker));
      if (wrong !== undefined) this.#around.violated("correctness", wrong);
      for (const effect of effects) this.#perform(effect);
    }
    for (const [link, frame] of this.#frames) (link as unknown as LinkEnd<unknown, unknown>).send(frame);
    this.#frames.clear();
    this.#arm();
  }

  /** The slots behind a connection that is not lost. */
  #runnerOf(worker: WorkerId): Runner | undefined {
    const link = this.#workers.get(worker);
    return link === undefined ? undefined : this.#around.watch.runner(link.peer);
  }

  #perform(effect: SchedulerEffect): void {
    switch (effect.kind) {
      case "to-client":
        if (effect.message.op === "session") this.#taken = effect.message.kept;
        return this.#queue(this.#clients.get(effect.client), effect.message);
      case "to-worker":
        if (isSentAhead(effect.message)) this.#around.watch.count("tasks sent to where their input was being made");
        return this.#queue(this.#workers.get(effect.worker), effect.message);
      case "probe-worker": {
        const { worker, address } = effect;
        return this.#around.peers.probe("scheduler", address, (found) =>
          this.#dispatch([{ kind: "worker-probed", worker, found }]),
        );
      }
      case "close-worker": {
        const link = this.#workers.get(effect.worker);
        if (link === undefined) return;
        this.#around.record.note("scheduler", `hangs up on ${link.peer.name}: ${effect.reason}`);
        this.#workers.delete(effect.worker);
        link.send((this.#frames.get(link as never) ?? []) as SchedulerToWorker[]);
        this.#frames.delete(link as never);
        return link.close(effect.reason);
      }
      case "record":
      case "answer":
      case "log":
        return;
    }
  }

  /** One frame for each connection and turn, as on the real wire. */
  #queue(link: ToClient | ToWorker | undefined, message: SchedulerToClient | SchedulerToWorker): void {
    if (link === undefined) return;
    this.#around.record.message("scheduler", link.peer.name, message);
    const frame = this.#frames.get(link as never);
    if (frame === undefined) this.#frames.set(link as never, [message]);
    else frame.push(message);
  }

  #arm(): void {
    const { time } = this.#around;
    const wakeMs = this.core.nextWakeupMs();
    if (wakeMs === undefined || wakeMs >= this.#wakeAtMs) return;
    this.#wake();
    this.#wakeAtMs = wakeMs;
    this.#wake = time.schedule(wakeMs - time.nowMs, () => {
      this.#wakeAtMs = Number.POSITIVE_INFINITY;
      this.#dispatch([{ kind: "wake" }]);
    });
  }
}

/** Its worker has yet to make one of its inputs. */
function isSentAhead(message: SchedulerToWorker): boolean {
  return message.op === "compute" && message.inputs.some(({ addresses }) => addresses.length === 0);
}
