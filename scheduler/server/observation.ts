import { assertNever } from "../../protocol/errors.ts";
import type { WorkerId } from "../../protocol/ids.ts";
import type { Logger } from "../../protocol/logger.ts";
import type { ClientToScheduler, SchedulerToClient, WorkerToScheduler } from "../../protocol/messages.ts";
import type { ClusterEvent } from "../../protocol/record.ts";
import { Logs } from "./logs.ts";
import { OwnVitals } from "./own-vitals.ts";
import { Profiling, type ProfilingOptions } from "./profiling.ts";
import { Watches } from "./watches.ts";

/** What clients ask of it. */
export type ObservationRequest = Extract<ClientToScheduler, { readonly op: "watch" | "unwatch" | "logs" }>;

interface Asker {
  send(message: SchedulerToClient): void;
}

/** Of the lines of logs that whoever asks for what was before is told. */
const keptLinesMax = 10_000;

export interface ObservationOptions {
  /** Gets what the scheduler logs, as its user wants to see it. */
  readonly log: Logger;
  /** How many of the last events are kept for those who begin to watch later. */
  readonly keptMax: number;
  /** Told whether anybody wants to hear of what happens. */
  readonly onWanted: (wanted: boolean) => void;
  readonly workers: ProfilingOptions["workers"];
  readonly order: ProfilingOptions["order"];
}

/** All that is seen of the cluster and decides nothing: events, logs, vitals and profiles, for those who want them. */
export class Observation {
  readonly logs: Logs;
  readonly watches: Watches;
  /** Hears everything that happens, such as a dashboard does. */
  listener: ((event: ClusterEvent) => void) | undefined;
  readonly #vitals: OwnVitals;
  readonly #profiling: Profiling;

  constructor({ log, keptMax, onWanted, workers, order }: ObservationOptions) {
    const happened = (event: ClusterEvent): void => this.happened(event);
    this.#vitals = new OwnVitals(happened);
    this.watches = new Watches({
      keptMax,
      keptLines: () => (keptMax > 0 ? this.logs.recent({ limit: keptLinesMax }) : []),
      onWanted: (wanted) => {
        if (wanted) this.#vitals.start();
        else this.#vitals.stop();
        onWanted(wanted);
      },
    });
    this.logs = new Logs(log, (line) => happened({ kind: "log", line }));
    this.#profiling = new Profiling({ workers, order, tell: happened });
    if (keptMax > 0) this.#vitals.start();
  }

  happened(event: ClusterEvent): void {
    this.watches.add(event);
    this.listener?.(event);
  }

  answer(asker: Asker, message: ObservationRequest): void {
    const { request } = message;
    const reply = (value: unknown): void => asker.send({ op: "reply", request, value });
    switch (message.op) {
      case "logs":
        return reply(this.logs.recent(message));
      case "watch":
        this.watches.begin(asker, request, message);
        if (message.profile) this.#profiling.begin();
        return reply(null);
      case "unwatch": {
        const end = (): void => {
          this.watches.end(asker, message.watch);
          reply(null);
        };
        return this.watches.forgoProfile(asker, message.watch) ? this.#profiling.end(end) : end();
      }
      default:
        assertNever(message);
    }
  }

  /** Its connection is gone. */
  forget(asker: Asker): void {
    for (let left = this.watches.forget(asker); left > 0; left--) this.#profiling.end(() => undefined);
  }

  workerJoined(worker: WorkerId): void {
    this.#profiling.joined(worker);
  }

  /** Lines of logs are for nobody else; a profile goes on to whoever records. */
  workerLogged(name: string, { lines }: Extract<WorkerToScheduler, { readonly op: "log" }>): void {
    this.logs.fromWorker(name, lines);
  }

  /** It samples no longer: it said so, or is gone. */
  workerUnsampled(worker: WorkerId): void {
    this.#profiling.ended(worker);
  }

  close(): void {
    this.#vitals.stop();
    this.watches.close();
    this.#profiling.close();
  }
}
