import { endingOf, PerformanceReport, type ReportEnding, succeeded } from "./performance-report.ts";
import type { EventListener, WatchOptions } from "./watching.ts";

/** Begins a watch; the function that it resolves with ends it. */
export type Watch = (options: WatchOptions, listener: EventListener) => Promise<() => Promise<void>>;

/** A report of what happens while `body` runs; without one, of what the scheduler remembers. */
export async function reportOn(
  { address, name }: { readonly address: string; readonly name: string },
  watch: Watch,
  path: string | undefined,
  body: (() => unknown) | undefined,
): Promise<string> {
  const looksBack = body === undefined;
  const title = looksBack ? "What the scheduler remembers" : `Work of ${name}`;
  const report = await PerformanceReport.begin({ path, title, address, looksBack });
  const end = await watch({ kept: looksBack, profile: !looksBack }, report.add);
  const outcome = await outcomeOf(body);
  // Of a connection that is lost nothing more will be heard, and what was heard is worth a report.
  await end().catch(() => undefined);
  const html = await report.write(outcome.ending);
  if (outcome.failed) throw outcome.error;
  return html;
}

type Outcome =
  | { readonly failed: false; readonly ending: ReportEnding }
  | { readonly failed: true; readonly ending: ReportEnding; readonly error: unknown };

async function outcomeOf(body: (() => unknown) | undefined): Promise<Outcome> {
  if (body === undefined) return { failed: false, ending: { outcome: "running", state: "", message: "" } };
  try {
    await body();
    return { failed: false, ending: succeeded };
  } catch (error) {
    return { failed: true, ending: endingOf(error), error };
  }
}
