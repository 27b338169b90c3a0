import { inflateSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { renderReport } from "../../report/html.ts";
import { packReport } from "../../report/packed.ts";
import { unpackReport } from "../../report/page/unpack.ts";
import { Recorder } from "../../report/recorder.ts";
import type { ReportData, Texts } from "../../report/report-data.ts";
import { generatedRun } from "./generated-run.ts";

function dataOf(options: Parameters<typeof generatedRun>[0], change: object = {}): ReportData {
  const { events, meta } = generatedRun(options);
  const recorder = new Recorder();
  recorder.add(events);
  return recorder.snapshot({ ...meta, ...change });
}

/** As plain values, whatever holds the texts. */
function plain(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (ArrayBuffer.isView(value)) return Array.from(value as Uint8Array);
  if (Array.isArray(value)) return value.map(plain);
  if ("at" in value && "length" in value) {
    const texts = value as Texts;
    return Array.from({ length: texts.length }, (_, index) => texts.at(index));
  }
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, plain(part)]));
}

const pieces = (html: string): string[] =>
  Array.from(
    html.matchAll(/<script type="application\/octet-stream" class="data">([^<]*)<\/script>/g),
    ([, text = ""]) => text,
  );

describe("packed data", () => {
  test.each([0, 30, 3_000])("is the same when unpacked, of %i tasks", (tasks) => {
    const data = dataOf({ tasks }, { title: "naïve ☃ \u0000 <b>" });
    const packed = packReport(data);
    expect(plain(unpackReport(packed.buffer as ArrayBuffer))).toEqual(plain(data));
  });

  test("many texts of every kind come back as they were", () => {
    const data = dataOf({ tasks: 100 });
    const key = Array.from(
      { length: data.attempts.count },
      (_, row) => ["", "☃", "a\nb", "𝒳", "</script>"][row % 5] as string,
    );
    const packed = packReport({ ...data, attempts: { ...data.attempts, key } });
    const { attempts } = unpackReport(packed.buffer as ArrayBuffer);
    expect(plain(attempts.key)).toEqual(key);
    expect(attempts.key.at(key.length)).toBeUndefined();
  });
});

describe("the file", () => {
  test("holds the data in pieces, and nothing of it as text", async () => {
    const title = `</script><script>alert("title")</script>`;
    const data = dataOf({ tasks: 20_000 }, { title, message: "a message of its own" });
    const html = await renderReport(data);
    expect(html).not.toContain("<script>alert");
    expect(html).not.toContain("a message of its own");
    expect(html).not.toContain("aggregate-");
    expect(html).toContain("<title>&lt;/script&gt;&lt;script&gt;alert(&quot;title&quot;)&lt;/script&gt;");
    const texts = pieces(html);
    expect(texts.length).toBeGreaterThan(1);
    // A browser decodes each in one go.
    for (const text of texts) expect(text.length).toBeLessThanOrEqual(2 ** 17);
    const packed = inflateSync(Buffer.concat(texts.map((text) => Buffer.from(text, "base64"))));
    const whole = new Uint8Array(packed).buffer;
    expect(unpackReport(whole).attempts.count).toBe(data.attempts.count);
  });

  test("allows its own script and style, and nothing else", async () => {
    const html = await renderReport(dataOf({ tasks: 1 }));
    const policy = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(html)?.[1] ?? "";
    expect(policy).toMatch(/^default-src 'none'; script-src 'sha256-[\w+/]+=*'; style-src 'sha256-[\w+/]+=*'; /);
    expect(policy).not.toMatch(/unsafe|\*|https?:/);
    expect(html).not.toMatch(/\ssrc=|<link[^>]*href="(?!data:)/);
  });

  test("is no larger than 8 MB at 100,000 tasks", async () => {
    const data = dataOf({ tasks: 100_000, workers: 20, slots: 4 });
    expect(data.attempts.count).toBeGreaterThanOrEqual(100_000);
    expect((await renderReport(data)).length).toBeLessThan(8e6);
  });
});
