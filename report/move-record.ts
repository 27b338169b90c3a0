import type { DiskEvent, TransferEvent } from "../protocol/record.ts";
import { Interner } from "./interner.ts";
import { distinctMax, type ResolvedLimits } from "./limits.ts";
import { Rolling } from "./rolling.ts";

interface RouteTotals {
  readonly from: number;
  readonly to: number;
  transfers: number;
  tasks: number;
  bytes: number;
  totalMs: number;
}

/** More pairs of places than can be told apart in a picture. */
const routesMax = 40_000;

/** Results that moved: between workers, and to and from their disks. */
export class MoveRecord {
  readonly transfers: Rolling<"worker" | "from" | "tasks" | "bytes" | "startMs" | "endMs">;
  readonly disk: Rolling<"worker" | "isWrite" | "bytes" | "startMs" | "endMs">;
  /** Whoever gave or got something. */
  readonly places: Interner = new Interner(distinctMax, "(others)");
  transferringMs = 0;
  transferredBytes = 0;
  diskMs = 0;
  writtenBytes = 0;
  readBytes = 0;
  routesDropped = 0;
  readonly #routes: Map<number, RouteTotals> = new Map();
  readonly #workers: Interner;

  constructor(limits: ResolvedLimits, workers: Interner) {
    this.#workers = workers;
    this.transfers = new Rolling(limits.transfersMax, ["worker", "from", "tasks", "bytes", "startMs", "endMs"]);
    this.disk = new Rolling(limits.transfersMax, ["worker", "isWrite", "bytes", "startMs", "endMs"]);
  }

  get routes(): Iterable<RouteTotals> {
    return this.#routes.values();
  }

  addTransfer(event: TransferEvent): void {
    const { tasks, bytes, startMs } = event;
    const endMs = Math.max(startMs, event.endMs);
    const from = this.places.numberOf(event.from);
    const to = this.places.numberOf(event.worker);
    this.transferringMs += endMs - startMs;
    this.transferredBytes += bytes;
    this.#route(from, to, tasks, bytes, endMs - startMs);
    const worker = this.#workers.numberOf(event.worker);
    this.transfers.add({ worker, from, tasks, bytes, startMs, endMs }, {});
  }

  addDisk(event: DiskEvent): void {
    const { bytes, startMs } = event;
    const endMs = Math.max(startMs, event.endMs);
    this.diskMs += endMs - startMs;
    const isWrite = event.direction === "write";
    if (isWrite) this.writtenBytes += bytes;
    else this.readBytes += bytes;
    const worker = this.#workers.numberOf(event.worker);
    this.disk.add({ worker, isWrite: isWrite ? 1 : 0, bytes, startMs, endMs }, {});
  }

  #route(from: number, to: number, tasks: number, bytes: number, durationMs: number): void {
    const pair = from * (distinctMax + 1) + to;
    let route = this.#routes.get(pair);
    if (route === undefined) {
      if (this.#routes.size >= routesMax) {
        this.routesDropped++;
        return;
      }
      route = { from, to, transfers: 0, tasks: 0, bytes: 0, totalMs: 0 };
      this.#routes.set(pair, route);
    }
    route.transfers++;
    route.tasks += tasks;
    route.bytes += bytes;
    route.totalMs += durationMs;
  }
}
