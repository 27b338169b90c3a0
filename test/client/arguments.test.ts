import fc from "fast-check";
import { expect, test } from "vitest";
import { encodeArguments } from "../../client/arguments.ts";
import { encodeValue, Ref } from "../../protocol/value.ts";

class Handle {
  readonly name: number;

  constructor(name: number) {
    this.name = name;
  }
}

const handles = Array.from({ length: 400 }, (_, name) => new Handle(name));
const behind = (object: object): Handle | undefined => (object instanceof Handle ? object : undefined);

/** What the general way of encoding makes of the same arguments. */
function reference(args: readonly unknown[]): { args: Uint8Array[]; deps: Handle[] } {
  const refs = new Map<Handle, Ref>();
  const replace = (object: object): Ref | undefined => {
    if (!(object instanceof Handle)) return undefined;
    const ref = refs.get(object) ?? new Ref(refs.size);
    refs.set(object, ref);
    return ref;
  };
  return { args: [...encodeValue([...args], { label: "args", replace })], deps: [...refs.keys()] };
}

function expectSame(args: readonly unknown[]): void {
  const made = encodeArguments(args, behind);
  const wanted = reference(args);
  expect(made.args.map((part) => Buffer.from(part).toString("hex"))).toEqual(
    wanted.args.map((part) => Buffer.from(part).toString("hex")),
  );
  expect(made.deps).toEqual(wanted.deps);
}

const handle = fc.constantFrom(...handles);
const primitive = fc.oneof(
  fc.integer(),
  fc.integer({ min: -300, max: 300 }),
  fc.maxSafeInteger(),
  fc.double(),
  fc.constantFrom(-0, 0, 0x3f, 0x40, 0x7f, 0x80, 0xff, 0x100, 0xffff, 0x10000, 2 ** 31, 2 ** 32 - 1, 2 ** 32, -32, -33),
  fc.constantFrom(-128, -129, -32_768, -32_769, -(2 ** 31), -(2 ** 31) - 1),
  fc.boolean(),
  fc.constantFrom(null, undefined),
  fc.bigInt(),
  fc.string(),
  fc.string({ unit: "binary" }),
  fc.string({ minLength: 25, maxLength: 300 }),
);
const item = fc.oneof({ weight: 3, arbitrary: primitive }, { weight: 2, arbitrary: handle });
const nested = fc.oneof(
  { weight: 4, arbitrary: item },
  { weight: 2, arbitrary: fc.array(item, { maxLength: 20 }) },
  { weight: 1, arbitrary: fc.array(fc.array(item, { maxLength: 3 }), { maxLength: 10 }) },
  { weight: 1, arbitrary: fc.dictionary(fc.string(), item, { maxKeys: 3, noNullPrototype: true }) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 5 }) },
);

test("flat arguments and all others have the bytes that the general encoding gives them", () => {
  fc.assert(
    fc.property(fc.array(nested, { maxLength: 6 }), (args) => expectSame(args)),
    { numRuns: 3_000 },
  );
});

test("long arrays, holes, and arrays that come twice, too", () => {
  const pair = [1, 2];
  const cyclic: unknown[] = [1];
  cyclic.push(cyclic);
  for (const args of [
    [Array.from({ length: 70_000 }, (_, index) => index)],
    [Array.from({ length: 1_000 }, (_, index) => handles[(index * 7) % handles.length])],
    [Array.from({ length: 3_000 }, () => "a text of some length, again and again")],
    // biome-ignore lint/suspicious/noSparseArray: a hole is what this is about.
    [[1, , 3]],
    [pair, pair],
    [cyclic],
    Array.from({ length: 20 }, (_, index) => [index]),
    [],
  ]) {
    expectSame(args);
  }
});

test("what was encoded stays as it was, whatever is encoded afterwards", () => {
  const encoded = Array.from({ length: 20_000 }, (_, index) => encodeArguments([index, "text"], behind).args);
  for (const [index, args] of encoded.entries()) {
    if (index % 97 === 0)
      expect(Buffer.from(args[0] as Uint8Array)).toEqual(Buffer.from(reference([index, "text"]).args[0] as Uint8Array));
  }
});

test("a getter among the arguments may encode arguments itself, or throw", () => {
  const own: Uint8Array[] = [];
  const list = [1, 2, 3];
  Object.defineProperty(list, 1, {
    enumerable: true,
    get: () => {
      own.push(encodeArguments([7], behind).args[0] as Uint8Array);
      return 2;
    },
  });
  const outer = encodeArguments([list, 5], behind).args[0] as Uint8Array;
  expect(Buffer.from(outer).toString("hex")).toBe(
    Buffer.from(encodeValue([[1, 2, 3], 5])[0] as Uint8Array).toString("hex"),
  );
  expect(own.map((bytes) => [...bytes])).toEqual(own.map(() => [0x91, 7]));
  Object.defineProperty(list, 1, {
    get: () => {
      throw new Error("not for you");
    },
  });
  expect(() => encodeArguments([list], behind)).toThrow(expect.objectContaining({ code: "UNSENDABLE_VALUE" }));
  expectSame([1, "after that"]);
});
