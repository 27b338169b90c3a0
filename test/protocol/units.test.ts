import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ConfigurationError } from "../../protocol/errors.ts";
import { formatBytes, formatDuration, parseBytes, parseDuration } from "../../protocol/units.ts";

describe("durations", () => {
  test.each([
    ["500ms", 500],
    ["5s", 5_000],
    ["1.5h", 5_400_000],
    [" 10 m ", 600_000],
    ["2D", 172_800_000],
    ["0", 0],
    [250, 250],
  ])("%j is read as %d ms", (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  test.each(["5", "", "s", "-1s", "5 parsecs", "1e3s", "1h30m", Number.NaN, -1, Number.POSITIVE_INFINITY])(
    "%j is refused by name, with the forms that are allowed",
    (value) => {
      expect(() => parseDuration(value, "--idle-timeout")).toThrow(ConfigurationError);
      expect(() => parseDuration(value, "--idle-timeout")).toThrow(/--idle-timeout .*"500ms"/);
    },
  );

  test.each([
    [0, "0ms"],
    [999.4, "999ms"],
    [5_230, "5.2s"],
    [59_949, "59.9s"],
    [59_999, "1m"],
    [200_000, "3m 20s"],
    [3_599_900, "1h"],
    [7_500_000, "2h 5m"],
    [97_200_000, "1d 3h"],
  ])("%d ms is shown as %s", (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });
});

describe("sizes", () => {
  test.each([
    ["512MiB", 2 ** 29],
    ["2gib", 2 ** 31],
    ["1.5GB", 1_500_000_000],
    ["1 kB", 1_000],
    ["7B", 7],
    ["0", 0],
    [1024, 1024],
  ])("%j is read as %d bytes", (text, bytes) => {
    expect(parseBytes(text)).toBe(bytes);
  });

  test.each(["2G", "2", "lots", "-1GiB", Number.NaN])("%j is refused by name", (value) => {
    expect(() => parseBytes(value, "--memory-limit")).toThrow(/--memory-limit .*"2GiB"/);
  });

  test.each([
    [0, "0 B"],
    [1023, "1023 B"],
    [1536, "1.5 KiB"],
    [2 ** 20 - 1, "1 MiB"],
    [2 ** 31, "2 GiB"],
    [2 ** 52, "4096 TiB"],
  ])("%d bytes are shown as %s", (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });

  test("what is shown can be read again, within what one decimal can say", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 50 }), (bytes) => {
        const again = parseBytes(formatBytes(bytes));
        expect(Math.abs(again - bytes)).toBeLessThanOrEqual(bytes * 0.06 + 1);
      }),
    );
  });
});
