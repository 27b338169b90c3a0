import type { Clock } from "../protocol/clock.ts";

/** The longest that one timer of Node's can wait. */
const timerMsMax = 2 ** 31 - 1;

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
      else timer = setTimeout(wait, Math.min(Math.ceil(leftMs), timerMsMax));
    };
    timer = setTimeout(wait, Math.min(Math.max(delayMs, 0), timerMsMax));
    return () => clearTimeout(timer);
  },
};
