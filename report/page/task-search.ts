import type { AttemptColumns, NameRow } from "../report-data.ts";
import { pause } from "./pause.ts";

/** So many keys are decoded and compared between two breaths of the browser. */
const chunkRows = 8_000;

export interface Found {
  /** 1 for the attempts that match. */
  readonly flags: Uint8Array;
  /** Their rows, by start. */
  readonly rows: Uint32Array;
}

/** Attempts whose name or key contains a text. Undefined when `isStale` says that the answer is not wanted any more. */
export async function searchAttempts(
  attempts: AttemptColumns,
  names: readonly NameRow[],
  text: string,
  isStale: () => boolean,
): Promise<Found | undefined> {
  const wanted = text.toLowerCase();
  const nameMatches = names.map(({ name }) => name.toLowerCase().includes(wanted));
  const flags = new Uint8Array(attempts.count);
  for (let from = 0; from < attempts.count; from += chunkRows) {
    if (from > 0) await pause();
    if (isStale()) return undefined;
    const until = Math.min(attempts.count, from + chunkRows);
    for (let row = from; row < until; row++) {
      const matches =
        nameMatches[attempts.name[row] as number] || (attempts.key.at(row) ?? "").toLowerCase().includes(wanted);
      if (matches) flags[row] = 1;
    }
  }
  const rows = Uint32Array.from(flags, (_, row) => row)
    .filter((row) => flags[row] === 1)
    .sort((a, b) => (attempts.startMs[a] as number) - (attempts.startMs[b] as number));
  return { flags, rows };
}
