import type { ReportData } from "../report-data.ts";
import { pause } from "./pause.ts";
import { unpackReport } from "./unpack.ts";

interface Base64Decoder {
  readonly fromBase64?: (text: string) => Uint8Array<ArrayBuffer>;
}

/** The data that lies in this page, deflated, in pieces of base64, so that no piece takes long. */
export async function embeddedReport(): Promise<ReportData> {
  const inflater = new DecompressionStream("deflate");
  const whole = new Response(inflater.readable).arrayBuffer();
  const writer = inflater.writable.getWriter();
  for (const piece of document.querySelectorAll("script.data")) {
    await writer.write(fromBase64(piece.textContent ?? ""));
    // It is not needed any more, and may be megabytes.
    piece.remove();
    await pause();
  }
  await writer.close();
  const buffer = await whole;
  await pause();
  return unpackReport(buffer);
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  const { fromBase64: native } = Uint8Array as Base64Decoder;
  return native ? native.call(Uint8Array, text) : Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
