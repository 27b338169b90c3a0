import { describe, expect, test } from "vitest";
import { normalizeAddress } from "../../protocol/address.ts";

describe("an address", () => {
  test.each([
    ["127.0.0.1:8786", "ws://127.0.0.1:8786"],
    [" ws://Host:1/ ", "ws://host:1"],
    ["localhost:80", "ws://localhost:80"],
    ["wss://cluster.example:443", "wss://cluster.example:443"],
    ["ws://[::1]:8786", "ws://[::1]:8786"],
    ["ws://host:1/muster", "ws://host:1/muster"],
  ])("%s is %s", (given, normal) => {
    expect(normalizeAddress(given)).toBe(normal);
    expect(normalizeAddress(normal)).toBe(normal);
  });

  test.each([
    "",
    "host",
    "ws://host",
    "http://host:1",
    "tcp://host:1",
    "ws://",
    "ws://u:p@host:1",
    "ws://host:1?token=x",
    "host:99999",
    "a b:1",
  ])("%j is refused", (given) => {
    expect(() => normalizeAddress(given)).toThrow(expect.objectContaining({ code: "BAD_ADDRESS" }));
  });
});
