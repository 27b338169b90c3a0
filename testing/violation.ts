/**
 * What went wrong: a core threw or found its own state broken; something did not end in bounded time; or something was
 * done that a promise forbids.
 */
export type ViolationKind = "crash" | "liveness" | "correctness";

/** A simulation found a fault. The message begins with the seed and how to replay it, and ends with the stories concerned. */
export class SimViolation extends Error {
  override readonly name: string = "SimViolation";
  readonly kind: ViolationKind;
  readonly seed: number;

  constructor(seed: number, kind: ViolationKind, atMs: number, what: string, story: string, cause?: unknown) {
    const replay = `SEED=${seed} (replay: npm run test:sim -- --seed ${seed})`;
    super(`${replay} ${kind} at ${atMs.toFixed(3)} ms: ${what}${story === "" ? "" : `\n${story}`}`, { cause });
    this.kind = kind;
    this.seed = seed;
  }
}
