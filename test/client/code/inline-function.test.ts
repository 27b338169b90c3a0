import { describe, expect, test } from "vitest";
import { inlineModule } from "../../../client/code/inline-function.ts";

type Fn = (...args: never[]) => unknown;

/** What the module around a function exports. */
async function loaded(fn: Fn): Promise<(...args: unknown[]) => unknown> {
  const text = await inlineModule(fn);
  const module = (await import(/* @vite-ignore */ `data:text/javascript,${encodeURIComponent(text)}`)) as {
    default: (...args: unknown[]) => unknown;
  };
  return module.default;
}

/** Stands for a function whose text the test runner would change. */
const textual = (text: string): Fn => Object.assign(() => undefined, { toString: () => text });

const methods = {
  plain(x: number): number {
    return x + 1;
  },
  async later(x: number): Promise<number> {
    return x + 2;
  },
  "with spaces"(x: number): number {
    return x + 3;
  },
};

describe("self-contained functions work alone", () => {
  test.each<[string, Fn, unknown[], unknown]>([
    ["an arrow", (x: number) => x * 2, [4], 8],
    ["an async arrow", async (x: number) => x * 3, [4], 12],
    [
      "a function that calls itself",
      function factorial(n: number): number {
        return n < 2 ? 1 : n * factorial(n - 1);
      },
      [5],
      120,
    ],
    ["a method", methods.plain, [1], 2],
    ["an async method", methods.later, [1], 3],
    ["a method with an odd name", methods["with spaces"], [1], 4],
    [
      "inner functions, classes and defaults",
      (xs: number[], start = 1) => {
        class Sum {
          total = start;
          add(x: number): this {
            this.total += x;
            return this;
          }
        }
        return xs.reduce((sum, x) => sum.add(x), new Sum()).total;
      },
      [[1, 2]],
      4,
    ],
    ["destructuring and labels", ({ a, ...rest }: { a: number; b: number }) => [a, rest.b], [{ a: 1, b: 2 }], [1, 2]],
    [
      "globals of Node",
      () => typeof Buffer.from("x") + typeof setTimeout + typeof process.pid,
      [],
      "objectfunctionnumber",
    ],
    ["imports of Node's own modules", textual("async () => (await import('node:path')).basename('/a/b')"), [], "b"],
    [
      "catch without a binding",
      () => {
        try {
          throw new Error("x");
        } catch {
          return "caught";
        }
      },
      [],
      "caught",
    ],
  ])("%s", async (_what, fn, args, expected) => {
    expect(await (await loaded(fn))(...args)).toEqual(expected);
  });

  test("also when a bundler marked their names", async () => {
    const marked = new Function("return () => { const inner = __name((x) => x, 'inner'); return inner.name; }")() as Fn;
    expect((await loaded(marked))()).toBe("inner");
  });
});

const outside = 3;
const lookup: Record<string, number> = { a: 1 };
function helper(x: number): number {
  return x;
}

describe("functions that need something from outside are refused by its name", () => {
  test.each<[string, Fn, string[]]>([
    ["a variable", (x: number) => x + outside, ["outside"]],
    ["several", (x: number) => helper(x) + (lookup["a"] ?? outside), ["helper", "lookup", "outside"]],
    ["a variable in a default", (x = outside) => x, ["outside"]],
    [
      "a variable that an inner scope shadows elsewhere",
      () => [
        () => {
          const outside = 1;
          return outside;
        },
        outside,
      ],
      ["outside"],
    ],
    ["typeof a variable", () => typeof outside, ["outside"]],
    [
      "an assignment",
      () => {
        lookup["b"] = 1;
      },
      ["lookup"],
    ],
    [
      "this",
      function (this: unknown) {
        return this;
      },
      ["this"],
    ],
    [
      "this in an inner arrow",
      function (this: { x: number }) {
        return [1].map((y) => y + this.x);
      },
      ["this"],
    ],
    ["an import of a file", textual("() => import('./near.ts')"), ['import("./near.ts")']],
    ["require", new Function("return () => require('fs')")() as Fn, ["require"]],
    ["import.meta", textual("() => import.meta.url"), ["import.meta"]],
  ])("%s", async (_what, fn, names) => {
    await expect(inlineModule(fn)).rejects.toMatchObject({
      code: "NOT_SELF_CONTAINED",
      message: expect.stringContaining(`refers to ${names.join(", ")}, which a worker does not have. Pass`),
      details: { variables: names },
    });
  });
});

describe("what is no function to send is refused", () => {
  test.each<[string, Fn, string]>([
    ["native", Math.max as Fn, "native or bound"],
    ["bound", helper.bind(undefined) as Fn, "native or bound"],
    ["a class", class Point {} as unknown as Fn, "is a class"],
    [
      "a generator",
      function* numbers() {
        yield 1;
      },
      "is a generator",
    ],
    [
      "a getter",
      Object.getOwnPropertyDescriptor(
        {
          get size() {
            return 1;
          },
        },
        "size",
      )?.get as Fn,
      "does not stand for itself",
    ],
  ])("%s", async (_what, fn, why) => {
    await expect(inlineModule(fn)).rejects.toMatchObject({
      code: "NOT_SELF_CONTAINED",
      message: expect.stringContaining(why),
    });
  });
});
