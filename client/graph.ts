declare const result: unique symbol;

/** A task of a Graph: it may stand for its result in the arguments of later ones. */
export interface GraphNode<out T> {
  /** Exists for the type checker alone. */
  readonly [result]: T;
}
