import { readdirSync, readFileSync } from "node:fs";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { parseSync, Visitor } from "oxc-parser";

const root: string = fileURLToPath(new URL("..", import.meta.url)).replace(/\/$/, "");
const skipped: ReadonlySet<string> = new Set(["node_modules", "dist"]);

export interface SourceFile {
  /** Relative to the repository's root, with forward slashes. */
  readonly path: string;
  readonly text: string;
}

/** Every file of ours with one of these endings, outside what is installed, built or hidden. */
export function sourceFiles(...endings: readonly string[]): SourceFile[] {
  const found: SourceFile[] = [];
  const visit = (folder: string): void => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      if (skipped.has(entry.name) || (entry.name.startsWith(".") && entry.name !== ".ci")) continue;
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory()) visit(path);
      else if (endings.some((ending) => entry.name.endsWith(ending))) {
        found.push({ path: relative(root, path), text: readFileSync(path, "utf8") });
      }
    }
  };
  visit(root);
  return found.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** The code with its comments and the insides of its literals blanked out; every line stays where it is. */
export function codeOnly(file: SourceFile): string {
  const parsed = parseSync(file.path, file.text);
  const quiet: { start: number; end: number }[] = [...parsed.comments];
  new Visitor({
    Literal: (node) => {
      if (typeof node.value === "string" || "regex" in node) quiet.push(node);
    },
    TemplateElement: (node) => quiet.push(node),
  }).visit(parsed.program);
  let text = file.text;
  for (const { start, end } of quiet) {
    text = text.slice(0, start) + text.slice(start, end).replace(/[^\n]/g, " ") + text.slice(end);
  }
  return text;
}

/** Every module that a file names: imports, re-exports, `import()` of a literal, and types imported in place. */
export function importsOf(file: SourceFile): string[] {
  const parsed = parseSync(file.path, file.text);
  const names: string[] = [];
  const add = (source: { readonly type: string; readonly value?: unknown } | null): void => {
    if (source?.type === "Literal" && typeof source.value === "string") names.push(source.value);
  };
  new Visitor({
    ImportDeclaration: (node) => add(node.source),
    ExportNamedDeclaration: (node) => add(node.source),
    ExportAllDeclaration: (node) => add(node.source),
    ImportExpression: (node) => add(node.source),
    TSImportType: (node) => add(node.source),
  }).visit(parsed.program);
  return names;
}
