import { describe, expect, it } from 'vitest';
import { colourIndex, heat } from '../src/logic/colour';
import { badness, cellText } from '../src/logic/metric';

describe('colours', () => {
  it('keep to regions', () => expect(colourIndex('b', ['a', 'b'])).toBe(1));
  it('are the last one for what is no region', () => expect(colourIndex('others', ['a'])).toBe(9));
  it('stay on the scale', () => {
    expect(heat(-1, 'light')).toEqual(heat(0, 'light'));
    expect(heat(2, 'dark')).toEqual(heat(1, 'dark'));
    expect(heat(Number.MIN_VALUE, 'light')).toEqual(heat(0, 'light'));
  });
  it('get worse with the value', () => {
    expect(badness(0, 'p50')).toBe(0);
    expect(badness(70_000, 'p50')).toBeLessThan(badness(150_000, 'p50'));
    expect(badness(9e9, 'p50')).toBe(1);
  });
});

it.each([
  [560, 'p50', '0.6'],
  [201_502, 'p50', '202'],
  [0, 'loss', '0'],
  [12_000, 'loss', '1.2'],
  [undefined, 'p99', ''],
] as const)('a cell of %s %s is %s', (value, metric, text) => expect(cellText(value, metric)).toBe(text));
