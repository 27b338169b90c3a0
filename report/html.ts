import { promisify } from "node:util";
import { deflate } from "node:zlib";
import { packReport } from "./packed.ts";
import { pageBundle } from "./page-bundle.ts";
import type { ReportData } from "./report-data.ts";

/** Of deflated data in one element; a multiple of 3, so that pieces of base64 end without padding. */
const pieceBytes = 3 * 2 ** 15;

const icon =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E" +
  "%3Cpath fill='%233a6ea5' d='M1 3h9v3H1zM4 7h11v3H4zM1 11h7v3H1z'/%3E%3C/svg%3E";

/**
 * The report as one HTML file, which needs nothing else: no network, no server. The data lies in it deflated and as
 * base64, so that nothing that users wrote is ever markup or code.
 */
export async function renderReport(data: ReportData): Promise<string> {
  const { script, style, policy } = await pageBundle(new URL("./page/", import.meta.url));
  const deflated = await promisify(deflate)(packReport(data), { level: 7 });
  const pieces: string[] = [];
  for (let at = 0; at < deflated.byteLength; at += pieceBytes) {
    const base64 = deflated.subarray(at, at + pieceBytes).toString("base64");
    pieces.push(`<script type="application/octet-stream" class="data">${base64}</script>`);
  }
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${escapeHtml(data.meta.title)} · Muster performance report</title>
<link rel="icon" href="${icon}">
<style>${style}</style>
</head>
<body>
<noscript><p class="noscript">This report draws its pictures and tables with the scripts that it contains. Allow scripts for this file to see them.</p></noscript>
<div id="page"></div>
${pieces.join("\n")}
<script>${script}</script>
</body>
</html>
`;
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? character);
}
