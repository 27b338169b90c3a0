import { expect, test } from "vitest";
import { sourceFiles } from "../source-files.ts";
import { textOf } from "./pages.ts";

// docs/errors.md lists exactly the codes that exist, and every code that exists is raised somewhere.

const sources = sourceFiles(".ts").filter((file) =>
  /^(?:protocol|scheduler|worker|client|flow|cluster|cli)\//.test(file.path),
);

/** The members of the union ErrorCode. */
function existingCodes(): string[] {
  const file = sources.find(({ path }) => path === "protocol/errors.ts");
  const union = /export type ErrorCode =(.*?);$/ms.exec(file?.text ?? "")?.[1] ?? "";
  return Array.from(union.matchAll(/\| "([A-Z_]+)"/g), ([, code]) => code as string);
}

function documentedCodes(): string[] {
  return Array.from(textOf("docs/errors.md").matchAll(/^\| `([A-Z_]+)` \|/gm), ([, code]) => code as string);
}

/** Codes that an error is made with: as the first argument of whatever makes one, or as the field of a wire error. */
function raisedCodes(): Set<string> {
  const made = /(?:(?:Error|failure)\(\s*|\bcode: )"([A-Z_]+)"/g;
  return new Set(sources.flatMap(({ text }) => Array.from(text.matchAll(made), ([, code]) => code as string)));
}

test("the table has every code, once", () => {
  expect(existingCodes().length).toBeGreaterThan(20);
  expect(documentedCodes().sort()).toEqual(existingCodes().sort());
});

test("every documented code is raised somewhere", () => {
  const raised = raisedCodes();
  expect(documentedCodes().filter((code) => !raised.has(code))).toEqual([]);
});
