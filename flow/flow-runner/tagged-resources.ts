import { ConfigurationError } from "../../protocol/errors.ts";

const prefix = "resource:";

/**
 * The resources that tags such as `resource:GPU=1` ask for; every other tag is a mere label.
 * @throws ConfigurationError BAD_OPTION
 */
export function taggedResources(tags: readonly string[]): Readonly<Record<string, number>> {
  const asked = tags
    .filter((tag) => tag.startsWith(prefix))
    .map((tag): [string, number] => {
      const [name = "", amount = ""] = tag.slice(prefix.length).split("=");
      const quantity = Number(amount);
      if (name === "" || amount === "" || !Number.isFinite(quantity) || quantity < 0) {
        throw new ConfigurationError(
          "BAD_OPTION",
          `the tag "${tag}" asks for no resource: it should read resource:NAME=NUMBER, such as resource:GPU=1`,
        );
      }
      return [name, quantity];
    });
  return Object.fromEntries(asked);
}
