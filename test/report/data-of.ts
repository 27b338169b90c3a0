import { inflateSync } from "node:zlib";
import { unpackReport } from "../../report/page/unpack.ts";
import type { ReportData } from "../../report/report-data.ts";

/** The data that lies in a report's HTML. */
export function dataOf(html: string): ReportData {
  const pieces = [...html.matchAll(/<script type="application\/octet-stream" class="data">([^<]*)<\/script>/g)];
  const deflated = Buffer.concat(pieces.map((piece) => Buffer.from(piece[1] ?? "", "base64")));
  const { buffer, byteOffset, byteLength } = inflateSync(deflated);
  return unpackReport(buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer);
}
