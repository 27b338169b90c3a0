import { expect, test } from "vitest";
import { distinctMax, resolveLimits, textCharsMax } from "../../report/limits.ts";
import { textOf } from "./pages.ts";

test("the table of what a report keeps at most is the code's", () => {
  const rows = Array.from(
    textOf("docs/reports.md").matchAll(/^\| (.+?) \| (\d+(?:,\d{3})*)(.*?) \|$/gm),
    ([, what = "", most = "", rest = ""]) => [what, Number(most.replaceAll(",", "")), rest],
  );
  const limits = resolveLimits({});
  const characters = `, of ${textCharsMax.toLocaleString("en")} characters each`;
  expect(rows).toEqual([
    ["attempts", limits.attemptsMax, ""],
    ["dependencies between them", limits.depsMax, ""],
    ["transfers, and uses of disks", limits.transfersMax, " each"],
    ["tasks without a result", limits.endsMax, ""],
    ["log lines", limits.logLinesMax, characters],
    ["changes of workers, and scaling decisions", limits.changesMax, " each"],
    ["measurements of each process", limits.vitalsMax, "; more are merged, two into one"],
    ["different names, workers and processes", distinctMax, " each; the rest count as one"],
  ]);
});
