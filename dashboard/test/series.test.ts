import { describe, expect, it } from 'vitest';
import type { Series } from '../src/api/types';
import { columnsNamed, firstMeasured, largest, stacked, summed, timesOf, valuesOf } from '../src/logic/series';
import { shareLayers } from '../src/pages/services/lines';

const SERIES: Series = {
  stepMs: 1000,
  startUnixMs: 5000,
  columns: [
    { region: 'a', name: 'seen', values: [0.25, 'NaN', 0.5] },
    { region: 'b', name: 'seen', values: [0.75, 'NaN', 0.5] },
    { region: 'a', name: 'rps', values: [1, 2, 3] },
  ],
};

it('reads times in seconds', () => expect(timesOf(SERIES)).toEqual([5, 6, 7]));
it('reads NaN as a gap', () => expect(valuesOf({ region: 'a', name: 'x', values: [1, 'NaN', 0] })).toEqual([1, null, 0]));
it('finds columns by name', () => expect([...columnsNamed(SERIES, 'seen').keys()]).toEqual(['a', 'b']));

describe('the first number', () => {
  const series = (...columns: (number | 'NaN')[][]): Series => ({
    stepMs: 1000,
    startUnixMs: 5000,
    columns: columns.map((values) => ({ region: 'a', name: 'x', values })),
  });
  it.each([
    ['is looked for in all columns', series(['NaN', 'NaN', 1], ['NaN', 0]), 6000],
    ['is none among gaps', series(['NaN']), undefined],
    ['is none in nothing', series(), undefined],
  ])('%s', (_, given, time) => expect(firstMeasured(given)).toBe(time));
});

describe('stacked', () => {
  it.each([
    ['ends at one', [[0.25], [0.75]], [[0.25], [1]]],
    ['makes shares of what does not add up', [[0.2], [0.2]], [[0.5], [1]]],
    [
      'has a gap where nothing is known',
      [
        [0.5, null],
        [0.5, null],
      ],
      [
        [0.5, null],
        [1, null],
      ],
    ],
    ['takes one that is missing for none', [[null], [0.5]], [[0], [1]]],
    ['has a gap where all is nothing', [[0], [0]], [[null], [null]]],
  ])('%s', (_, layers, edges) => expect(stacked(layers)).toEqual(edges));
});

it('adds what is known', () =>
  expect(
    summed([
      [1, null],
      [2, null],
    ]),
  ).toEqual([3, null]));

describe('many destinations', () => {
  const columns = new Map([
    ['a', [1]],
    ['b', [9]],
    ['c', [5]],
    ['d', [2]],
  ]);
  it('keep the largest, in their order', () => expect(largest(columns, 3)).toEqual({ shown: ['b', 'c'], rest: ['d', 'a'] }));
  it('stay as they are when few', () => expect(largest(columns, 4).rest).toEqual([]));
});

it('draws layers from the top down', () => {
  const layers = shareLayers(SERIES, 'seen', ['a', 'b']);
  expect(layers.map((layer) => layer.label)).toEqual(['b', 'a']);
  expect(layers[0]?.plotted).toEqual([1, null, 1]);
  expect(layers[1]?.plotted).toEqual([0.25, null, 0.5]);
});
