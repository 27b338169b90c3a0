import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { compactForms } from "../../protocol/compact-forms.ts";
import { FrameReader, FrameWriter } from "../../protocol/frame.ts";
import { parseClientToScheduler } from "../../protocol/parse.ts";
import { protocolVersion } from "../../protocol/version.ts";
import { type AnyConnection, Inbox, Loopback, token } from "./loopback.ts";
import { validMessages } from "./valid-messages.ts";

let loopback: Loopback;
let bystander: AnyConnection;
let answers: Inbox;

beforeEach(async () => {
  loopback = await Loopback.start("client", {
    parse: parseClientToScheduler,
    // Whoever is understood gets its messages back.
    opened: (connection) =>
      connection.onMessages((messages) => {
        for (const message of messages) connection.send(message);
      }),
  });
  bystander = (await loopback.dial()).connection;
  answers = new Inbox(bystander);
});
afterEach(() => loopback.close());

async function expectBystanderServed(): Promise<void> {
  const count = answers.messages.length;
  bystander.send({ op: "info", request: count });
  await answers.until(count + 1);
  expect(answers.messages.at(-1)).toEqual({ op: "info", request: count });
}

/** Sends a hello, then those bytes; resolves when the server has closed the socket, or has answered. */
function attack(greets: boolean, bytes: Uint8Array): Promise<"closed" | "answered"> {
  return new Promise((resolve) => {
    const ws = new WebSocket(loopback.address);
    ws.binaryType = "fragments";
    const writer = new FrameWriter();
    const reader = new FrameReader(compactForms);
    const hello = { op: "hello", protocol: protocolVersion, role: "client", token, name: "fuzzer" };
    ws.on("open", () => {
      if (greets) ws.send(writer.encode([hello])[0] as Uint8Array);
      ws.send(bytes);
      // What happens to be a frame without any message is right, and gets no answer: this one's gets one.
      ws.send(new FrameWriter().encode([{ op: "info", request: 1 }])[0] as Uint8Array);
    });
    ws.on("message", (data) => {
      const [message] = reader.decode(data as Buffer[]) as [{ op: string } | undefined];
      if (message === undefined || message.op === "welcome" || message.op === "refusal") return;
      resolve("answered");
      ws.terminate();
    });
    ws.on("error", () => undefined);
    ws.on("close", () => resolve("closed"));
  });
}

const messages = validMessages["client → scheduler"]?.messages ?? [];
const valid = Buffer.concat(new FrameWriter().encode(messages));
const compact = Buffer.concat(new FrameWriter(compactForms).encode(messages));
const mutationOf = (whole: Buffer): fc.Arbitrary<Buffer> =>
  fc
    .tuple(
      fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { maxLength: 8 }),
      fc.integer({ min: 1, max: whole.length }),
    )
    .map(([changes, length]) => {
      const bytes = Buffer.from(whole.subarray(0, length));
      for (const [index, byte] of changes) if (index < length) bytes[index] = byte;
      return bytes;
    });
const mutated = fc.oneof(mutationOf(valid), mutationOf(compact));

describe("a server that is sent nonsense ends that connection alone", () => {
  test("random bytes, before the hello and after", async () => {
    await fc.assert(
      fc.asyncProperty(fc.boolean(), fc.uint8Array({ minLength: 1, maxLength: 500 }), async (greets, bytes) => {
        await attack(greets, bytes);
        await expectBystanderServed();
      }),
      { numRuns: 150 },
    );
  });

  test("valid frames with a few bytes changed, or cut off", async () => {
    await fc.assert(
      fc.asyncProperty(fc.boolean(), mutated, async (greets, bytes) => {
        await attack(greets, bytes);
        await expectBystanderServed();
      }),
      { numRuns: 150 },
    );
  });

  test("the attack itself does reach the parser: an unchanged frame is answered", async () => {
    expect(await attack(true, valid)).toBe("answered");
    expect(await attack(true, compact)).toBe("answered");
    expect(await attack(true, valid.subarray(0, valid.length - 1))).toBe("closed");
  });
});
