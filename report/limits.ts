/** How much a record keeps. Of what there is more of, the oldest goes, and how much went is said in the report. */
export interface RecorderLimits {
  /** Attempts that are kept one by one; totals count all of them. Default 200,000. */
  readonly attemptsMax?: number | undefined;
  /** Dependencies between those attempts. Default 2,000,000. */
  readonly depsMax?: number | undefined;
  /** Transfers, and likewise uses of disks, that are kept one by one. Default 100,000. */
  readonly transfersMax?: number | undefined;
  /** Tasks that ended without a result. Default 20,000. */
  readonly endsMax?: number | undefined;
  /** Comings and goings of workers, and likewise scaling decisions. Default 10,000. */
  readonly changesMax?: number | undefined;
  /** Default 20,000. */
  readonly logLinesMax?: number | undefined;
  /** Measurements of each process; where there are more, neighbours are merged. Default 1,000. */
  readonly vitalsMax?: number | undefined;
}

export type ResolvedLimits = { readonly [Name in keyof RecorderLimits]-?: number };

export function resolveLimits(limits: RecorderLimits): ResolvedLimits {
  return Object.freeze({
    attemptsMax: limits.attemptsMax ?? 200_000,
    depsMax: limits.depsMax ?? 2_000_000,
    transfersMax: limits.transfersMax ?? 100_000,
    endsMax: limits.endsMax ?? 20_000,
    changesMax: limits.changesMax ?? 10_000,
    logLinesMax: limits.logLinesMax ?? 20_000,
    vitalsMax: limits.vitalsMax ?? 1_000,
  });
}

/** Of different workers, and likewise of names of tasks, processes and places. Whoever comes later counts as one. */
export const distinctMax = 10_000;

/** Longer texts from users are cut. */
export const textCharsMax = 4_000;

export function cut(text: string): string {
  return text.length <= textCharsMax ? text : `${text.slice(0, textCharsMax)}… (${text.length} characters)`;
}
