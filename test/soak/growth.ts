/**
 * How much a series grows from its first to its last value, by linear regression, as a fraction of its mean: 0.1 is a tenth.
 * Noise is averaged out.
 */
export function relativeGrowth(values: readonly number[]): number {
  const meanIndex = (values.length - 1) / 2;
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  let covariance = 0;
  let variance = 0;
  for (const [index, value] of values.entries()) {
    covariance += (index - meanIndex) * (value - mean);
    variance += (index - meanIndex) ** 2;
  }
  return ((covariance / variance) * (values.length - 1)) / mean;
}
