import { Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { ProtocolError } from "../../protocol/errors.ts";
import { type AnyMessage, closeOf, Inbox, Loopback } from "./loopback.ts";

let loopback: Loopback;
beforeEach(async () => {
  loopback = await Loopback.start();
});
afterEach(() => loopback.close());

test("both ends have the other probed while nothing comes, for a machine that lost power says nothing", async () => {
  const probed = vi.spyOn(Socket.prototype, "setKeepAlive");
  await loopback.pair();
  expect(probed.mock.calls).toEqual([
    [true, 15_000],
    [true, 15_000],
  ]);
  probed.mockRestore();
});

describe("messages", () => {
  test("of one turn arrive together, in order, in both directions", async () => {
    const { near, far } = await loopback.pair();
    const [nearInbox, farInbox] = [new Inbox(near), new Inbox(far)];
    for (let index = 0; index < 1_000; index++) near.send({ op: "n", index });
    far.send({ op: "f", undefinedToo: undefined, text: "é😀" });
    expect(await farInbox.until(1_000)).toEqual(Array.from({ length: 1_000 }, (_, index) => ({ op: "n", index })));
    expect(farInbox.batches).toEqual([1_000]);
    expect(await nearInbox.until(1)).toEqual([{ op: "f", undefinedToo: undefined, text: "é😀" }]);
  });

  test("that arrived before anybody listened come first, even when it is over by then", async () => {
    const { near, far } = await loopback.pair();
    near.send({ index: 0 });
    const ended = closeOf(far);
    await near.close();
    await ended;
    expect(await new Inbox(far).until(1)).toEqual([{ index: 0 }]);
  });

  test("keep small binaries in memory of their own, and large ones uncopied and aligned", async () => {
    const { near, far } = await loopback.pair();
    const inbox = new Inbox(far);
    const large = new Float64Array(50_000).fill(2.5);
    near.send({
      op: "x",
      args: [new Uint8Array([1, 2, 3]), new Uint8Array(large.buffer)],
      again: new Uint8Array(20_000).fill(7),
    });
    const [message] = (await inbox.until(1)) as [{ args: Uint8Array[]; again: Uint8Array }];
    const [small, big] = message.args as [Uint8Array, Uint8Array];
    expect([...small]).toEqual([1, 2, 3]);
    expect(small.buffer.byteLength).toBe(3);
    expect(big.byteOffset % 8).toBe(0);
    expect(new Float64Array(big.buffer, big.byteOffset, 50_000)).toEqual(large);
    expect(message.again.every((byte) => byte === 7)).toBe(true);
  });

  test("of ever new shapes, with binaries in between, arrive whole", async () => {
    const { near, far } = await loopback.pair();
    const inbox = new Inbox(far);
    const messages = Array.from({ length: 3_000 }, (_, index) => ({
      op: "m",
      [`key${index % 150}`]: index,
      nested: { [`inner${index % 7}`]: [index, { [`deep${index % 90}`]: true }] },
      ...(index % 100 === 0 ? { bytes: new Uint8Array(17_000).fill(index % 256) } : {}),
    }));
    for (const [index, message] of messages.entries()) {
      near.send(message);
      if (index % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    const got = await inbox.until(messages.length);
    for (const [index, message] of messages.entries()) {
      const { bytes, ...rest } = got[index] as AnyMessage;
      const { bytes: sent, ...expected } = message as AnyMessage;
      expect(rest).toEqual(expected);
      expect(bytes === undefined ? undefined : new Uint8Array(bytes)).toEqual(sent);
    }
  });

  test("of more than a frame in one turn are cut into several", async () => {
    const { near, far } = await loopback.pair();
    const inbox = new Inbox(far);
    const bytes = new Uint8Array(1024 * 1024).fill(1);
    for (let index = 0; index < 100; index++) near.send({ op: "shard", index, bytes });
    const got = await inbox.until(100);
    expect(got.map((message) => message.index)).toEqual(Array.from({ length: 100 }, (_, index) => index));
    expect(inbox.batches.length).toBeGreaterThan(5);
  });

  test("that alone exceed a frame are refused where they are sent; the connection stays", async () => {
    const { near, far } = await loopback.pair();
    const inbox = new Inbox(far);
    const bytes = new Uint8Array(65 * 1024 * 1024);
    expect(() => near.send({ op: "shard", bytes })).toThrow(expect.objectContaining({ code: "TOO_LARGE" }));
    expect(() => near.send({ op: "submit", tasks: [{ args: [bytes] }] })).toThrow(
      expect.objectContaining({ code: "TOO_LARGE" }),
    );
    near.send({ op: "fine" });
    expect(await inbox.until(1)).toEqual([{ op: "fine" }]);
  });
});

describe("backpressure", () => {
  test("a sender waits while the other end does not read, and goes on when it does", async () => {
    const { near, far } = await loopback.pair();
    await near.writable();
    const inbox = new Inbox(far);
    const bytes = new Uint8Array(1024 * 1024);
    for (let index = 0; index < 20; index++) near.send({ op: "shard", bytes });
    let writable = false;
    const waited = near.writable().then(() => {
      writable = true;
    });
    await Promise.resolve();
    expect(writable).toBe(false);
    await waited;
    expect(await inbox.until(20)).toHaveLength(20);
  });

  test("a close sets the waiting free", async () => {
    const { near } = await loopback.pair();
    for (let index = 0; index < 20; index++) near.send({ op: "shard", bytes: new Uint8Array(1024 * 1024) });
    const waited = near.writable();
    await near.close();
    await waited;
    await near.writable();
  });
});

describe("the end", () => {
  test("sends first what was queued, and tells both ends why, once", async () => {
    const { near, far } = await loopback.pair();
    const inbox = new Inbox(far);
    let ends = 0;
    near.onClose(() => ends++);
    near.send({ op: "last" });
    const closing = near.close("work is done");
    expect(near.closed).toBe(true);
    near.send({ op: "too late" });
    await closing;
    await near.close("again");
    const [nearEnd, farEnd] = await Promise.all([closeOf(near), closeOf(far)]);
    expect(inbox.messages).toEqual([{ op: "last" }]);
    expect(nearEnd).toMatchObject({ code: "CLOSED" });
    expect(nearEnd.message).toContain("work is done");
    expect(farEnd).toMatchObject({ code: "CONNECTION_LOST", retryable: true });
    expect(farEnd.message).toContain("client tester");
    expect(farEnd.message).toContain("work is done");
    expect(ends).toBe(1);
  });

  test("a reason of any length is cut to what a WebSocket can say", async () => {
    const { near, far } = await loopback.pair();
    const [end] = await Promise.all([closeOf(far), near.close("😀".repeat(500))]);
    expect(end.code).toBe("CONNECTION_LOST");
  });

  test("a listener that throws ends its own connection only", async () => {
    const [first, second] = [await loopback.pair(), await loopback.pair()];
    first.far.onMessages(() => {
      throw new RangeError("the handler is broken");
    });
    const inbox = new Inbox(second.far);
    first.near.send({ op: "x" });
    const [farEnd, nearEnd] = await Promise.all([closeOf(first.far), closeOf(first.near)]);
    expect(farEnd).toMatchObject({ code: "INVARIANT_VIOLATION", cause: { message: "the handler is broken" } });
    expect(nearEnd.code).toBe("CONNECTION_LOST");
    second.near.send({ op: "still here" });
    expect(await inbox.until(1)).toEqual([{ op: "still here" }]);
  });

  test("a close listener that throws keeps no other from being told", async () => {
    const { near } = await loopback.pair();
    near.onClose(() => {
      throw new Error("careless");
    });
    const told = closeOf(near);
    await near.close();
    expect((await told).code).toBe("CLOSED");
  });

  test("a message that does not parse ends its connection, names itself, and takes no effect by halves", async () => {
    await loopback.close();
    loopback = await Loopback.start("client", {
      parse(message) {
        if ((message as AnyMessage).op === "bad")
          throw new ProtocolError("BAD_FRAME", 'the message "bad" is malformed');
        return message;
      },
    });
    const { near, far } = await loopback.pair();
    const inbox = new Inbox(far);
    near.send({ op: "good" });
    near.send({ op: "bad" });
    const [farEnd, nearEnd] = await Promise.all([closeOf(far), closeOf(near)]);
    expect(farEnd).toMatchObject({ code: "BAD_FRAME" });
    expect(nearEnd.message).toContain('BAD_FRAME: the message "bad" is malformed');
    expect(inbox.messages).toEqual([]);
  });
});
