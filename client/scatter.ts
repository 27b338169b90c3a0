import type { EncodedValue, ScatterPlace } from "../protocol/messages.ts";
import type { PeerLinks } from "../protocol/transfer.ts";
import { encodedBytes, encodeValue } from "../protocol/value.ts";
import type { Future } from "./future.ts";
import type { FutureTable } from "./future-table.ts";
import type { Session } from "./session.ts";

export interface ScatterOptions {
  /** Puts a copy of each value onto every worker. Default false: one copy of each. */
  readonly broadcast?: boolean | undefined;
  /** Names, addresses or hosts of the workers to put them on. Default any. */
  readonly workers?: readonly string[] | undefined;
}

export interface ScatterThrough {
  readonly session: Session;
  readonly links: PeerLinks;
  readonly futures: FutureTable;
}

/** Puts values onto workers, straight from here, then says where they lie. */
export async function scatter<T>(
  values: readonly T[],
  options: ScatterOptions,
  { session, links, futures }: ScatterThrough,
): Promise<Future<T>[]> {
  if (values.length === 0) return [];
  const encoded = values.map((value, index) => encodeValue(value, { label: `values[${index}]` }));
  const ids = encoded.map(() => futures.nextIds(1));
  const places = await session.request<ScatterPlace[]>((request) => ({
    op: "scatter",
    request,
    futures: ids,
    bytes: encoded.map(encodedBytes),
    workers: options.workers ?? [],
    broadcast: options.broadcast ?? false,
  }));
  const addresses = await putAll(encoded, places, links);
  const made = ids.map((id, index) => futures.create<T>(id, `scatter-${id}-${places[index]?.task}`).future);
  await session.request((request) => ({ op: "scattered", request, futures: ids, addresses }));
  return made;
}

/** For each value the addresses that took it; rejects when one was taken by nobody. One put at a time for each worker. */
async function putAll(
  values: readonly EncodedValue[],
  places: readonly ScatterPlace[],
  links: PeerLinks,
): Promise<string[][]> {
  const taken: string[][] = values.map(() => []);
  const failures = new Map<number, unknown>();
  const addresses = new Set(places.flatMap((place) => place.addresses));
  const putOn = async (address: string): Promise<void> => {
    for (const [index, place] of places.entries()) {
      const value = values[index];
      if (value === undefined || !place.addresses.includes(address)) continue;
      try {
        await links.put(address, place.task, value);
        taken[index]?.push(address);
      } catch (error) {
        failures.set(index, error);
      }
    }
  };
  await Promise.all([...addresses].map(putOn));
  for (const [index, failure] of failures) if (taken[index]?.length === 0) throw failure;
  return taken;
}
