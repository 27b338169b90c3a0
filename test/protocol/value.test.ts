import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ClusterError } from "../../protocol/errors.ts";
import { decodeValue, encodedBytes, encodeValue, Ref } from "../../protocol/value.ts";

const roundTrip = (value: unknown): unknown => decodeValue(encodeValue(value));

function errorOf(call: () => unknown): ClusterError {
  try {
    call();
  } catch (error) {
    expect(error).toBeInstanceOf(ClusterError);
    return error as ClusterError;
  }
  throw new Error("nothing was thrown");
}

describe("values that arrive as they were", () => {
  const cases: [string, unknown][] = [
    ["undefined", undefined],
    ["NaN", Number.NaN],
    ["-0", -0],
    ["-0 in a list", [0, -0]],
    ["infinities", [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]],
    [
      "integers around every encoding's border",
      [31, 32, 63, 64, 127, 128, 255, 256, 65535, 65536, 2 ** 32, -33, -129, 2 ** 53],
    ],
    ["undefined as a property", { a: undefined, b: null }],
    ["bigints", [0n, -1n, 2n ** 63n, -(2n ** 63n), 2n ** 64n, 3n ** 1000n, -(3n ** 1000n), 1n << 70_000n]],
    ["dates", [new Date(0), new Date(-1), new Date(1.7e12 + 123), new Date(8.64e15), new Date(-8.64e15)]],
    ["an invalid date", new Date(Number.NaN)],
    ["regular expressions", [/a\/b/giu, /^$/]],
    [
      "a map with any keys",
      new Map<unknown, unknown>([
        [{ a: 1 }, -0],
        [1, "x"],
        ["1", new Map()],
      ]),
    ],
    ["a set", new Set<unknown>([1, "1", [2], new Set()])],
    ["text with a lone surrogate", ["a\ud800b", { "\udc00": 1 }]],
    ["text that begins with a byte order mark", `\ufeff${"a".repeat(200)}`],
    ["long and astral text", ["é".repeat(300), "😀".repeat(70_000)]],
    ["keys that mean something elsewhere", { constructor: 1, hasOwnProperty: 2, toJSON: 3, __keys__: { __keys__: 5 } }],
    [
      "a dictionary of many keys",
      Object.fromEntries(Array.from({ length: 70_000 }, (_, index) => [`key ${index}`, index])),
    ],
    ["a million numbers", Array.from({ length: 1_000_000 }, (_, index) => index)],
    ["a buffer", Buffer.from("hello")],
    ["an array buffer", new Uint8Array([1, 2, 3]).buffer],
    ["a data view", new DataView(new Uint8Array([0, 1, 2, 3]).buffer, 1, 2)],
    [
      "typed arrays",
      [
        new Int8Array([-1]),
        new Uint8ClampedArray([1]),
        new Int16Array([-2]),
        new Uint16Array([2]),
        new Int32Array([-3]),
      ],
    ],
    [
      "wide typed arrays",
      [
        new Uint32Array([3]),
        new Float32Array([1.5]),
        new Float64Array([Math.PI, -0]),
        new BigInt64Array([-4n]),
        new BigUint64Array([4n]),
      ],
    ],
    [
      "large typed arrays",
      [new Float64Array(20_000).fill(0.5), new Uint8Array(70_000).fill(9), new BigInt64Array(9_000)],
    ],
    ["empty ones of everything", [{}, [], new Map(), new Set(), new Uint8Array(0), new ArrayBuffer(0), ""]],
  ];
  test.each(cases)("%s", (_, value) => {
    const got = roundTrip(value);
    expect(got).toStrictEqual(value);
    expect(Object.getPrototypeOf(Object(got))).toBe(Object.getPrototypeOf(Object(value)));
  });

  test("any data at all", () => {
    const value = fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withSet: true,
      withTypedArray: true,
      withSparseArray: false,
      withNullPrototype: false,
      withObjectString: false,
      maxDepth: 5,
      key: fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom("__proto__", "constructor", "__keys__", "toString")),
      values: [
        fc.string({ unit: "binary" }),
        fc.string({ unit: fc.constantFrom("a", "\ufeff", "\ud800", "😀", "é"), maxLength: 200 }),
        fc.double(),
        fc.maxSafeInteger(),
        fc.bigInt(),
        fc.boolean(),
        fc.constantFrom(null, undefined, -0),
      ],
    });
    fc.assert(
      fc.property(value, (data) => {
        // Not `toStrictEqual`: it takes an own property named "constructor" for the class.
        expect(isDeepStrictEqual(roundTrip(data), data)).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });

  test("an object without a prototype arrives as a plain one", () => {
    const bare: object = Object.assign(Object.create(null), { a: 1 });
    expect(roundTrip(bare)).toStrictEqual({ a: 1 });
  });

  test("a hole arrives as undefined", () => {
    const holed: unknown[] = [1];
    holed[2] = 3;
    expect(roundTrip(holed)).toStrictEqual([1, undefined, 3]);
  });

  test("a key __proto__ is data and changes no prototype", () => {
    const hostile: unknown = JSON.parse('{"__proto__":{"admin":true},"x":[{"__proto__":1}]}');
    const got = roundTrip(hostile) as { x: object[] };
    expect(got).toStrictEqual(hostile);
    expect(Object.getPrototypeOf(got)).toBe(Object.prototype);
    expect(Object.hasOwn(got, "__proto__")).toBe(true);
    expect(({} as { admin?: boolean }).admin).toBeUndefined();
  });
});

describe("errors as values", () => {
  test("keep class, name, message, stack, cause and own properties", () => {
    const cause = new RangeError("deep");
    const error = Object.assign(new TypeError("bad", { cause }), { status: 404, when: new Date(5) });
    const got = roundTrip({ error }) as { error: TypeError & { status: number; when: Date } };
    expect(got.error).toBeInstanceOf(TypeError);
    expect(got.error).toMatchObject({
      name: "TypeError",
      message: "bad",
      stack: error.stack,
      status: 404,
      when: new Date(5),
    });
    expect(got.error.cause).toBeInstanceOf(RangeError);
    expect(Object.keys(got.error)).toEqual(["status", "when"]);
  });

  test("of a user's own class become Errors of that name", () => {
    class PaymentError extends Error {
      override readonly name = "PaymentError";
    }
    const got = roundTrip(new PaymentError("declined")) as Error;
    expect(Object.getPrototypeOf(got)).toBe(Error.prototype);
    expect(got).toMatchObject({ name: "PaymentError", message: "declined" });
  });

  test("an AggregateError keeps its errors", () => {
    const got = roundTrip(new AggregateError([new Error("a"), 2], "both")) as AggregateError;
    expect(got).toBeInstanceOf(AggregateError);
    expect(got.errors).toEqual([new Error("a"), 2]);
  });

  test("may be their own cause", () => {
    const error = new Error("round");
    error.cause = error;
    const got = roundTrip(error) as Error;
    expect(got.cause).toBe(got);
    expect(got.stack).toBe(error.stack);
  });
});

describe("identity within a value", () => {
  test("cycles through every container", () => {
    const root: Record<string, unknown> = {};
    const list: unknown[] = [root];
    list.push(list);
    Object.assign(root, { root, list, map: new Map([[root, list]]), set: new Set([root, list]) });
    const got = roundTrip(root) as { root: unknown; list: unknown[]; map: Map<unknown, unknown>; set: Set<unknown> };
    expect(got.root).toBe(got);
    expect(got.list[0]).toBe(got);
    expect(got.list[1]).toBe(got.list);
    expect([...got.map]).toEqual([[got, got.list]]);
    expect(got.map.get(got)).toBe(got.list);
    expect(got.set.has(got) && got.set.has(got.list)).toBe(true);
  });

  test("what was shared stays shared, binaries and dates too", () => {
    const shared = { rows: [1] };
    const bytes = new Uint8Array(100_000);
    const date = new Date(7);
    const encoded = encodeValue([shared, shared, bytes, bytes, date, date]);
    expect(encoded).toHaveLength(2);
    const got = decodeValue(encoded) as unknown[];
    expect(got[0]).toBe(got[1]);
    expect(got[2]).toBe(got[3]);
    expect(got[4]).toBe(got[5]);
    expect(got).toEqual([shared, shared, bytes, bytes, date, date]);
  });

  test("a value stands alone: nothing learnt from an earlier one is needed", () => {
    const [first, second] = [encodeValue([{ a: 1 }]), encodeValue([{ a: 2 }])];
    expect(decodeValue(second)).toEqual([{ a: 2 }]);
    expect(decodeValue(first)).toEqual([{ a: 1 }]);
  });
});

describe("large binaries", () => {
  test("are not copied on the way out, nor on the way in", () => {
    const numbers = new Float64Array(10_000).fill(1.5);
    const encoded = encodeValue({ numbers });
    expect(encoded[1]?.buffer).toBe(numbers.buffer);
    expect((decodeValue(encoded) as { numbers: Float64Array }).numbers.buffer).toBe(numbers.buffer);
    expect(encodedBytes(encoded)).toBeGreaterThan(80_000);
  });

  test("are copied once when their elements would not be aligned", () => {
    const encoded = encodeValue(new Float64Array(10_000).fill(1.5));
    const shifted = new Uint8Array(80_001).subarray(1);
    shifted.set(encoded[1] as Uint8Array);
    const got = decodeValue([encoded[0] as Uint8Array, shifted]);
    expect(got).toEqual(new Float64Array(10_000).fill(1.5));
  });

  test("only the part that is viewed is sent", () => {
    const part = new Uint8Array(1_000_000).fill(3).subarray(10, 100_010);
    const encoded = encodeValue(part);
    expect(encoded[1]?.byteLength).toBe(100_000);
    expect(decodeValue(encoded)).toEqual(part);
  });

  test("views of shared memory are sent as what they view", () => {
    const small = new Int32Array(new SharedArrayBuffer(8)).fill(1);
    const large = new Int32Array(new SharedArrayBuffer(100_000)).fill(2);
    expect(roundTrip([small, large])).toEqual([new Int32Array(2).fill(1), new Int32Array(25_000).fill(2)]);
  });
});

describe("references", () => {
  test("take the place of what the caller replaces, and are given back in all places", () => {
    const handle = new (class Handle {
      readonly id = 1;
    })();
    const callable = (): void => {};
    const encoded = encodeValue([handle, { deep: new Map([["k", handle]]) }, callable, [1]], {
      replace: (object) => (object === handle ? new Ref(0) : object === callable ? new Ref(1) : undefined),
    });
    const input = { big: true };
    const got = decodeValue(encoded, [input, 2]) as [unknown, { deep: Map<string, unknown> }, unknown, unknown];
    expect(got[0]).toBe(input);
    expect(got[1].deep.get("k")).toBe(input);
    expect(got.slice(2)).toEqual([2, [1]]);
  });

  test("may be given as they are", () => {
    expect(decodeValue(encodeValue([new Ref(1), new Ref(0)]), ["a", "b"])).toEqual(["b", "a"]);
  });

  test("one without an input makes the value unreadable", () => {
    expect(errorOf(() => decodeValue(encodeValue([new Ref(2)]), ["a"])).code).toBe("UNREADABLE_VALUE");
  });
});

describe("what cannot be sent is refused by its path", () => {
  class Account {
    withdraw(): void {}
  }
  const cases: [string, unknown, string][] = [
    ["a function", { rows: [0, 1, 2, { callback: () => 1 }] }, "result.rows[3].callback is a function"],
    ["the whole value", () => 1, "result is a function"],
    ["a symbol", [Symbol("s")], "result[0] is a symbol"],
    ["a map's value", { index: new Map([["a b", () => 1]]) }, 'result.index.get("a b") is a function'],
    ["a map's key", new Map([[() => 1, 1]]), "result.keys()[0] is a function"],
    ["a set's member", new Set([1, Symbol("s")]), "result.values()[1] is a symbol"],
    ["an odd key", { "a-b": { "": () => 1 } }, 'result["a-b"][""] is a function'],
    ["an instance", { account: new Account() }, "result.account is an object of class Account"],
    ["a promise", [Promise.resolve(1)], "result[0] is a promise: await it first"],
    ["a weak map", new WeakMap(), "result is an object of class WeakMap"],
    ["a subclass of a built-in", new (class Rows extends Map {})(), "result is an object of class Rows"],
    [
      "an error's property",
      Object.assign(new Error("x"), { response: { body: () => 1 } }),
      "result.response.body is a function",
    ],
    ["an error's cause", new Error("x", { cause: Symbol("s") }), "result.cause is a symbol"],
    ["shared memory itself", new SharedArrayBuffer(8), "result is an object of class SharedArrayBuffer"],
  ];
  test.each(cases)("%s", (_, value, message) => {
    const error = errorOf(() => encodeValue(value, { label: "result" }));
    expect(error.code).toBe("UNSENDABLE_VALUE");
    expect(error.message.startsWith(message)).toBe(true);
    expect(error.details["path"]).toBe(message.slice(0, message.indexOf(" is ")));
  });

  test("what nests too deep", () => {
    let list: unknown[] = [];
    for (let depth = 0; depth < 100_000; depth++) list = [list];
    const error = errorOf(() => encodeValue(list));
    expect(error.code).toBe("UNSENDABLE_VALUE");
    expect(error.message).toMatch(/nests deeper than 1000 levels$/);
  });

  test("what nests just not too deep arrives", () => {
    let list: unknown[] = [];
    for (let depth = 1; depth < 1_000; depth++) list = [{ a: -0 }, list];
    let got = roundTrip(list) as unknown[];
    for (let depth = 1; depth < 1_000; depth++) got = got[1] as unknown[];
    expect(got).toEqual([]);
  });

  test("a getter that throws", () => {
    const value = {
      get broken(): never {
        throw new RangeError("mine");
      },
    };
    const error = errorOf(() => encodeValue(value, { label: "args" }));
    expect(error.code).toBe("UNSENDABLE_VALUE");
    expect(error.message).toBe("args could not be read: mine");
    expect(error.cause).toBeInstanceOf(RangeError);
  });
});

describe("bytes that are no value", () => {
  test("are refused, whatever they are", () => {
    const bytes = fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 3 });
    fc.assert(
      fc.property(bytes, (parts) => {
        try {
          decodeValue(parts);
        } catch (error) {
          expect(error).toMatchObject({ code: "UNREADABLE_VALUE" });
        }
      }),
      { numRuns: 5_000 },
    );
  });

  test("damaged values harm nothing that is decoded after them", () => {
    const shared = { a: [-0, new Date(1)] };
    const [head] = encodeValue([shared, shared, new Map([["k", new Error("e")]]), Buffer.from("bytes")]);
    const damage = fc.array(fc.tuple(fc.nat((head as Uint8Array).length - 1), fc.nat(255)), {
      minLength: 1,
      maxLength: 4,
    });
    fc.assert(
      fc.property(damage, (changes) => {
        const damaged = Uint8Array.from(head as Uint8Array);
        for (const [index, byte] of changes) damaged[index] = byte;
        try {
          decodeValue([damaged]);
        } catch (error) {
          expect(error).toMatchObject({ code: "UNREADABLE_VALUE" });
        }
        expect(roundTrip({ x: [1, -0] })).toStrictEqual({ x: [1, -0] });
        expect(Object.keys(Object.prototype)).toEqual([]);
      }),
      { numRuns: 3_000 },
    );
  });
});
