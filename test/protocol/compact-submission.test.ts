import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compactForms } from "../../protocol/compact-forms.ts";
import { CompactMessages, FrameReader, FrameWriter } from "../../protocol/frame.ts";
import { fnId, futureId } from "../../protocol/ids.ts";
import type { ClientToScheduler, Submission, TaskSpec } from "../../protocol/messages.ts";
import { parseClientToScheduler } from "../../protocol/parse.ts";
import { Inbox, Loopback } from "./loopback.ts";

const uint = fc.oneof(fc.nat(300), fc.maxSafeNat());
const name = fc.string({ unit: "binary", maxLength: 20 });
const amounts = fc.dictionary(
  name.filter((key) => key !== "__proto__"),
  fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }),
  { maxKeys: 3, noNullPrototype: true },
);
const bytes = fc.uint8Array({ maxLength: 40 });
const future = uint.map(futureId);

const task: fc.Arbitrary<TaskSpec> = fc.record(
  {
    future,
    fn: fc.nat(3).map(fnId),
    args: fc.array(bytes, { minLength: 1, maxLength: 3 }),
    deps: fc.array(future, { maxLength: 4 }),
    request: fc.nat(2),
    key: name,
    wanted: fc.boolean(),
  },
  { requiredKeys: ["future", "fn", "args", "deps", "request", "wanted"], noNullPrototype: true },
);

const submission: fc.Arbitrary<Submission> = fc.record(
  {
    op: fc.constant("submit" as const),
    submission: uint,
    run: name,
    prefix: name,
    parent: name,
    requests: fc.array(
      fc.record(
        {
          retries: uint,
          priority: fc.double({ noNaN: true, noDefaultInfinity: true }),
          resources: amounts,
          workers: fc.array(name, { maxLength: 3 }),
          allowOtherWorkers: fc.boolean(),
          timeoutMs: fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }),
        },
        { noNullPrototype: true },
      ),
      { maxLength: 3 },
    ),
    tasks: fc.array(task, { maxLength: 8 }),
  },
  { requiredKeys: ["op", "submission", "run", "prefix", "requests", "tasks"], noNullPrototype: true },
);

const release = fc.array(future, { maxLength: 20 }).map((futures): ClientToScheduler => ({ op: "release", futures }));

const message: fc.Arbitrary<ClientToScheduler> = fc.oneof(submission, release);

/** Typed arrays of either kind become lists of numbers, and what is undefined is left out. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return { bytes: [...value] };
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, item]) => (item === undefined ? [] : [[key, plain(item)]])),
  );
}

const read = (reader: FrameReader, frame: Uint8Array): unknown[] =>
  reader
    .decode([Buffer.from(frame)])
    .flatMap((item) => (item instanceof CompactMessages ? [...item.messages] : [item]));

describe("submissions and releases in their compact form", () => {
  test("arrive as they were, frame after frame", () => {
    fc.assert(
      fc.property(fc.array(fc.array(message, { minLength: 1, maxLength: 4 }), { maxLength: 3 }), (frames) => {
        const [writer, reader] = [new FrameWriter(compactForms), new FrameReader(compactForms)];
        for (const messages of frames) {
          const got = read(reader, Buffer.concat(writer.encode(messages)));
          expect(got.map(plain)).toEqual(messages.map(plain));
        }
      }),
    );
  });

  test("however damaged, are refused or are what the schema accepts", () => {
    const damage = fc.array(fc.tuple(fc.nat(300), fc.nat(255)), { minLength: 1, maxLength: 4 });
    let understood = 0;
    fc.assert(
      fc.property(message, damage, (whole, changes) => {
        const frame = Buffer.concat(new FrameWriter(compactForms).encode([whole]));
        for (const [index, byte] of changes) if (index < frame.length) frame[index] = byte;
        let got: unknown[];
        try {
          got = read(new FrameReader(compactForms), frame);
        } catch (error) {
          expect(error).toMatchObject({ code: "BAD_FRAME" });
          return;
        }
        for (const one of got) {
          if (!["submit", "release"].includes((one as { op: string }).op)) continue;
          understood++;
          expect(plain(parseClientToScheduler(one))).toEqual(plain(one));
        }
      }),
      { numRuns: 3_000 },
    );
    expect(understood).toBeGreaterThan(100);
  });

  test("take a few bytes a task beside its arguments", () => {
    const tasks = Array.from({ length: 1_000 }, (_, index) => ({
      future: futureId(1_000_000 + index),
      fn: fnId(1),
      args: [new Uint8Array(3)],
      deps: [futureId(1_000_000 + index - 1)],
      request: 0,
      wanted: false,
    }));
    const frame = new FrameWriter(compactForms).encode([
      { op: "submit", submission: 1, run: "r", prefix: "p", requests: [], tasks },
    ]);
    expect(Buffer.concat(frame).byteLength).toBeLessThan(1_000 * (3 + 4) + 200);
  });

  test("hold names of 65,536 characters, and no longer ones", () => {
    const keyed = (key: string): Submission => ({
      op: "submit",
      submission: 1,
      run: "r",
      prefix: "p",
      requests: [],
      tasks: [{ future: futureId(1), fn: fnId(1), args: [new Uint8Array(1)], deps: [], request: 0, key, wanted: true }],
    });
    const sent = (key: string): unknown[] =>
      new FrameReader(compactForms)
        .decode(new FrameWriter(compactForms).encode([keyed(key)]).map((fragment) => Buffer.from(fragment)))
        .flatMap((item) => (item instanceof CompactMessages ? [...item.messages] : []));
    expect(sent("語".repeat(65_536))).toEqual([
      expect.objectContaining({ tasks: [expect.objectContaining({ key: "語".repeat(65_536) })] }),
    ]);
    expect(() => sent("k".repeat(65_537))).toThrow(expect.objectContaining({ code: "BAD_FRAME" }));
  });

  test("hold prefixes that leave room for keys that are made of them, and no longer ones", () => {
    const submit = { op: "submit", submission: 1, run: "r", prefix: "p".repeat(16_385), requests: [], tasks: [] };
    const frame = Buffer.concat(new FrameWriter(compactForms).encode([submit]));
    expect(() => new FrameReader(compactForms).decode([frame])).toThrow(expect.objectContaining({ code: "BAD_FRAME" }));
    expect(() => parseClientToScheduler(submit)).toThrow(expect.objectContaining({ code: "BAD_FRAME" }));
  });

  test.each([2 ** 53, 1e300])("hold no number that nobody would read: %d", (submission) => {
    const submit = { op: "submit", submission, run: "r", prefix: "p", requests: [], tasks: [] };
    expect(() => new FrameWriter(compactForms).encode([submit])).toThrow("too large a number");
  });

  test("are not checked by a schema once more, at the end that accepts connections", async () => {
    const parsed: unknown[] = [];
    const parse = (each: unknown): unknown => {
      parsed.push(each);
      return each;
    };
    const loopback = await Loopback.start("client", {
      parse: Object.assign(parse, { compact: new Set(["release"]) }),
    });
    try {
      const { near, far } = await loopback.pair();
      const inbox = new Inbox(far);
      const sent = [
        { op: "release", futures: [1, 2] },
        { op: "info", request: 1 },
      ];
      for (const each of sent) near.send(each);
      expect(await inbox.until(2)).toEqual(sent);
      expect(parsed).toEqual([sent[1]]);
      await near.close();
    } finally {
      await loopback.close();
    }
  });
});
