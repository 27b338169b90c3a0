export { formatBytes as bytes } from "../../protocol/units.ts";

const whole = new Intl.NumberFormat("en");

/** Such as "12,345". */
export function count(value: number): string {
  return whole.format(value);
}

/** Such as "3 tasks", "1 task". */
export function counted(value: number, one: string, many: string = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** Three digits, and a unit apart: "0.4 ms", "340 ms", "5.21 s", "3 min 20 s", "2 h 5 min". "–" for what is not known. */
export function duration(ms: number): string {
  if (Number.isNaN(ms)) return "–";
  if (ms < 0) return `−${duration(-ms)}`;
  if (ms === 0) return "0";
  if (ms < 999.5) return `${digits(ms)} ms`;
  if (ms < 99_950) return `${digits(ms / 1_000)} s`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 3_600) return pair(Math.floor(seconds / 60), "min", seconds % 60, "s");
  const minutes = Math.round(seconds / 60);
  if (minutes < 2_880) return pair(Math.floor(minutes / 60), "h", minutes % 60, "min");
  return pair(Math.floor(minutes / 1_440), "d", Math.round((minutes % 1_440) / 60), "h");
}

function pair(major: number, majorUnit: string, minor: number, minorUnit: string): string {
  return minor === 0 ? `${major} ${majorUnit}` : `${major} ${majorUnit} ${minor} ${minorUnit}`;
}

function digits(value: number): string {
  if (value >= 99.95) return value.toFixed(0);
  if (value >= 9.995) return String(Number(value.toFixed(1)));
  return String(Number(value.toFixed(value >= 0.0995 ? 2 : 3)));
}

/** Such as "83.1 %". */
export function percent(part: number): string {
  return Number.isNaN(part) ? "–" : `${Number((part * 100).toFixed(1))} %`;
}

/** A moment of the run: "+1 min 3 s". */
export function moment(ms: number): string {
  return ms < 0 ? duration(ms) : `+${duration(ms)}`;
}

/** A date and time for people, in their own zone. */
export function dateTime(epochMs: number): string {
  return new Date(epochMs).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "medium" });
}
