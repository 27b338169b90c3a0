import { expect, test } from "vitest";
import { sourceFiles } from "../source-files.ts";
import { textOf } from "./pages.ts";

test("docs/api.md lists exactly the codes that the HTTP API has, each with its status", () => {
  const source = sourceFiles("http-error.ts")[0]?.text ?? "";
  const statuses = /const statuses[^{]*\{[^{]*\{([^}]*)\}/.exec(source)?.[1] ?? "";
  const existing = Array.from(statuses.matchAll(/([A-Z_]+): (\d+)/g), ([, code, status]) => `${code} ${status}`);
  const documented = Array.from(
    textOf("docs/api.md").matchAll(/^\| `([A-Z_]+)` \| (\d+) \|/gm),
    ([, code, status]) => `${code} ${status}`,
  );
  expect(existing.length).toBeGreaterThan(5);
  expect(documented.sort()).toEqual(existing.sort());
});
