// What a line of a log may be on its way from a worker to the scheduler and on to clients.

/** Longer texts are cut to this, and say so behind it. */
const textCharsKept = 16_384;

/** Of a text with the words that say how much of it was cut. */
export const logTextCharsMax: number = textCharsKept + 100;

/** Lines in one message. */
export const logLinesMax: number = 5_000;

/** The text as far as it may be. */
export function cutLogText(text: string): string {
  if (text.length <= logTextCharsMax) return text;
  return `${text.slice(0, textCharsKept)}… (${text.length - textCharsKept} more characters were cut)`;
}
