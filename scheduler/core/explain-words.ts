import { formatDuration } from "../../protocol/units.ts";

/** Long lists are cut: a paragraph is read by people. */
const namedMax = 3;

/** `"a", "b", "c" and 7 more`. */
export function listed(names: readonly string[]): string {
  const shown = names.slice(0, namedMax);
  const more = names.length - shown.length;
  if (more > 0) return `${shown.join(", ")} and ${more} more`;
  return shown.length < 2 ? shown.join("") : `${shown.slice(0, -1).join(", ")} and ${shown.at(-1)}`;
}

export const quoted = (names: readonly string[]): string => listed(names.map((name) => `"${name}"`));

export function counted(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

/** How long ago a time of the scheduler's clock was. */
export const age = (sinceMs: number, nowMs: number): number => Math.max(0, Math.round(nowMs - sinceMs));

export const ageInWords = (sinceMs: number, nowMs: number): string => formatDuration(age(sinceMs, nowMs));
