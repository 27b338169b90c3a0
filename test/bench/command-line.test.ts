import { describe, expect, test } from "vitest";
import { choose } from "../../bench/choose.ts";
import { readCommandLine } from "../../bench/command-line.ts";
import { findPython } from "../../bench/peers/dask/python.ts";

describe("the command line of npm run bench", () => {
  test("has defaults", () => {
    expect(readCommandLine([])).toEqual({
      peers: undefined,
      only: undefined,
      quick: false,
      out: "bench/out",
      results: false,
      profile: false,
    });
  });

  test("a typo is an error that says what was meant", () => {
    expect(() => readCommandLine(["--pers", "dask"])).toThrow(
      "unknown option '--pers'; (Did you mean --peers?); see npm run bench -- --help",
    );
    expect(() => readCommandLine(["merge-10k"])).toThrow(/too many arguments/);
    expect(() => readCommandLine(["--only"])).toThrow(/argument missing/);
  });
});

describe("choosing by name", () => {
  const all = [{ name: "merge-10k" }, { name: "latency" }, { name: "fair" }];

  test("keeps the order in which they stand", () => {
    expect(choose("shape", "fair, merge-10k", all)).toEqual([{ name: "merge-10k" }, { name: "fair" }]);
    expect(choose("shape", undefined, all)).toBe(all);
  });

  test("names every name that nothing has", () => {
    expect(() => choose("shape", "merge-10,fair,nothing", all)).toThrow(
      'there is no shape "merge-10" (did you mean "merge-10k"?), "nothing"; there are merge-10k, latency, fair',
    );
  });
});

test("a Python that lacks dask.distributed is refused, with what to do", async () => {
  await expect(findPython("/no/such/python", () => undefined)).rejects.toThrow(
    /^\/no\/such\/python cannot import distributed: install it \(Debian: .*\), name an interpreter that has it with --python/,
  );
});
