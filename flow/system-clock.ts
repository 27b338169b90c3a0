import type { Clock } from "../protocol/clock.ts";
import { timerMs } from "../protocol/timer-ms.ts";

/** The clock of this machine. */
export const systemClock: Clock = {
  now: () => performance.now(),
  schedule(delayMs, callback) {
    const dueMs = performance.now() + delayMs;
    let timer: NodeJS.Timeout;
    const wait = (): void => {
      const leftMs = dueMs - performance.now();
      // A timer may fire a little early, and never waits longer than its limit; so the time is looked at once more.
      if (leftMs <= 0) callback();
      else timer = setTimeout(wait, timerMs(Math.ceil(leftMs)));
    };
    timer = setTimeout(wait, timerMs(Math.max(delayMs, 0)));
    return () => clearTimeout(timer);
  },
};
