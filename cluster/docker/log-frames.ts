/** The lines of a container's log as the engine sends it: frames of 8 bytes (which stream, how long) and text. */
export function linesOf(log: Buffer): string[] {
  let text = "";
  for (let offset = 0; offset + 8 <= log.length; ) {
    const end = offset + 8 + log.readUInt32BE(offset + 4);
    text += log.toString("utf8", offset + 8, end);
    offset = end;
  }
  return text.split("\n").filter((line) => line !== "");
}
