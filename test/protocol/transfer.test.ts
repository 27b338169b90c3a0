import { once } from "node:events";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { acceptConnections, type Connection, dial } from "../../protocol/connection.ts";
import { ClusterError } from "../../protocol/errors.ts";
import { type TaskId, taskId } from "../../protocol/ids.ts";
import { silentLogger } from "../../protocol/logger.ts";
import type { EncodedValue, PeerAnswer, PeerRequest } from "../../protocol/messages.ts";
import { parsePeerAnswer, parsePeerRequest } from "../../protocol/parse.ts";
import {
  PeerLinks,
  type PeerLinksOptions,
  type PeerStore,
  servePeer,
  TransferLimit,
  type ValueStream,
} from "../../protocol/transfer.ts";

const token = "secret";
const t = (number: number): TaskId => taskId(number);
const cleanups: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** Listens for peers and hands each connection to `opened`. */
async function listen(
  opened: (connection: Connection<PeerRequest, PeerAnswer>) => void,
): Promise<{ address: string; close(): Promise<void> }> {
  const server = http.createServer();
  const peer = { parse: parsePeerRequest, open: () => ({ id: 1, heartbeatMs: 0 }), opened };
  const accepting = acceptConnections(server, { token, roles: { peer }, version: "test", log: silentLogger });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const close = async (): Promise<void> => {
    await accepting.close();
    await new Promise((resolve) => server.close(resolve));
  };
  cleanups.push(close);
  return { address: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`, close };
}

class MemoryStore implements PeerStore {
  readonly values: Map<TaskId, EncodedValue> = new Map();
  get(task: TaskId): EncodedValue | undefined {
    return this.values.get(task);
  }
  put(task: TaskId, value: EncodedValue): void {
    this.values.set(task, value);
  }
}

function links(options: Partial<PeerLinksOptions> = {}): PeerLinks {
  const made = new PeerLinks({ token, name: "test", ...options });
  cleanups.push(() => made.close());
  return made;
}

/** Bytes that differ from place to place, so that a piece in the wrong place shows. */
function pattern(bytes: number, seed: number): Uint8Array {
  const chunk = new Uint8Array(bytes);
  for (let i = 0; i < bytes; i++) chunk[i] = (i * 31 + (i >> 8) + seed) & 0xff;
  return chunk;
}

const equal = (a: EncodedValue | "absent" | undefined, b: EncodedValue): boolean =>
  Array.isArray(a) && a.length === b.length && b.every((chunk, i) => Buffer.compare(chunk, a[i] as Uint8Array) === 0);

describe("moving values", () => {
  it("gets 50 MB in several chunks, beside small, empty and absent ones", async () => {
    const store = new MemoryStore();
    const large = [
      pattern(100, 1),
      pattern(50_000_000, 2),
      new Uint8Array(),
      pattern((1 << 20) * 2, 3),
      new Uint8Array(),
    ];
    store.put(t(1), large);
    store.put(t(2), [pattern(3, 4)]);
    store.put(t(3), [new Uint8Array(), new Uint8Array()]);
    const { address } = await listen((connection) => servePeer(connection, store));
    const got = await links().get(address, [t(1), t(2), t(3), t(4)]);
    expect(equal(got.get(t(1)), large)).toBe(true);
    expect(equal(got.get(t(2)), [pattern(3, 4)])).toBe(true);
    expect(got.get(t(3))?.length).toBe(2);
    expect(got.get(t(4))).toBe("absent");
  });

  it("puts 50 MB, and resolves when the other end holds it", async () => {
    const store = new MemoryStore();
    const large = [pattern(10, 1), pattern(50_000_000, 2)];
    const { address } = await listen((connection) => servePeer(connection, store));
    const peers = links();
    await Promise.all([peers.put(address, t(1), large), peers.put(address, t(2), [pattern(5, 1)])]);
    expect(equal(store.get(t(1)), large)).toBe(true);
    expect(equal(store.get(t(2)), [pattern(5, 1)])).toBe(true);
  });

  it("keeps shared memory shared where the other end can use it, and only there", async () => {
    const store = new MemoryStore();
    const shared = new Uint8Array(new SharedArrayBuffer(2_500_000));
    shared.set(pattern(shared.byteLength, 1));
    const value = [pattern(10, 1), shared, pattern(2_000_000, 2), new Uint8Array(new SharedArrayBuffer(100_000))];
    const kindsOf = (got: EncodedValue | "absent" | undefined): string[] =>
      Array.isArray(got) ? got.map(({ buffer }) => buffer.constructor.name) : [];
    const { address } = await listen((connection) => servePeer(connection, store, { sharesMemory: true }));
    const sharing = links({ sharesMemory: true });
    await links().put(address, t(1), value);
    const expected = ["ArrayBuffer", "SharedArrayBuffer", "ArrayBuffer", "SharedArrayBuffer"];
    expect(kindsOf(store.get(t(1)))).toEqual(expected);
    const [there, elsewhere] = await Promise.all([sharing.get(address, [t(1)]), links().get(address, [t(1)])]);
    expect(kindsOf(there.get(t(1)))).toEqual(expected);
    expect(kindsOf(elsewhere.get(t(1)))).toEqual(Array(4).fill("ArrayBuffer"));
    for (const got of [there, elsewhere]) expect(equal(got.get(t(1)), value)).toBe(true);
  });

  it("takes a value that fits into one piece as it came, in memory that is its own", async () => {
    const store = new MemoryStore();
    store.put(t(1), [pattern(3, 1), pattern(1 << 20, 2), pattern(20_000, 3)]);
    const { address } = await listen((connection) => servePeer(connection, store));
    const got = (await links().get(address, [t(1)])).get(t(1));
    expect(equal(got, store.get(t(1)) ?? [])).toBe(true);
    if (got === "absent" || got === undefined) return;
    expect(got.map(({ buffer, byteLength }) => buffer.byteLength - byteLength)).toEqual([0, 0, 0]);
  });

  it("sends what is read meanwhile; one that cannot be read to its end counts as absent, and the rest comes", async () => {
    const value = [pattern(7, 1), new Uint8Array(), pattern(3_000_000, 2)];
    const streamed = (bytesReadable: number): ValueStream => ({
      chunkBytes: value.map(({ byteLength }) => byteLength),
      shared: [],
      async *pieces(bytesMax) {
        let sentBytes = 0;
        for (const chunk of value) {
          for (let offset = 0; offset < chunk.byteLength; offset += bytesMax) {
            const piece = chunk.subarray(offset, offset + bytesMax);
            sentBytes += piece.byteLength;
            if (sentBytes > bytesReadable) throw new ClusterError("UNREADABLE_VALUE", "it is damaged");
            yield piece;
          }
        }
      },
    });
    const values = new Map<TaskId, EncodedValue | ValueStream>([
      [t(1), streamed(2_500_000)],
      [t(2), streamed(Number.POSITIVE_INFINITY)],
      [t(3), [pattern(3, 4)]],
    ]);
    const { address } = await listen((connection) =>
      servePeer(connection, { get: (task) => values.get(task), put: () => {} }),
    );
    const got = await links().get(address, [t(1), t(2), t(3)]);
    expect(got.get(t(1))).toBe("absent");
    expect(equal(got.get(t(2)), value)).toBe(true);
    expect(equal(got.get(t(3)), [pattern(3, 4)])).toBe(true);
  });

  it("lets no more than the limit transfer at a time; who is told busy asks again and gets everything", async () => {
    const store = new MemoryStore();
    const waiting: (() => void)[] = [];
    let underWay = 0;
    let most = 0;
    const slow: PeerStore = {
      put: store.put.bind(store),
      async get(task) {
        most = Math.max(most, ++underWay);
        await new Promise<void>((resolve) => waiting.push(resolve));
        underWay--;
        return [pattern(8, task)];
      },
    };
    const { address } = await listen((connection) => servePeer(connection, slow, { limit: new TransferLimit(2) }));
    const peers = links();
    let ended = 0;
    const all = Array.from({ length: 6 }, (_, i) => peers.get(address, [t(i)]).finally(() => ended++));
    const release = setInterval(() => waiting.shift()?.(), 5);
    try {
      const answers = await Promise.all(all);
      expect(answers.map((answer, i) => equal(answer.get(t(i)), [pattern(8, i)]))).toEqual(Array(6).fill(true));
    } finally {
      clearInterval(release);
    }
    expect({ ended, most }).toEqual({ ended: 6, most: 2 });
  });

  it("gives up on a peer that stays busy, with an error that says so", async () => {
    const { address } = await listen((connection) =>
      servePeer(connection, new MemoryStore(), { limit: new TransferLimit(0) }),
    );
    await expect(links({ busyRetries: 1 }).get(address, [t(1)])).rejects.toMatchObject({
      code: "TIMED_OUT",
      retryable: true,
      details: { address },
    });
  });

  it("rejects for a peer that nobody listens for, and dials again later", async () => {
    const gone = await listen(() => {});
    await gone.close();
    const peers = links();
    await expect(peers.get(gone.address, [t(1)])).rejects.toMatchObject({ code: "CONNECTION_LOST", retryable: true });
    await expect(peers.put(gone.address, t(1), [pattern(1, 1)])).rejects.toMatchObject({ code: "CONNECTION_LOST" });
  });

  it("rejects what is under way when the peer goes, and reaches the peer again by a new connection", async () => {
    const store = new MemoryStore();
    store.put(t(1), [pattern(4, 1)]);
    let first = true;
    const { address } = await listen((connection) => {
      if (!first) return servePeer(connection, store);
      first = false;
      connection.onMessages(() => void connection.close("going"));
    });
    const peers = links();
    await expect(peers.get(address, [t(1)])).rejects.toMatchObject({ code: "CONNECTION_LOST" });
    expect(equal((await peers.get(address, [t(1)])).get(t(1)), [pattern(4, 1)])).toBe(true);
  });

  it("does not wait for ever for a peer that says nothing", async () => {
    const { address } = await listen((connection) => connection.onMessages(() => {}));
    await expect(links({ timeoutMs: 100 }).get(address, [t(1)])).rejects.toMatchObject({ code: "CONNECTION_LOST" });
  });

  it("closes what nobody uses", async () => {
    const store = new MemoryStore();
    let closed: (() => void) | undefined;
    const gone = new Promise<void>((resolve) => {
      closed = resolve;
    });
    const { address } = await listen((connection) => {
      servePeer(connection, store);
      connection.onClose(() => closed?.());
    });
    await links({ idleMs: 30 }).get(address, [t(1)]);
    await gone;
  });

  it("refuses after close", async () => {
    const peers = links();
    await peers.close();
    await peers.close();
    await expect(peers.get("ws://127.0.0.1:1", [t(1)])).rejects.toMatchObject({ code: "CLOSED" });
  });
});

describe("nonsense", () => {
  const piece = {
    op: "put",
    request: 1,
    task: t(1),
    chunkBytes: [4],
    chunk: 0,
    offset: 0,
    bytes: new Uint8Array(4),
    last: true,
  } as const;
  const nonsense: Record<string, PeerRequest[]> = {
    "a piece larger than its chunk": [{ ...piece, bytes: new Uint8Array(5) }],
    "a piece past the last chunk": [{ ...piece, chunk: 1 }],
    "a piece that skips bytes": [{ ...piece, offset: 1, bytes: new Uint8Array(3) }],
    "an end that comes too early": [{ ...piece, bytes: new Uint8Array(2) }],
    "an end that does not come": [{ ...piece, last: false }],
    "a chunk of petabytes": [{ ...piece, chunkBytes: [2 ** 50] }],
    "an empty piece": [{ ...piece, bytes: new Uint8Array(), last: false }],
    "two values in one request": [
      { ...piece, bytes: new Uint8Array(2), last: false },
      { ...piece, task: t(2), chunkBytes: [], offset: 2, bytes: new Uint8Array(2) },
    ],
  };

  it.each(Object.entries(nonsense))(
    "put as %s costs the sender its connection, and nobody else theirs",
    async (_, requests) => {
      const store = new MemoryStore();
      store.put(t(9), [pattern(9, 9)]);
      const { address } = await listen((connection) => servePeer(connection, store));
      const good = links();
      await good.get(address, [t(9)]);
      const hello = { role: "peer", token, name: "bad" } as const;
      const { connection } = await dial<PeerAnswer, PeerRequest>({
        address,
        hello,
        parse: parsePeerAnswer,
        timeoutMs: 5_000,
      });
      cleanups.push(() => connection.close());
      const closed = new Promise<Error>((resolve) => connection.onClose(resolve));
      for (const request of requests) connection.send(request);
      expect((await closed).message).toContain("BAD_FRAME");
      expect(store.get(t(1))).toBeUndefined();
      expect(equal((await good.get(address, [t(9)])).get(t(9)), [pattern(9, 9)])).toBe(true);
    },
  );

  it("answered to a get ends that connection and rejects the get", async () => {
    const { address } = await listen((connection) =>
      connection.onMessages((requests) => {
        for (const { request } of requests) connection.send({ op: "put-done", request, task: t(1) });
      }),
    );
    await expect(links().get(address, [t(1)])).rejects.toMatchObject({
      code: "CONNECTION_LOST",
      message: expect.stringContaining("BAD_FRAME"),
    });
  });
});
