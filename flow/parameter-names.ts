import { createRequire } from "node:module";
import type { Pattern } from "acorn";
import type { TaskDefinition } from "../protocol/task-registry.ts";

// Loaded on first use: every slot imports this module, and hardly any asks for the name of a parameter.
const require = createRequire(import.meta.url);

/** The names of a function's parameters, in order; "" for one that is taken apart (`{ a, b }`) or a rest. */
export function parameterNames(fn: TaskDefinition["fn"]): readonly string[] {
  return parametersOf(fn).map(nameOf);
}

/** The property names that a function takes apart in its only parameter, if that is how it takes its arguments. */
export function objectParameterNames(fn: TaskDefinition["fn"]): readonly string[] | undefined {
  const [first, ...others] = parametersOf(fn);
  const pattern = first?.type === "AssignmentPattern" ? first.left : first;
  if (others.length > 0 || pattern?.type !== "ObjectPattern") return undefined;
  return pattern.properties.flatMap((property) =>
    property.type === "Property" && property.key.type === "Identifier" ? [property.key.name] : [],
  );
}

function parametersOf(fn: TaskDefinition["fn"]): readonly Pattern[] {
  const { parseExpressionAt } = require("acorn") as typeof import("acorn");
  const source = Function.prototype.toString.call(fn);
  for (const text of [`(${source})`, `({${source}})`]) {
    try {
      const parsed = parseExpressionAt(text, 0, { ecmaVersion: "latest" });
      const found = parsed.type === "ObjectExpression" ? parsed.properties[0] : parsed;
      const inner = found?.type === "Property" ? found.value : found;
      if (inner?.type === "FunctionExpression" || inner?.type === "ArrowFunctionExpression") return inner.params;
    } catch {
      // A method's text is no expression; it is one inside an object.
    }
  }
  return [];
}

function nameOf(pattern: Pattern): string {
  if (pattern.type === "Identifier") return pattern.name;
  return pattern.type === "AssignmentPattern" ? nameOf(pattern.left) : "";
}

/** Where the argument of this name has its place among a function's arguments. */
export function argumentPath(fn: TaskDefinition["fn"], name: string): readonly (string | number)[] | undefined {
  const index = parameterNames(fn).indexOf(name);
  if (index >= 0) return [index];
  return objectParameterNames(fn)?.includes(name) ? [0, name] : undefined;
}
