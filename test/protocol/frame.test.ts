import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compactForms } from "../../protocol/compact-forms.ts";
import { type CompactMessages, FrameReader, FrameWriter } from "../../protocol/frame.ts";
import { taskId } from "../../protocol/ids.ts";
import { smallShardOf } from "../../protocol/shards.ts";
import { validMessages } from "./valid-messages.ts";

const asBuffers = (fragments: readonly Uint8Array[]): Buffer[] =>
  fragments.map((bytes) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));

const everything = Object.values(validMessages).flatMap(({ messages }) => messages);

describe("a frame", () => {
  test("of every message there is arrives as it was, frame after frame", () => {
    const [writer, reader] = [new FrameWriter(), new FrameReader()];
    for (let round = 0; round < 5; round++) {
      const got = reader.decode(asBuffers(writer.encode(everything)));
      expect(got.map(plain)).toEqual(everything.map(plain));
    }
  });

  test("names repeated shapes instead of writing them again", () => {
    const writer = new FrameWriter();
    const done = (task: number): object => ({ op: "done", task, attempt: 1, bytes: 8, startMs: 1.5, endMs: 2.5 });
    const bytesOf = (count: number): number =>
      (writer.encode(Array.from({ length: count }, (_, index) => done(index)))[0] as Uint8Array).byteLength;
    const first = bytesOf(1);
    expect(bytesOf(1)).toBeLessThan(first / 1.5);
    expect(bytesOf(1_000)).toBeLessThan(1_000 * 35);
  });

  test("hands large binaries over as they lie in memory", () => {
    const large = new Uint8Array(16 * 1024);
    const fragments = new FrameWriter().encode([{ op: "x", bytes: large }]);
    expect(fragments).toHaveLength(3);
    expect(fragments[2]).toBe(large);
  });

  test("survives any regrouping of its fragments", () => {
    const messages = [{ op: "x", a: new Uint8Array(20_000).fill(1), b: [new Uint8Array(16_384).fill(2)], c: "text" }];
    const whole = Buffer.concat(new FrameWriter().encode(messages));
    const cuts = fc.uniqueArray(fc.integer({ min: 1, max: whole.length - 1 }), { maxLength: 6 });
    fc.assert(
      fc.property(cuts, (places) => {
        const sorted = [0, ...places.sort((a, b) => a - b), whole.length];
        const fragments = sorted.slice(1).map((end, index) => whole.subarray(sorted[index], end));
        expect(new FrameReader().decode(fragments).map(plain)).toEqual(messages.map(plain));
      }),
    );
  });

  test("that is damaged is refused as such, never otherwise", () => {
    const whole = Buffer.concat(new FrameWriter().encode(everything));
    const damage = fc.array(fc.tuple(fc.nat(2_000), fc.nat(255)), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(damage, fc.nat(whole.length), (changes, length) => {
        const damaged = Buffer.from(whole.subarray(0, length));
        for (const [index, byte] of changes) if (index < length) damaged[index] = byte;
        expectRefusalOrNothing(damaged);
      }),
      { numRuns: 2_000 },
    );
  });

  test("of random bytes is refused as such, never otherwise", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => expectRefusalOrNothing(Buffer.from(bytes))),
      { numRuns: 5_000 },
    );
    // With a right beginning, the random rest gets further.
    const body = fc.uint8Array({ maxLength: 300 });
    fc.assert(
      fc.property(body, (bytes) => expectRefusalOrNothing(Buffer.from([0, 0, 0, 0, ...bytes]))),
      { numRuns: 5_000 },
    );
  });

  test("that nests without end is refused", () => {
    expect(() => new FrameReader().decode([Buffer.concat([Buffer.alloc(4), Buffer.alloc(1_000_000, 0x91)])])).toThrow(
      expect.objectContaining({ code: "BAD_FRAME" }),
    );
  });

  test("has every small value in its compact form, up to the largest", () => {
    const shard = { ...smallShardOf(taskId(1), [new Uint8Array(4_096)]), op: "shard", request: 1 };
    const [read] = new FrameReader(compactForms).decode(asBuffers(new FrameWriter(compactForms).encode([shard])));
    expect(read).toMatchObject({ op: "shard", messages: [{ task: 1, chunkBytes: [4_096] }] });
    expect(smallShardOf(taskId(1), [new Uint8Array(4_097)])).toBeUndefined();
  });

  test("has no more messages in compact forms than anybody sends at once", () => {
    const started = { op: "started", task: 1, attempt: 1 };
    const frameOf = (count: number): Buffer[] => {
      const half = Array.from({ length: count / 2 }, () => started);
      // Two runs of messages: all that are in a frame count together.
      return asBuffers(
        new FrameWriter(compactForms).encode([...half, { op: "cancelled", task: 1, attempt: 1 }, ...half]),
      );
    };
    const runs = new FrameReader(compactForms).decode(frameOf(20_000)) as CompactMessages[];
    expect(runs.map((run) => run.messages?.length)).toEqual([10_000, undefined, 10_000]);
    expect(() => new FrameReader(compactForms).decode(frameOf(20_002))).toThrow(
      expect.objectContaining({ code: "BAD_FRAME", message: expect.stringContaining("more than 20000 messages") }),
    );
  });

  test("may not announce what it does not have", () => {
    const announce = (...numbers: number[]): Buffer =>
      Buffer.from(new Uint8Array(numbers.flatMap((n) => [n >>> 24, n >>> 16, n >>> 8, n])));
    for (const frame of [
      announce(0xffffffff),
      announce(2, 1),
      announce(1, 0xffffffff, 5),
      announce(1, 0, 0xffffffff),
    ]) {
      expect(() => new FrameReader().decode([frame])).toThrow(expect.objectContaining({ code: "BAD_FRAME" }));
    }
  });
});

function expectRefusalOrNothing(frame: Buffer): void {
  try {
    new FrameReader().decode([frame]);
  } catch (error) {
    expect(error).toMatchObject({ code: "BAD_FRAME" });
  }
}

/** Buffers and plain byte arrays of equal content become equal. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return `bytes:${Buffer.from(value).toString("base64")}`;
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
}
