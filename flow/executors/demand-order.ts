/**
 * What has to run for `root`, depth first: each node comes after its inputs, and one branch is complete before the next
 * begins, so that few results wait at once. `claim` says whether a node is still to be run, and is asked before its
 * inputs are looked at; it must answer true only once for each node.
 */
export function demandOrder<Node>(
  root: Node,
  inputsOf: (node: Node) => readonly Node[],
  claim: (node: Node) => boolean,
): Node[] {
  const order: Node[] = [];
  // A stack of our own, because a chain of tasks may be deeper than the call stack.
  const stack: { node: Node; inputs: readonly Node[]; next: number }[] = [];
  const enter = (node: Node): void => {
    if (claim(node)) stack.push({ node, inputs: inputsOf(node), next: 0 });
  };
  enter(root);
  for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
    const input = top.inputs[top.next++];
    if (input === undefined) order.push(stack.pop()?.node ?? root);
    else enter(input);
  }
  return order;
}
