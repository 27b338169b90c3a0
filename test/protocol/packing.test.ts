import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { compactForms } from "../../protocol/compact-forms.ts";
import { CompactMessages, FrameReader, FrameWriter } from "../../protocol/frame.ts";
import { futureId } from "../../protocol/ids.ts";
import { decodeValue, encodeValue, Ref } from "../../protocol/value.ts";

test("a second copy of the package in the same process leaves frames and values of the first readable", async () => {
  // Past the test runner's own loader, so that it really is another copy.
  const url = pathToFileURL(`${import.meta.dirname}/../../protocol/packing.ts`).href;
  const copy = (await import(/* @vite-ignore */ `data:text/javascript,export * from ${JSON.stringify(url)}`)) as object;
  expect((copy as { Ref: unknown }).Ref).not.toBe(Ref);
  const messages = [
    { op: "release", futures: [futureId(1)] },
    { op: "x", bytes: new Uint8Array(20_000).fill(1) },
  ];
  const frame = new FrameWriter(compactForms).encode(messages);
  const [release, other] = new FrameReader(compactForms).decode(frame.map((fragment) => Buffer.from(fragment)));
  expect(release).toEqual(new CompactMessages("release", [messages[0]]));
  expect((other as { bytes: Uint8Array }).bytes.byteLength).toBe(20_000);
  const input = {};
  const encoded = encodeValue([input, -0], { replace: (object) => (object === input ? new Ref(0) : undefined) });
  expect(decodeValue(encoded, ["its value"])).toEqual(["its value", -0]);
});
