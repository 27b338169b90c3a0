import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const root: string = fileURLToPath(new URL("../..", import.meta.url));

/** A fenced block of a page. */
export interface Block {
  readonly page: string;
  /** Such as "docs/cli.md sh block 2". */
  readonly title: string;
  readonly code: string;
}

/** The pages that users read. */
export const pages: readonly string[] = [
  "README.md",
  ...readdirSync(join(root, "docs"))
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`),
];

export function textOf(page: string): string {
  return readFileSync(join(root, page), "utf8");
}

/** All blocks of one language, in the order of the pages. */
export function blocksOf(language: "ts" | "sh"): readonly Block[] {
  return pages.flatMap((page) => {
    const found = textOf(page).matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, "gms"));
    return Array.from(found, ([, code], index) => ({
      page,
      title: `${page} ${language} block ${index + 1}`,
      code: code as string,
    }));
  });
}

/** The file that a block begins by naming, `// squares.ts`: other blocks take it for granted. */
export function fileNameOf(block: Block): string | undefined {
  return /^\/\/ ([\w./-]+\.ts)\n/.exec(block.code)?.[1];
}
