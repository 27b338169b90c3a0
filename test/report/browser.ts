import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";

const executablePath = process.env["CHROMIUM"] ?? "/usr/bin/chromium";

/** A page that is open, and everything that it should not have done. */
export interface OpenPage extends AsyncDisposable {
  readonly page: Page;
  readonly complaints: string[];
  /** What it asked for beyond its own file. */
  readonly requests: string[];
}

/** What kept a page from answering for a while. */
export interface MainThreadTask {
  readonly wallMs: number;
  /** Without the time that other processes had the processor: the same on a busy machine as on an idle one. */
  readonly cpuMs: number;
}

interface TraceEvent {
  readonly ph: string;
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  readonly dur?: number;
  readonly tdur?: number;
  readonly args?: { readonly name?: string };
}

/** A real Chromium that opens reports from files, as a user does. */
export class ReportBrowser implements AsyncDisposable {
  readonly #browser: Browser;
  readonly #folder: string;
  #files = 0;

  private constructor(browser: Browser) {
    this.#browser = browser;
    this.#folder = mkdtempSync(join(tmpdir(), "muster-report-"));
  }

  static async launch(): Promise<ReportBrowser> {
    if (!existsSync(executablePath)) {
      throw new Error(
        `there is no Chromium at ${executablePath}: install it (Debian: apt-get install chromium), or name another with CHROMIUM`,
      );
    }
    // Root may not use Chromium's sandbox.
    return new ReportBrowser(await chromium.launch({ executablePath, args: ["--no-sandbox"] }));
  }

  /** Opens HTML from a file, without a network. Init scripts run before the page's own. */
  async open(
    html: string,
    options: BrowserContextOptions & { readonly init?: () => void; readonly waitFor?: string } = {},
  ): Promise<OpenPage> {
    const { init, waitFor = "#summary[data-rendered]", ...contextOptions } = options;
    const file = join(this.#folder, `report-${++this.#files}.html`);
    writeFileSync(file, html);
    const url = pathToFileURL(file).href;
    const context = await this.#browser.newContext({ viewport: { width: 1280, height: 900 }, ...contextOptions });
    if (init) await context.addInitScript(init);
    await context.setOffline(true);
    const page = await context.newPage();
    const complaints: string[] = [];
    const requests: string[] = [];
    page.on("console", (message) => complaints.push(`${message.type()}: ${message.text()}`));
    page.on("pageerror", (error) => complaints.push(String(error)));
    page.on("dialog", (dialog) => {
      complaints.push(`dialog: ${dialog.message()}`);
      dialog.dismiss().catch(() => undefined);
    });
    page.on("request", (request) => {
      const isOwn = request.url() === url || request.url().startsWith("data:") || request.url().startsWith("blob:");
      if (!isOwn) requests.push(request.url());
    });
    await page.goto(url);
    await page.waitForSelector(waitFor);
    return { page, complaints, requests, [Symbol.asyncDispose]: () => context.close() };
  }

  /** Writes down what the browser does, until `stopTracing`. */
  async startTracing(): Promise<void> {
    await this.#browser.startTracing(undefined, { categories: ["toplevel", "devtools.timeline"] });
  }

  /** The tasks of pages' main threads, longest first by the time that each had a processor. */
  async stopTracing(): Promise<MainThreadTask[]> {
    const { traceEvents } = JSON.parse((await this.#browser.stopTracing()).toString()) as { traceEvents: TraceEvent[] };
    const threadOf = ({ pid, tid }: TraceEvent): string => `${pid} ${tid}`;
    const threads = traceEvents.filter(({ name, args }) => name === "thread_name" && args?.name === "CrRendererMain");
    const main = new Set(threads.map(threadOf));
    return traceEvents
      .filter((event) => event.ph === "X" && event.name.endsWith("RunTask") && main.has(threadOf(event)))
      .map(({ dur = 0, tdur = dur }) => ({ wallMs: dur / 1_000, cpuMs: tdur / 1_000 }))
      .sort((a, b) => b.cpuMs - a.cpuMs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** Brings each section near the screen, so that it is filled. */
export async function showAll(page: Page): Promise<void> {
  for (const id of await page.$$eval("section", (sections) => sections.map((section) => section.id))) {
    await page.locator(`#${id}`).scrollIntoViewIfNeeded();
    await page.waitForSelector(`#${id}[data-rendered]`);
  }
}
