import { describe, expect, it } from 'vitest';
import { pairsToDraw } from '../src/logic/arcChoice';
import { flowShares, pairKey, pairsOf, regionsOf, stateOf } from '../src/logic/pairs';
import { path } from './samples';

const flow = (from: string, to: string, requestsPerSecond: number) => ({ from, to, requestsPerSecond, p50Us: 0, p99Us: 0 });

describe('several agents in a region', () => {
  const pairs = pairsOf([
    path('a', 'b', { rttP50Us: 10_000, rttP99Us: 20_000, lossPpm: 5 }, 1),
    path('a', 'b', { rttP50Us: 30_000, rttP99Us: 90_000, lossPpm: 70 }, 2),
    path('a', 'b', { up: false, rttP50Us: 999_000, lossPpm: 1_000_000 }, 3),
  ]);
  const pair = pairs.get(pairKey('a', 'b'));

  it('are one pair', () => expect(pairs.size).toBe(1));
  it('are partly up', () => expect(pair && stateOf(pair)).toBe('partly'));
  it('count without those that are down', () => expect(pair).toMatchObject({ up: 2, p50Us: 10_000, p99Us: 90_000, lossPpm: 70 }));
});

it('knows a pair that is down', () => {
  const pair = pairsOf([path('a', 'b', { up: false })]).get(pairKey('a', 'b'));
  expect(pair && stateOf(pair)).toBe('down');
  expect(pair?.lossPpm).toBe(1_000_000);
});

it('keeps directions apart', () => expect([...pairsOf([path('a', 'b'), path('b', 'a')]).keys()]).toEqual(['a\nb', 'b\na']));

it('finds every region', () => expect(regionsOf([path('c', 'a'), path('b', 'a')])).toEqual(['a', 'b', 'c']));

it('shares out the traffic', () => {
  const shares = flowShares([flow('a', 'a', 60), flow('a', 'b', 40)]);
  expect(shares.get(pairKey('a', 'b'))).toBeCloseTo(0.4);
  expect(flowShares([flow('a', 'b', 0)]).get(pairKey('a', 'b'))).toBe(0);
});

describe('a large mesh', () => {
  const names = Array.from({ length: 20 }, (_, i) => `r${String(i).padStart(2, '0')}`);
  const all = names.flatMap((a) => names.filter((b) => b !== a).map((b) => path(a, b, { up: !(a === 'r03' && b === 'r04') })));
  const pairs = pairsOf(all);
  const drawn = (shares: [string, string][], selected = '') =>
    pairsToDraw(pairs, new Map(shares.map(([a, b]) => [pairKey(a, b), 0.1])), names.length, selected).map(([key]) =>
      key.replace('\n', '>'),
    );

  it('draws what is wrong, both ways, and last', () => expect(drawn([])).toEqual(['r04>r03', 'r03>r04']));
  it('draws what carries traffic, both ways', () =>
    expect(drawn([['r09', 'r01']])).toEqual(['r01>r09', 'r04>r03', 'r09>r01', 'r03>r04']));
  it('draws all of what is selected', () => expect(drawn([], 'r07').filter((key) => key.includes('r07'))).toHaveLength(38));
  it('draws all of a small one', () => expect(pairsToDraw(pairs, new Map(), 14, '')).toHaveLength(380));
});
