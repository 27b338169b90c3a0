import {
  type DeedKind,
  deedKinds,
  type Edition,
  editionLatest,
  editions,
  type FaultKind,
  faultKinds,
  SimCluster,
  type SimClusterOptions,
  type SimOutcome,
  SimViolation,
  type TraitKind,
  traitKinds,
} from "../../testing/index.ts";

type Kinds<Kind> = "all" | "none" | readonly Kind[];

/** All that decides a random run. */
export interface Scenario extends SimClusterOptions {
  readonly edition: Edition;
  readonly workers: number;
  readonly tasks: number;
  readonly faults: Kinds<FaultKind>;
  readonly deeds: Kinds<DeedKind>;
  readonly traits: Kinds<TraitKind>;
}

export const readFaults = (text: string): Kinds<FaultKind> => readKinds(text, faultKinds);
export const readDeeds = (text: string): Kinds<DeedKind> => readKinds(text, deedKinds);
export const readTraits = (text: string): Kinds<TraitKind> => readKinds(text, traitKinds);

/** @throws {RangeError} if there is none of this number. */
export function readEdition(text: string): Edition {
  const edition = editions.find((each) => `${each}` === text);
  if (edition === undefined) throw new RangeError(`${text} is none of the editions ${editions.join(", ")}`);
  return edition;
}

/** "all", "none", or names with commas between. @throws {RangeError} naming those that are not known. */
function readKinds<Kind extends string>(text: string, known: readonly Kind[]): Kinds<Kind> {
  if (text === "all" || text === "none") return text;
  const names = text.split(",");
  const unknown = names.filter((name) => !known.some((kind) => kind === name));
  if (unknown.length > 0) throw new RangeError(`${unknown.join(", ")} is none of ${known.join(", ")}`);
  return known.filter((kind) => names.includes(kind));
}

/** What replays it. */
export function commandFor({ seed, edition, workers, tasks, faults, deeds, traits }: Scenario): string {
  const list = (kinds: Kinds<string>): string => (typeof kinds === "string" ? kinds : kinds.join(",") || "none");
  const only = `--faults ${list(faults)} --deeds ${list(deeds)} --traits ${list(traits)}`;
  const old = edition === editionLatest ? "" : ` --edition ${edition}`;
  return `npm run test:sim -- --seed ${seed}${old} --workers ${workers} --tasks ${tasks} ${only}`;
}

/** Plays it; returns what it found, if it found anything. */
export function play(scenario: Scenario): SimOutcome | SimViolation {
  try {
    return new SimCluster(scenario).run();
  } catch (error) {
    if (error instanceof SimViolation) return error;
    throw error;
  }
}
