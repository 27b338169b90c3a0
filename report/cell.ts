/** The number at a row that is known to be there. */
export function at(column: { readonly [index: number]: number }, row: number): number {
  return column[row] as number;
}
