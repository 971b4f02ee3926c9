import { describe, expect, it } from 'vitest';
import { largestMove, movesOf } from '../src/logic/shares';

describe('moves', () => {
  const before = [
    { region: 'a', weight: 100 },
    { region: 'b', weight: 100 },
  ];
  const after = [
    { region: 'a', weight: 300 },
    { region: 'c', weight: 100 },
  ];
  it('name what came and what went', () => {
    expect(movesOf(before, after).map((move) => [move.region, move.shareBefore, move.shareAfter])).toEqual([
      ['a', 0.5, 0.75],
      ['c', 0, 0.25],
      ['b', 0.5, 0],
    ]);
  });
  it('have a largest', () => expect(largestMove(before, after)?.region).toBe('b'));
  it('have none where only the scale changed', () =>
    expect(
      largestMove(
        before,
        before.map((entry) => ({ ...entry, weight: entry.weight * 2 })),
      ),
    ).toBeUndefined());
});
