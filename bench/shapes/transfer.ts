import type { Client } from "../../client/client.ts";
import { ConfigurationError } from "../../protocol/errors.ts";
import { expectResult, finished, type Shape, secondsSince } from "./shape.ts";
import { payload, readPayload } from "./tasks.ts";

export const payloadBytes: number = 2 ** 20;

/** What the payload of this number is full of. */
export const payloadByte = (number: number): number => number % 251;

/** What `readPayload` makes of the payload of this number. */
const readOf = (number: number): number => payloadBytes + 2 * payloadByte(number);

/**
 * Half of the values lie on either worker before the clock starts; then each is read on both, so that each has to move
 * once. What moved is counted by those who received it.
 */
export const transfer: Shape = {
  name: "transfer",
  family: "transfer",
  summary: "500 × 1 MiB values, each read on two workers: what moved between workers, per second",
  figures: [{ name: "MB/s", better: "higher" }],
  size: 500,
  quickSize: 20,
  repetitions: 5,
  on: "workers that run code",
  async measure({ client }, size) {
    const workers = await twoWorkers(client);
    const values = Array.from({ length: size }, (_, i) =>
      client.submit(payload, [payloadBytes, i], { workers: [workers[i % 2] as string] }),
    );
    await Promise.all(values.map(finished));
    let movedBytes = 0;
    const stopWatching = await client.watch({}, (events) => {
      for (const event of events) if (event.kind === "transfer") movedBytes += event.bytes;
    });
    const startMs = performance.now();
    const reads = values.flatMap((value) =>
      workers.map((worker) => client.submit(readPayload, [value], { workers: [worker] })),
    );
    const read = await client.gather(reads);
    const seconds = secondsSince(startMs);
    await stopWatching();
    for (const [i, value] of read.entries()) expectResult("transfer", value, readOf(Math.floor(i / workers.length)));
    for (const future of [...values, ...reads]) future.release();
    return { "MB/s": movedBytes / 1e6 / seconds };
  },
};

async function twoWorkers(client: Client): Promise<readonly string[]> {
  const names = (await client.info()).workers.map(({ name }) => name);
  if (names.length >= 2) return names.slice(0, 2);
  throw new ConfigurationError(
    "BAD_OPTION",
    `the shape "transfer" moves values between two workers, and the cluster has ${names.length}: add workers, or leave it out`,
  );
}
