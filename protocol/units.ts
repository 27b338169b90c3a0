import { ConfigurationError } from "./errors.ts";

const durationMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

const byteSize = {
  B: 1,
  kB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
} as const;

/**
 * Reads a duration such as `"500ms"`, `"5s"`, `"1.5h"` and gives it in milliseconds. A number is taken as milliseconds.
 * @param what names the option in the error.
 * @throws ConfigurationError BAD_OPTION when it is not a duration, or not one that is finite and at least 0.
 */
export function parseDuration(value: string | number, what: string = "duration"): number {
  return parseAmount(value, durationMs, what, 'a duration such as "500ms", "5s", "10m", "1h" or "2d"');
}

/**
 * Reads a size such as `"512MiB"`, `"2GiB"`, `"1.5GB"` and gives it in whole bytes. A number is taken as bytes. Units of
 * 1024 end in `iB`, those of 1000 in `B`; case does not matter.
 * @param what names the option in the error.
 * @throws ConfigurationError BAD_OPTION when it is not a size, or not one that is finite and at least 0.
 */
export function parseBytes(value: string | number, what: string = "size"): number {
  return Math.floor(parseAmount(value, byteSize, what, 'a size such as "512MiB", "2GiB" or "1.5GB"'));
}

function parseAmount(
  value: string | number,
  units: Readonly<Record<string, number>>,
  what: string,
  allowed: string,
): number {
  const amount = typeof value === "number" ? value : readAmount(value, units);
  if (amount === undefined || !Number.isFinite(amount) || amount < 0) {
    throw new ConfigurationError("BAD_OPTION", `${what} ${JSON.stringify(value)} is not valid: give ${allowed}`, {
      details: { option: what, value },
    });
  }
  return amount;
}

/** A bare number has no unit and is refused, unless it is 0: "5" could be meant in any of the units. */
function readAmount(text: string, units: Readonly<Record<string, number>>): number | undefined {
  const match = /^\s*(\d+(?:\.\d+)?|\.\d+)\s*([a-z]*)\s*$/i.exec(text);
  if (!match) return undefined;
  const count = Number(match[1]);
  const suffix = (match[2] ?? "").toLowerCase();
  if (suffix === "") return count === 0 ? 0 : undefined;
  const unit = Object.keys(units).find((name) => name.toLowerCase() === suffix);
  return unit === undefined ? undefined : count * (units[unit] ?? Number.NaN);
}

/** For people: `"340ms"`, `"5.2s"`, `"3m 20s"`, `"2h 5m"`, `"1d 3h"`. Two units at most. */
export function formatDuration(ms: number): string {
  const rounded = Math.max(0, Math.round(ms));
  if (rounded < 1_000) return `${rounded}ms`;
  if (rounded < 59_950) return `${Number((rounded / 1_000).toFixed(1))}s`;
  const seconds = Math.round(rounded / 1_000);
  if (seconds < 3_600) return twoUnits(seconds, 60, "m", "s");
  const minutes = Math.round(seconds / 60);
  if (minutes < 1_440) return twoUnits(minutes, 60, "h", "m");
  return twoUnits(Math.round(minutes / 60), 24, "d", "h");
}

function twoUnits(count: number, base: number, major: string, minor: string): string {
  const rest = count % base;
  return `${Math.floor(count / base)}${major}${rest === 0 ? "" : ` ${rest}${minor}`}`;
}

/** For people: `"812 B"`, `"1.5 KiB"`, `"2 GiB"`. */
export function formatBytes(bytes: number): string {
  const names = ["B", "KiB", "MiB", "GiB", "TiB"] as const;
  let amount = Math.max(0, bytes);
  let index = 0;
  // 1023.95 would be shown as 1024.0 of the smaller unit.
  while (amount >= 1023.95 && index < names.length - 1) {
    amount /= 1024;
    index += 1;
  }
  return `${Number(amount.toFixed(index === 0 ? 0 : 1))} ${names[index]}`;
}
