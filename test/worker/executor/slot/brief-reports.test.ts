import { expect, test } from "vitest";
import { HostLane, SlotLane } from "../../../../worker/executor/lane.ts";
import { BriefReports } from "../../../../worker/executor/slot/brief-reports.ts";

/** Reports by the lane alone, and how often the host was told to look. */
function reporting(): { tell: (tookMs: number, nowMs: number, more?: boolean) => number } {
  let looks = 0;
  const reports = new BriefReports({
    lane: new SlotLane(new HostLane().memory),
    look: () => {
      looks += 1;
    },
    send: () => expect.unreachable("all of it finds room in the lane"),
    onMessage: () => {},
  });
  return {
    tell(tookMs, nowMs, more = true) {
      reports.tell({ kind: "done", job: 1, value: [], startMs: 1_000, endMs: 1_000 + tookMs }, more, nowMs);
      return looks;
    },
  };
}

test("the host is told to look once for the results of 2 ms, and at once when none is to come", () => {
  const { tell } = reporting();
  expect([tell(0.5, 1), tell(0.5, 2), tell(0.5, 3), tell(0.5, 4), tell(0.5, 5.5)]).toEqual([0, 0, 1, 1, 1]);
  expect([tell(0.5, 6), tell(0.5, 6.5, false)]).toEqual([2, 3]);
});

test("it is told at once of a job that took as long, since the next may do so, too", () => {
  const { tell } = reporting();
  expect([tell(10, 1), tell(0.1, 2), tell(2, 3), tell(0.1, 4)]).toEqual([1, 1, 2, 2]);
});

test("it is told of many at a time at the latest", () => {
  const { tell } = reporting();
  const looks = Array.from({ length: 128 }, () => tell(0, 1));
  expect([looks[62], looks[63], looks[126], looks[127]]).toEqual([0, 1, 1, 2]);
});
