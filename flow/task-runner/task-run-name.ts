import type { TaskDefinition } from "../../protocol/task-registry.ts";
import { parameterNames } from "../parameter-names.ts";

/**
 * Fills `{month}` in a task's `taskRunName` with the argument of that parameter, and `{0}` with the first argument. What
 * names no argument stays as it is.
 */
export function taskRunName(
  template: string | undefined,
  name: string,
  fn: TaskDefinition["fn"],
  args: readonly unknown[],
): string {
  if (template === undefined) return name;
  if (!template.includes("{")) return template;
  const names = parameterNames(fn);
  return template.replace(/\{(\w+)\}/g, (whole, word: string) => {
    const index = /^\d+$/.test(word) ? Number(word) : names.indexOf(word);
    return index >= 0 && index < args.length ? String(args[index]) : whole;
  });
}
