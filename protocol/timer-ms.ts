/** The longest that a timer of the platform can wait: what is longer it takes for a millisecond. */
const timerMsMax = 2 ** 31 - 1;

/** As much of a duration as one timer can wait. What is cut from some 25 days on matters to nobody, or is waited for anew. */
export const timerMs = (durationMs: number): number => Math.min(durationMs, timerMsMax);
