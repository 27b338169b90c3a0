/**
 * What must not reach a terminal from a text that somebody else wrote: control characters, which move the cursor or change
 * colours, and those that turn the direction of what follows. Line ends and tabs stay.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
const unprintable = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** Shows them as JSON writes them, so that JSON stays JSON. */
export function printable(text: string): string {
  return text.replace(unprintable, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
