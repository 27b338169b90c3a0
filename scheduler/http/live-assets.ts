import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";

export interface Asset {
  /** Its name holds the hash of its content, so that browsers may keep it for good. */
  readonly name: string;
  readonly type: string;
  readonly content: Buffer;
}

export interface LiveAssets {
  readonly page: string;
  readonly files: ReadonlyMap<string, Asset>;
}

let made: Promise<LiveAssets> | undefined;

/** The dashboard's page and what it loads, bundled when the first browser asks for it. */
export function liveAssets(): Promise<LiveAssets> {
  made ??= make();
  // It may have failed for a reason that passes, such as a full disk.
  made.catch(() => {
    made = undefined;
  });
  return made;
}

async function make(): Promise<LiveAssets> {
  // The sources run as .ts, the published package as .js, in the same layout.
  const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
  const folder = new URL("../../report/page/live/", import.meta.url);
  const { build, stop } = await import("esbuild");
  try {
    const { outputFiles } = await build({
      entryPoints: [`main.${extension}`, "page.css"].map((name) => fileURLToPath(new URL(name, folder))),
      outdir: "live",
      bundle: true,
      write: false,
      minify: true,
      format: "esm",
      platform: "browser",
      target: "es2022",
      charset: "utf8",
      legalComments: "none",
      logLevel: "silent",
    });
    const files = new Map<string, Asset>();
    const links: string[] = [];
    for (const { path, contents } of outputFiles) {
      const isStyle = path.endsWith(".css");
      const hash = createHash("sha256").update(contents).digest("hex").slice(0, 16);
      const name = isStyle ? `dashboard-${hash}.css` : `dashboard-${hash}.js`;
      files.set(name, {
        name,
        type: isStyle ? "text/css; charset=utf-8" : "text/javascript; charset=utf-8",
        content: Buffer.from(contents),
      });
      links.push(
        isStyle
          ? `<link rel="stylesheet" href="assets/${name}">`
          : `<script type="module" src="assets/${name}"></script>`,
      );
    }
    return { page: pageWith(links), files };
  } finally {
    // esbuild works in a process of its own, which would stay for as long as this one lives.
    await stop();
  }
}

/** All addresses are relative: behind a proxy the dashboard may lie anywhere. */
const pageWith = (links: readonly string[]): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Muster</title>
<link rel="icon" href="data:,">
${links.join("\n")}
</head>
<body>
<noscript>The dashboard needs JavaScript. The same figures are at <a href="api/v1/cluster">api/v1/cluster</a>.</noscript>
</body>
</html>
`;
