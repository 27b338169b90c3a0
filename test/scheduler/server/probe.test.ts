import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { expect, test } from "vitest";
import { isListening } from "../../../scheduler/server/probe.ts";

test("says that nobody listens only where that is certain", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { signal } = new AbortController();
  expect(await isListening(address, signal)).toBe(true);
  server.close();
  await once(server, "close");
  expect(await isListening(address, signal)).toBe(false);
  expect(await isListening("ws://host.invalid:1", signal)).toBe(true);
  expect(await isListening(address, AbortSignal.abort())).toBe(true);
});
