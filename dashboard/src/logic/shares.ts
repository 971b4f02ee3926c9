import type { Weight } from '../api/types';

/** Shares of a list of weights; all 0 when nothing has weight. */
export function sharesOf(weights: Weight[]): Map<string, number> {
  const sum = weights.reduce((total, { weight }) => total + weight, 0);
  return new Map(weights.map(({ region, weight }) => [region, sum > 0 ? weight / sum : 0]));
}

export interface Move {
  region: string;
  weightBefore: number;
  weightAfter: number;
  shareBefore: number;
  shareAfter: number;
}

/** Region by region, in the order of `after`; what only `before` names follows. */
export function movesOf(before: Weight[], after: Weight[]): Move[] {
  const was = sharesOf(before);
  const is = sharesOf(after);
  const weightIn = (list: Weight[], region: string) => list.find((entry) => entry.region === region)?.weight ?? 0;
  const regions = new Set([...after, ...before].map((entry) => entry.region));
  return [...regions].map((region) => ({
    region,
    weightBefore: weightIn(before, region),
    weightAfter: weightIn(after, region),
    shareBefore: was.get(region) ?? 0,
    shareAfter: is.get(region) ?? 0,
  }));
}

export function largestMove(before: Weight[], after: Weight[]): Move | undefined {
  let largest: Move | undefined;
  const size = (move: Move) => Math.abs(move.shareAfter - move.shareBefore);
  for (const move of movesOf(before, after)) if (!largest || size(move) > size(largest)) largest = move;
  return largest && size(largest) > 0 ? largest : undefined;
}
