import type { ProgressOutput } from "./progress.ts";

/** What is asked of something that draws, when somebody else writes to the same terminal. */
export interface Drawing {
  /** Makes place, and draws nothing until `show`. */
  hide(): void;
  /** The cursor is at the start of a line. */
  show(): void;
  tick(): void;
}

type Write = typeof process.stderr.write;

const tickMs = 100;

/** Stderr for what is drawn on it, while tasks of this process and the log may write to the same terminal. */
export class SharedTerminal implements ProgressOutput {
  readonly isTTY: boolean = process.stderr.isTTY === true;
  readonly colors: boolean = this.isTTY && process.stderr.hasColors();
  readonly #writeOwn: Write = process.stderr.write.bind(process.stderr) as Write;
  #restore: (() => void) | undefined;

  readonly write = (text: string): void => void this.#writeOwn(text);
  readonly columns = (): number => process.stderr.columns ?? 80;
  readonly rows = (): number => process.stderr.rows ?? 24;

  /** From now on what others write stands above the drawing, which is drawn again once their line has ended. */
  share(drawing: Drawing): void {
    if (!this.isTTY) return;
    const timer = setInterval(() => drawing.tick(), tickMs);
    timer.unref();
    const streams = process.stdout.isTTY ? [process.stdout, process.stderr] : [process.stderr];
    const restores = streams.map((stream) => passing(stream, drawing));
    this.#restore = () => {
      clearInterval(timer);
      for (const restore of restores) restore();
    };
  }

  /** Everybody writes as before. */
  unshare(): void {
    this.#restore?.();
    this.#restore = undefined;
  }
}

/** Lets the drawing make place for whatever is written to the stream. */
function passing(stream: NodeJS.WriteStream, drawing: Drawing): () => void {
  const { write } = stream;
  stream.write = ((chunk: string | Uint8Array, ...rest: never[]): boolean => {
    drawing.hide();
    const more = write.call(stream, chunk, ...rest);
    if (endsLine(chunk)) drawing.show();
    return more;
  }) as Write;
  return () => {
    stream.write = write;
  };
}

function endsLine(chunk: string | Uint8Array): boolean {
  return typeof chunk === "string" ? chunk.endsWith("\n") : chunk.at(-1) === 10;
}
