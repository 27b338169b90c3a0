import { timerMs } from "../../protocol/timer-ms.ts";
import type { SchedulerCore } from "../core/core.ts";
import type { SchedulerEffect, SchedulerEvent } from "../core/events.ts";

/**
 * The only place that calls the core: hands it events one by one, has its effects carried out in order, and keeps the
 * only timer. After the core has thrown it is never called again: a state machine that found itself broken must not
 * decide anything more.
 */
export class CoreDriver {
  readonly #core: Pick<SchedulerCore, "handle" | "nextWakeupMs">;
  readonly #perform: (effect: SchedulerEffect) => void;
  readonly #onBroken: (error: unknown) => void;
  readonly #queue: SchedulerEvent[] = [];
  #handling = false;
  #stopped = false;
  #timer: NodeJS.Timeout | undefined;
  #timerAtMs = Number.POSITIVE_INFINITY;

  constructor(
    core: Pick<SchedulerCore, "handle" | "nextWakeupMs">,
    perform: (effect: SchedulerEffect) => void,
    onBroken: (error: unknown) => void,
  ) {
    this.#core = core;
    this.#perform = perform;
    this.#onBroken = onBroken;
  }

  /** Events that arise while effects are carried out wait until all of those are. */
  dispatch(events: readonly SchedulerEvent[]): void {
    if (this.#stopped) return;
    for (const event of events) this.#queue.push(event);
    if (this.#handling) return;
    this.#handling = true;
    try {
      for (let next = 0; next < this.#queue.length && !this.#stopped; next++) {
        const event = this.#queue[next] as SchedulerEvent;
        for (const effect of this.#core.handle(event, performance.now())) this.#perform(effect);
      }
      this.#queue.length = 0;
      this.#arm();
    } catch (error) {
      this.stop();
      this.#onBroken(error);
    } finally {
      this.#handling = false;
    }
  }

  /** Nothing reaches the core from now on. */
  stop(): void {
    this.#stopped = true;
    this.#queue.length = 0;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** A wake that comes too early does nothing, so a timer is only ever moved forward: most events leave it alone. */
  #arm(): void {
    if (this.#stopped) return;
    const wakeupMs = this.#core.nextWakeupMs();
    if (wakeupMs === undefined || wakeupMs >= this.#timerAtMs) return;
    clearTimeout(this.#timer);
    this.#timerAtMs = wakeupMs;
    const delayMs = timerMs(Math.max(Math.ceil(wakeupMs - performance.now()), 0));
    this.#timer = setTimeout(() => {
      this.#timerAtMs = Number.POSITIVE_INFINITY;
      this.dispatch([{ kind: "wake" }]);
    }, delayMs);
  }
}
