import { NannyDeployer } from "../../../cluster/local/nanny-deployer.ts";
import { resolveLocalClusterOptions } from "../../../cluster/local/options.ts";
import { watchLeaks } from "../../e2e/leaks.ts";
import { deployerConformance } from "./conformance.ts";

watchLeaks();

deployerConformance("the deployer of LocalCluster", {
  deployer: () => new NannyDeployer(resolveLocalClusterOptions({}, 1)),
  kill: ({ pid }) => process.kill(pid as number, "SIGKILL"),
});
