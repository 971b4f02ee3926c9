import { describe, expect, it } from 'vitest';
import { arcWidth, halfCurve, midway } from '../src/logic/arcs';
import { HEAD, cellAt, cellSize, moved } from '../src/logic/matrix';
import { placeOf, placesOf, ringPlace } from '../src/logic/places';
import { WHOLE, panned, zoomed } from '../src/logic/viewport';

describe('midway', () => {
  it.each([
    ['on the equator', [0, 0], [90, 0], [45, 0]],
    ['over the date line', [170, 0], [-170, 0], [180, 0]],
    ['over the pole', [0, 80], [180, 80], [0, 90]],
  ] as const)('%s', (_, a, b, middle) => {
    const [longitude, latitude] = midway([...a], [...b]);
    expect(latitude).toBeCloseTo(middle[1]);
    if (middle[1] < 89) expect(Math.abs(longitude)).toBeCloseTo(middle[0]);
  });
  it('does not fail between opposite points', () => expect(midway([0, 0], [180, 0]).every(Number.isFinite)).toBe(true));
});

it('meets in the middle from both ends', () => {
  const end = (path: string) => path.split(' ').at(-1);
  expect(end(halfCurve([0, 0], [100, 40]))).toBe(end(halfCurve([100, 40], [0, 0])));
  expect(end(halfCurve([5, 0], [5, 40]))).toBe(end(halfCurve([5, 40], [5, 0])));
});

it('draws more traffic wider, within bounds', () => {
  expect(arcWidth(0)).toBeLessThan(arcWidth(0.1));
  expect(arcWidth(5)).toBe(arcWidth(1));
});

describe('places', () => {
  it.each([
    [{ name: 'us-east-1' }, [-77.4, 38.9]],
    [{ name: 'EU-WEST-1' }, [-6.3, 53.3]],
    [{ name: 'us-east-1a' }, [-77.4, 38.9]],
    [{ name: 'europe-west4' }, [6.8, 53.4]],
    [{ name: 'azure-westeurope' }, [4.9, 52.4]],
    [{ name: 'us-east-1', latitude: 1, longitude: 2 }, [2, 1]],
    [{ name: 'nowhere', latitude: 0, longitude: 0 }, [0, 0]],
    [{ name: 'site-munich' }, undefined],
  ])('%o', (region, point) => expect(placeOf(region).point).toEqual(point));

  it('adds regions that only paths know', () =>
    expect(placesOf([{ name: 'b' }], ['a', 'b']).map((place) => place.name)).toEqual(['a', 'b']));
  it('keeps the ring within the drawing', () => {
    for (let i = 0; i < 60; i += 1) {
      const [x, y] = ringPlace(i, 60, 960, 480);
      expect(x > 0 && x < 960 && y > 0 && y < 480).toBe(true);
    }
  });
});

describe('viewport', () => {
  it('keeps the point under the pointer', () => {
    const view = zoomed(WHOLE, 2, 300, 200, 960, 480);
    expect((300 - view.x) / view.k).toBeCloseTo(300);
    expect((200 - view.y) / view.k).toBeCloseTo(200);
  });
  it('never shows less than the whole', () => expect(zoomed(WHOLE, 0.1, 0, 0, 960, 480)).toEqual(WHOLE));
  it('never leaves the drawing', () =>
    expect(panned({ x: 0, y: 0, k: 2 }, 5000, -5000, 960, 480)).toEqual({ x: 0, y: -480, k: 2 }));
});

describe('matrix', () => {
  const { width, height } = cellSize(3);
  it.each([
    [HEAD + 1, HEAD + 1, { row: 0, column: 0 }],
    [HEAD + width + 1, HEAD + 2 * height + 1, { row: 2, column: 1 }],
    [HEAD - 1, HEAD + 1, undefined],
    [HEAD + 3 * width + 1, HEAD + 1, undefined],
  ])('at %s, %s', (x, y, cell) => expect(cellAt(x, y, 3)).toEqual(cell));

  it.each([
    ['ArrowDown', { row: 1, column: 1 }, { row: 2, column: 1 }],
    ['ArrowDown', { row: 2, column: 1 }, { row: 2, column: 1 }],
    ['ArrowLeft', { row: 1, column: 0 }, { row: 1, column: 0 }],
    ['ArrowRight', undefined, { row: 0, column: 0 }],
    ['End', { row: 1, column: 0 }, { row: 1, column: 2 }],
    ['x', { row: 1, column: 0 }, undefined],
  ])('%s from %o', (key, from, to) => expect(moved(from, key, 3)).toEqual(to));
});
