import { ClusterError } from "../../protocol/errors.ts";
import type { Logger } from "../../protocol/logger.ts";
import { type Engine, isUnknown, reasonOf } from "./engine.ts";

/** Whether an image is fetched from its registry. */
export type PullPolicy = "missing" | "always" | "never";

/**
 * Sees to it that the engine has the image.
 * @throws ClusterError NOT_STARTED with the engine's reason
 */
export async function ensureImage(engine: Engine, image: string, pull: PullPolicy, log: Logger): Promise<void> {
  if (pull !== "always" && (await isThere(engine, image))) return;
  if (pull === "never") {
    const message = `the image "${image}" is not on the Docker engine, and pull is "never": build or load it there, or correct its name`;
    throw new ClusterError("NOT_STARTED", message, { details: { image } });
  }
  log.info({ image }, "pulls an image");
  try {
    const progress = await engine.pull(image);
    await new Promise<void>((resolve, reject) => {
      engine.modem.followProgress(progress, (error) =>
        error === null || error === undefined ? resolve() : reject(error),
      );
    });
  } catch (error) {
    const message = `the image "${image}" is not on the Docker engine and cannot be pulled (${reasonOf(error)}): correct its name, log in to its registry, or build it`;
    throw new ClusterError("NOT_STARTED", message, { cause: error, details: { image } });
  }
}

async function isThere(engine: Engine, image: string): Promise<boolean> {
  try {
    await engine.getImage(image).inspect();
    return true;
  } catch (error) {
    if (isUnknown(error)) return false;
    throw error;
  }
}
