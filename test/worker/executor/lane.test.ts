import fc from "fast-check";
import { expect, test } from "vitest";
import { HostLane, SlotLane } from "../../../worker/executor/lane.ts";

function lanes(): { host: HostLane; slot: SlotLane; drained: () => string[] } {
  const host = new HostLane();
  const drained = (): string[] => {
    const texts: string[] = [];
    host.drain(
      (record) => record.toString("latin1"),
      (text) => texts.push(text),
    );
    return texts;
  };
  return { host, slot: new SlotLane(host.memory), drained };
}

test("records come out as they went in, however often the ring has been round", () => {
  fc.assert(
    fc.property(fc.array(fc.array(fc.nat(9_000), { maxLength: 60 }), { maxLength: 20 }), (rounds) => {
      const { slot, drained } = lanes();
      for (const lengths of rounds) {
        const texts = lengths.map((length, index) => String.fromCharCode(65 + (index % 26)).repeat(length));
        const taken = texts.filter((text) => slot.write(Buffer.from(text, "latin1")));
        expect(drained()).toEqual(taken);
      }
    }),
  );
});

test("a record that finds no room is refused, and one that comes after the others were read is not", () => {
  const { slot, drained } = lanes();
  const record = Buffer.alloc(100_000, "x");
  expect([slot.write(record), slot.write(record), slot.write(record)]).toEqual([true, true, false]);
  expect(drained()).toHaveLength(2);
  expect(slot.write(record)).toBe(true);
  expect(drained()).toEqual([record.toString("latin1")]);
});

test("whoever is told may drain, too", () => {
  const { host, slot } = lanes();
  for (const text of ["a", "b", "c"]) slot.write(Buffer.from(text));
  const told: string[] = [];
  const drain = (): void =>
    host.drain(
      (record) => record.toString(),
      (text) => {
        told.push(text);
        drain();
      },
    );
  drain();
  expect(told).toEqual(["a", "b", "c"]);
});

test("a job is either claimed or taken back", () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom("send", "begin", "recall"), { maxLength: 100 }), (steps) => {
      const { host, slot } = lanes();
      const arrived: number[] = [];
      let open = 0;
      let begun = 0;
      let recalled = 0;
      for (const step of steps) {
        if (step === "send") {
          host.sent();
          arrived.push(slot.arrived());
          open++;
        } else if (step === "recall") {
          recalled += host.recall();
          open = 0;
        } else {
          // Those that were taken back are passed over.
          let next = arrived.shift();
          while (next !== undefined && !slot.claim(next)) next = arrived.shift();
          expect(next !== undefined).toBe(open > 0);
          if (next !== undefined) {
            begun++;
            open--;
          }
        }
      }
      expect(begun + recalled + open).toBe(steps.filter((step) => step === "send").length);
    }),
  );
});
