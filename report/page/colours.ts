/** For names of tasks: apart from each other, and from black, red and orange, which mean something else. */
const palette = [
  "#4c86c6",
  "#5aa874",
  "#9b7fc7",
  "#d3ad3a",
  "#52b3c2",
  "#c77fa8",
  "#8a9a3f",
  "#6674c9",
  "#7dbf9f",
  "#b39272",
  "#3d8f8a",
  "#a8b8d8",
] as const;

/** Gives each name a colour when it is first seen, and keeps to it. */
export class NameColours {
  readonly #colours: Map<string, string> = new Map();

  of(name: string): string {
    let colour = this.#colours.get(name);
    if (colour === undefined) {
      colour = palette[this.#colours.size] ?? generated(this.#colours.size);
      this.#colours.set(name, colour);
    }
    return colour;
  }
}

/** Past the palette: hues from yellow-green to violet, in golden steps, so that neighbours differ. */
function generated(index: number): string {
  const hue = 70 + ((index * 0.618034) % 1) * 240;
  const lightness = 0.45 + 0.2 * ((index * 0.381966) % 1);
  return hslToHex(hue, 0.42, lightness);
}

function hslToHex(hue: number, saturation: number, lightness: number): string {
  const channel = (offset: number): string => {
    const turn = (offset + hue / 30) % 12;
    const value =
      lightness - saturation * Math.min(lightness, 1 - lightness) * Math.max(-1, Math.min(turn - 3, 9 - turn, 1));
    return Math.round(value * 255)
      .toString(16)
      .padStart(2, "0");
  };
  return `#${channel(0)}${channel(8)}${channel(4)}`;
}

/** "#rrggbb" as a pixel of an ImageData that is read as 32-bit numbers. */
export function pixelOf(hex: string): number {
  const value = Number.parseInt(hex.slice(1), 16);
  return (0xff000000 | ((value & 0xff) << 16) | (value & 0xff00) | (value >> 16)) >>> 0;
}

/** Between two pixels: 0 is the first, 1 the second. */
export function mix(first: number, second: number, part: number): number {
  const channel = (shift: number): number => {
    const from = (first >>> shift) & 0xff;
    return Math.round(from + (((second >>> shift) & 0xff) - from) * part) << shift;
  };
  return (0xff000000 | channel(16) | channel(8) | channel(0)) >>> 0;
}
