import { isBuiltin } from "node:module";
import type { Node, Program } from "acorn";
import { analyze } from "eslint-scope";
import { namingHelper, nodeGlobals } from "./node-globals.ts";

/**
 * What a function takes from the place where it was written: variables that a worker does not have, and `this`,
 * `import.meta` and imports, which mean something else there. `program` is the parsed module around it.
 */
export function foreignNames(program: Program, fn: Node): readonly string[] {
  const names = new Set<string>();
  const { globalScope } = analyze(program as never, { ecmaVersion: 2022, sourceType: "module" });
  for (const { identifier } of globalScope?.through ?? []) {
    const { name } = identifier as { name: string };
    if (!nodeGlobals.has(name) && name !== namingHelper) names.add(name);
  }
  for (const part of partsOf(fn)) collectPlaceBound(part, true, names);
  return [...names].sort();
}

/** `ownThis`: whether `this` is still that of the function itself, which a worker calls without one. */
function collectPlaceBound(node: Node, ownThis: boolean, names: Set<string>): void {
  if (ownThis && (node.type === "ThisExpression" || node.type === "Super")) names.add("this");
  if (node.type === "MetaProperty" && (node as Node & { meta: { name: string } }).meta.name === "import") {
    names.add("import.meta");
  }
  if (node.type === "ImportExpression") {
    const { source } = node as Node & { source: Node & { value?: unknown } };
    if (typeof source.value === "string" && !isEverywhere(source.value)) names.add(`import("${source.value}")`);
  }
  const bindsThis =
    node.type === "FunctionExpression" || node.type === "FunctionDeclaration" || node.type === "ClassBody";
  for (const part of partsOf(node)) collectPlaceBound(part, ownThis && !bindsThis, names);
}

const isEverywhere = (specifier: string): boolean => isBuiltin(specifier) || /^muster(\/|$)/.test(specifier);

function partsOf(node: Node): Node[] {
  return Object.values(node).flat().filter(isNode);
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "type" in value && typeof value.type === "string";
}
