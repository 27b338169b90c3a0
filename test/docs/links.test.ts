import { existsSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { expect, test } from "vitest";
import { pages, root, textOf } from "./pages.ts";

/** The text of a page outside its fenced blocks, where code may look like links and headings. */
const proseOf = (page: string): string => textOf(page).replace(/^```.*?^```$/gms, "");

/** A heading's anchor, as the usual viewers of Markdown make it. */
function anchorsOf(page: string): string[] {
  return Array.from(proseOf(page).matchAll(/^#+ (.+)$/gm), ([, heading = ""]) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
}

test("links lead to files and headings that exist", () => {
  const links = [...pages, "ARCHITECTURE.md"].flatMap((page) =>
    Array.from(proseOf(page).matchAll(/\]\(([^)]+)\)/g), ([, target = ""]) => ({ page, target })),
  );
  const broken = links.filter(({ page, target }) => {
    if (/^https?:/.test(target)) return false;
    const [path = "", anchor] = target.split("#");
    const file = path === "" ? page : relative(root, join(root, dirname(page), path));
    if (!existsSync(join(root, file))) return true;
    return anchor !== undefined && !anchorsOf(file).includes(anchor);
  });
  expect(links.length).toBeGreaterThan(10);
  expect(broken).toEqual([]);
});
