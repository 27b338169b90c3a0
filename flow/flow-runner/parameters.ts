import { ConfigurationError } from "../../protocol/errors.ts";
import type { ParameterNode } from "../builder/node.ts";

/**
 * The values of a run's parameters: arguments win over the context's, and those over the defaults.
 * @throws ConfigurationError BAD_PARAMETER naming every parameter that is missing or unknown.
 */
export function resolveParameters(
  flowName: string,
  nodes: readonly ParameterNode[],
  given: Readonly<Record<string, unknown>>,
  ofContext: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const known = nodes.map((node) => node.name);
  const unknown = Object.keys({ ...ofContext, ...given }).filter((name) => !known.includes(name));
  const missing = nodes.filter(({ name, required }) => required && !(name in given) && !(name in ofContext));
  const problems = [
    ...unknown.map((name) => `it has no parameter "${name}"`),
    ...missing.map(({ name }) => `its parameter "${name}" has no default and was not given`),
  ];
  if (problems.length > 0) {
    const has = known.length === 0 ? "It has no parameters" : `Its parameters are ${known.join(", ")}`;
    throw new ConfigurationError("BAD_PARAMETER", `flow "${flowName}" cannot run: ${problems.join("; ")}. ${has}`, {
      details: { unknown, missing: missing.map(({ name }) => name) },
    });
  }
  const defaults = Object.fromEntries(nodes.map((node) => [node.name, node.default]));
  return { ...defaults, ...ofContext, ...given };
}
