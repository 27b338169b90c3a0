import type { FnRef } from "../../protocol/code.ts";
import type { WireError } from "../../protocol/errors.ts";
import type { EncodedValue } from "../../protocol/messages.ts";
import type { CodeShelf } from "./code-shelf.ts";
import type { Jobs } from "./jobs.ts";
import type { Outbox } from "./outbox.ts";

/** Something a client has run once on this worker, outside scheduling. */
export interface RunOrder {
  readonly request: number;
  readonly fn: FnRef;
  readonly args: EncodedValue;
  /** False once the scheduler that asked is gone. */
  answerWanted: boolean;
}

/** Runs orders beside the queue: in a free slot if there is one, else in a place of its own, so that no queue can block them. */
export class RunOrders {
  readonly #waiting: Set<RunOrder> = new Set();
  readonly #jobs: Jobs;
  readonly #codes: CodeShelf;
  readonly #outbox: Outbox;

  constructor(jobs: Jobs, codes: CodeShelf, outbox: Outbox) {
    this.#jobs = jobs;
    this.#codes = codes;
    this.#outbox = outbox;
  }

  add(request: number, fn: FnRef, args: EncodedValue, nowMs: number): void {
    const order: RunOrder = { request, fn, args, answerWanted: true };
    if (this.#codes.has(fn.bundle, nowMs)) {
      this.#execute(order);
    } else {
      this.#waiting.add(order);
      this.#codes.load(fn.bundle);
    }
  }

  codeReady(bundle: string): void {
    for (const order of this.#waitingFor(bundle)) this.#execute(order);
  }

  codeFailed(bundle: string, error: WireError): void {
    for (const order of this.#waitingFor(bundle)) this.failed(order, error);
  }

  done(order: RunOrder, value: EncodedValue): void {
    if (order.answerWanted) this.#outbox.send({ op: "run-reply", request: order.request, value });
  }

  failed(order: RunOrder, error: WireError): void {
    if (order.answerWanted) this.#outbox.send({ op: "run-reply", request: order.request, error });
  }

  /** The requests that somebody waits for. */
  unanswered(): number[] {
    const open = Array.from(this.#waiting, ({ request }) => request);
    for (const [, job] of this.#jobs.entries()) {
      if (job.kind === "run" && job.order.answerWanted) open.push(job.order.request);
    }
    return open;
  }

  /** Nobody waits for any answer now; what runs is stopped. */
  drop(): void {
    this.#waiting.clear();
    for (const [job, running] of this.#jobs.entries()) {
      if (running.kind !== "run") continue;
      running.order.answerWanted = false;
      this.#outbox.push({ kind: "cancel-execution", job, force: true });
    }
  }

  #waitingFor(bundle: string): RunOrder[] {
    const found = [...this.#waiting].filter(({ fn }) => fn.bundle === bundle);
    for (const order of found) this.#waiting.delete(order);
    return found;
  }

  #execute(order: RunOrder): void {
    const extra = this.#jobs.freeSlots <= 0;
    this.#outbox.push({
      kind: "execute",
      job: this.#jobs.begin({ kind: "run", order, extra }),
      key: `run-on-worker-${order.request}`,
      attempt: 1,
      fn: order.fn,
      codePath: this.#codes.path(order.fn.bundle),
      args: order.args,
      inputs: [],
      timeoutMs: 0,
      run: undefined,
      extra,
    });
  }
}
