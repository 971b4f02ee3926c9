import { type Pair, pairKey, stateOf } from './pairs';

const ALL_UP_TO = 14;
const MOST = 80;

/**
 * Which pairs are drawn: all of a small mesh. Of a large one what is wrong, what belongs to the selection, and what
 * carries most; three thousand lines would show nothing. Both directions always go together.
 */
export function pairsToDraw(
  pairs: Map<string, Pair>,
  shares: Map<string, number>,
  regions: number,
  selected: string,
): [string, Pair][] {
  const all = [...pairs];
  if (regions <= ALL_UP_TO) return all;
  const backOf = (pair: Pair) => pairKey(pair.to, pair.from);
  const traffic = ([key, pair]: [string, Pair]) => (shares.get(key) ?? 0) + (shares.get(backOf(pair)) ?? 0);
  const isUrgent = (pair: Pair) => stateOf(pair) !== 'up' || pair.from === selected || pair.to === selected;
  const urgent = all.filter(([, pair]) => isUrgent(pair));
  const busiest = all
    .filter(([, pair]) => pair.from < pair.to)
    .map((entry) => ({ entry, carried: traffic(entry) }))
    .filter(({ carried }) => carried > 0)
    .sort((a, b) => b.carried - a.carried)
    .slice(0, MOST)
    .map(({ entry }) => entry);
  const chosen = new Set([...busiest, ...urgent].flatMap(([key, pair]) => [key, backOf(pair)]));
  // What is wrong is drawn last, above the rest.
  const drawn = all.filter(([key]) => chosen.has(key));
  return [...drawn.filter(([, pair]) => !isUrgent(pair)), ...drawn.filter(([, pair]) => isUrgent(pair))];
}
