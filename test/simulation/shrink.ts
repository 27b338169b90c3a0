import { SimCluster, SimViolation } from "../../testing/index.ts";
import { play, type Scenario } from "./scenario.ts";

/**
 * The smallest scenario found that fails as this one does. Takes away one thing after the other, and keeps from it what still
 * fails: the dice of what is left fall as before, but what was decided by them may be used for something else.
 */
export function shrink(failing: Scenario): Scenario {
  const { swarm } = new SimCluster(failing);
  let smallest: Scenario = {
    ...failing,
    faults: [...swarm.faults],
    deeds: [...swarm.deeds],
    traits: [...swarm.traits],
  };
  const found = play(smallest);
  if (!(found instanceof SimViolation)) return failing;
  const failsToo = (scenario: Scenario): boolean => {
    const tried = play(scenario);
    return tried instanceof SimViolation && tried.kind === found.kind;
  };
  for (let before: Scenario | undefined; before !== smallest; ) {
    before = smallest;
    smallest = lessOf(smallest, failsToo);
  }
  return smallest;
}

/** The first that is smaller and still fails, or the scenario itself. */
function lessOf(scenario: Scenario, failsToo: (scenario: Scenario) => boolean): Scenario {
  for (const smaller of smallerThan(scenario)) if (failsToo(smaller)) return smaller;
  return scenario;
}

/** The largest steps first. */
function* smallerThan(scenario: Scenario): Generator<Scenario> {
  const { tasks, workers } = scenario;
  for (const part of ["faults", "deeds", "traits"] as const) {
    const kinds = scenario[part] as readonly string[];
    if (kinds.length > 1) yield { ...scenario, [part]: [] } as Scenario;
    for (const kind of kinds) yield { ...scenario, [part]: kinds.filter((each) => each !== kind) } as Scenario;
  }
  for (const fewer of [tasks >> 2, tasks >> 1, tasks - (tasks >> 2), tasks - 1])
    if (fewer > 0 && fewer < tasks) yield { ...scenario, tasks: fewer };
  for (const fewer of [1, workers >> 1, workers - 1])
    if (fewer > 0 && fewer < workers) yield { ...scenario, workers: fewer };
}
