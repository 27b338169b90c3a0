import type { Node, Program } from "acorn";
import { ClusterError } from "../../protocol/errors.ts";
import type { AnyFunction } from "../../protocol/task-registry.ts";
import { namingHelper } from "./node-globals.ts";

/**
 * The text of an ES module whose default export is this function, which must need nothing from outside itself.
 * @throws ClusterError NOT_SELF_CONTAINED naming what it refers to.
 */
export async function inlineModule(fn: AnyFunction): Promise<string> {
  const text = fn.toString();
  if (/\{\s*\[native code\]\s*\}\s*$/.test(text)) throw refused(fn, "is native or bound, and its code cannot be read");
  const { program, node, exported } = await parseFunction(fn, text);
  if (node.type === "ClassDeclaration" || node.type === "ClassExpression") throw refused(fn, "is a class");
  if ("generator" in node && node.generator === true)
    throw refused(fn, "is a generator, and what it returns cannot be sent");
  const { foreignNames } = await import("./free-variables.ts");
  const names = foreignNames(program, node);
  if (names.length > 0) throw refused(fn, `refers to ${names.join(", ")}, which a worker does not have`, names);
  return `const ${namingHelper} = (fn, value) => Object.defineProperty(fn, "name", { value, configurable: true });\nexport default ${exported};\n`;
}

interface Parsed {
  readonly program: Program;
  /** The function itself. */
  readonly node: Node;
  /** The expression whose value it is. */
  readonly exported: string;
}

/** A function's text is an expression, or, of a method, what stands in an object literal. */
async function parseFunction(fn: AnyFunction, text: string): Promise<Parsed> {
  const { parse } = await import("acorn");
  const attempt = (expression: string): Program | undefined => {
    try {
      // The scope analysis reads `range`, which acorn leaves out unless it is asked for.
      return parse(`(${expression})`, { ecmaVersion: "latest", sourceType: "module", ranges: true });
    } catch {
      return undefined;
    }
  };
  const plain = attempt(text);
  if (plain !== undefined) return { program: plain, node: expressionOf(plain), exported: `(${text})` };
  const around = attempt(`{ ${text} }`);
  const property = around === undefined ? undefined : (expressionOf(around) as Node & ObjectNode).properties[0];
  if (around === undefined || property?.kind !== "init") {
    throw refused(fn, "has a text that does not stand for itself (a getter, a setter, or a use of super)");
  }
  return { program: around, node: property.value, exported: `Object.values({ ${text} })[0]` };
}

interface ObjectNode {
  readonly properties: readonly { readonly kind?: string; readonly value: Node }[];
}

function expressionOf(program: Program): Node {
  return (program.body[0] as unknown as { expression: Node }).expression;
}

function refused(fn: AnyFunction, why: string, variables: readonly string[] = []): ClusterError {
  return new ClusterError(
    "NOT_SELF_CONTAINED",
    `${fn.name === "" ? "the inline function" : `the inline function "${fn.name}"`} cannot be sent to a worker: it ${why}. ` +
      'Pass what it needs as an argument, or define it with task("name", fn) at the top level of a module, which is sent with all that it imports',
    { details: { function: fn.name, variables } },
  );
}
