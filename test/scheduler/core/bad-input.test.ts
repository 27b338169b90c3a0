import { expect, test } from "vitest";
import { futureId } from "../../../protocol/ids.ts";
import { Bench, spec } from "./bench.ts";

// What a client of the right protocol may say, and no client of ours does.

test("a submission of nothing is accepted, and does nothing", () => {
  const bench = new Bench().client();
  bench.submit([]);
  expect(bench.told()).toMatchObject([{ op: "accepted" }]);
  bench.nothingElse();
});

const scatter = (...futures: number[]) =>
  ({
    op: "scatter",
    request: 1,
    futures: futures.map(futureId),
    bytes: futures.map(() => 8),
    workers: [],
    broadcast: false,
  }) as const;

test("a future that is being scattered stands for nothing else", () => {
  const bench = new Bench().client().worker(1);
  bench.say(scatter(7));
  bench.told();
  bench.submit([spec(7)]);
  expect(bench.told()).toMatchObject([{ op: "rejected", error: { code: "BAD_FRAME" } }]);
  bench.say({ op: "scattered", request: 2, futures: [futureId(7)], addresses: [["ws://w1:1"]] });
  expect(bench.told()).toMatchObject([{ op: "finished", future: 7 }, { op: "reply" }]);
  bench.nothingElse();
});

test("a future is scattered once, and not if it stands for something already", () => {
  const bench = new Bench().client().worker(1);
  bench.submit([spec(1)]);
  bench.told();
  for (const futures of [[1], [2, 2]]) {
    bench.say(scatter(...futures));
    expect(bench.told()).toMatchObject([{ op: "reply", error: { code: "BAD_FRAME" } }]);
  }
});
