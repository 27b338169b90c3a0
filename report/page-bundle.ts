import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

/** The code and the style of a page, each as one text that can stand inside HTML, and what allows them there. */
export interface PageBundle {
  readonly script: string;
  readonly style: string;
  /** For a `Content-Security-Policy`: exactly this script and this style, and nothing from anywhere. */
  readonly policy: string;
}

const bundles = new Map<string, Promise<PageBundle>>();

/**
 * Bundles a page's `main` and its style once a process.
 * @param folder where `main.ts`, or `main.js` when built, and `page.css` lie.
 */
export function pageBundle(folder: URL): Promise<PageBundle> {
  let bundle = bundles.get(folder.href);
  if (bundle === undefined) {
    bundle = makeBundle(folder);
    bundles.set(folder.href, bundle);
    bundle.catch(() => bundles.delete(folder.href));
  }
  return bundle;
}

async function makeBundle(folder: URL): Promise<PageBundle> {
  const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
  const { outputFiles } = await build({
    entryPoints: [`main.${extension}`, "page.css"].map((name) => fileURLToPath(new URL(name, folder))),
    bundle: true,
    minify: true,
    write: false,
    outdir: "out",
    format: "iife",
    target: "es2022",
    legalComments: "inline",
    logLevel: "silent",
  });
  const textOf = (ending: string): string => outputFiles.find(({ path }) => path.endsWith(ending))?.text.trim() ?? "";
  const script = textOf(".js");
  const style = textOf(".css");
  // esbuild breaks up what would end the element; nothing that it cannot break up may get into the page.
  if (/<\/script|<!--/i.test(script) || /<\/style/i.test(style)) {
    throw new Error(`the bundle of ${folder.pathname} would end its own element; rename what contains "</" or "<!--"`);
  }
  const policy = [
    "default-src 'none'",
    `script-src ${hashOf(script)}`,
    `style-src ${hashOf(style)}`,
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  return { script, style, policy };
}

const hashOf = (text: string): string => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
