import { fileURLToPath } from "node:url";
import { zstdDecompressSync } from "node:zlib";
import { asyncBufferFromFile, parquetMetadataAsync, parquetRead } from "hyparquet";

/** Three columns of some rows of the flights file. */
export interface Flights {
  readonly date: readonly Date[];
  /** Minutes late at the destination; negative: early. */
  readonly delay: readonly bigint[];
  readonly origin: readonly string[];
}

const compressors = { ZSTD: (input: Uint8Array): Uint8Array => zstdDecompressSync(input) };

/** Reads the row groups `from` to `to` (exclusive; default: all that there are). */
export async function readFlights(path: string, from = 0, to = Number.POSITIVE_INFINITY): Promise<Flights> {
  const file = await asyncBufferFromFile(path);
  const metadata = await parquetMetadataAsync(file);
  const rowsBefore = (group: number): number =>
    metadata.row_groups.slice(0, group).reduce((rows, { num_rows }) => rows + Number(num_rows), 0);

  // Row groups are read side by side, and so a column's chunks come in any order.
  const chunks: { name: string; from: number; values: ArrayLike<unknown> }[] = [];
  await parquetRead({
    file,
    metadata,
    compressors,
    columns: ["date", "delay", "origin"],
    rowStart: rowsBefore(from),
    rowEnd: rowsBefore(to),
    onChunk: ({ columnName, columnData, rowStart }) => {
      chunks.push({ name: columnName, from: rowStart, values: columnData });
    },
  });
  const column = <T>(name: string): T[] =>
    chunks
      .filter((chunk) => chunk.name === name)
      .sort((a, b) => a.from - b.from)
      .flatMap((chunk) => Array.from(chunk.values as ArrayLike<T>));
  return { date: column("date"), delay: column("delay"), origin: column("origin") };
}

/** The file of the package `vega-datasets`, where that is installed: beside the flow, not necessarily on workers. */
export function flightsFile(): string {
  return fileURLToPath(new URL("../data/flights-3m.parquet", import.meta.resolve("vega-datasets")));
}
