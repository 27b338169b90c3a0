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

  const columns: { date: Date[]; delay: bigint[]; origin: string[] } = { date: [], delay: [], origin: [] };
  await parquetRead({
    file,
    metadata,
    compressors,
    columns: Object.keys(columns),
    rowStart: rowsBefore(from),
    rowEnd: rowsBefore(to),
    onChunk: ({ columnName, columnData }) => {
      const column = columns[columnName as keyof typeof columns] as unknown[];
      for (const value of columnData as Iterable<unknown>) column.push(value);
    },
  });
  return columns;
}

/** The file of the package `vega-datasets`, where that is installed: beside the flow, not necessarily on workers. */
export function flightsFile(): string {
  return fileURLToPath(new URL("../data/flights-3m.parquet", import.meta.resolve("vega-datasets")));
}
