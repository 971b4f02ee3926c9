import { describe, expect, it } from 'vitest';
import { ago, count, duration, latency, money, percent, plural, points, ppm, rate } from '../src/logic/format';

describe('latency', () => {
  it.each([
    [560, '0.56 ms'],
    [9_994, '9.99 ms'],
    [71_680, '71.7 ms'],
    [208_896, '209 ms'],
    [1_250_000, '1.25 s'],
    [0, '–'],
    [undefined, '–'],
    [Number.NaN, '–'],
  ])('%s us is %s', (us, text) => expect(latency(us)).toBe(text));
});

describe('shares', () => {
  it.each([
    [percent(0.947), '94.7 %'],
    [percent(1, 0), '100 %'],
    [percent(undefined), '–'],
    [ppm(303_030), '30.3 %'],
    [ppm(undefined), '–'],
    [points(0.598), '+59.8'],
    [points(-0.302), '−30.2'],
    [points(-0.0001), '±0.0'],
    [points(0), '±0.0'],
  ])('%s is %s', (text, expected) => expect(text).toBe(expected));
});

describe('rate', () => {
  it.each([
    [30.34, '30.3/s'],
    [300.1, '300/s'],
    [12_345, '12.3k/s'],
    [0, '0.0/s'],
    [null, '–'],
  ])('%s is %s', (value, text) => expect(rate(value)).toBe(text));
});

describe('duration', () => {
  it.each([
    [-5, '0 s'],
    [45_000, '45 s'],
    [60_000, '1 min'],
    [200_000, '3 min 20 s'],
    [3_600_000, '1 h'],
    [5 * 3_600_000 + 12 * 60_000, '5 h 12 min'],
    [8 * 86_400_000 + 3 * 3_600_000, '8 d 3 h'],
  ])('%s ms is %s', (ms, text) => expect(duration(ms)).toBe(text));

  it('is nothing before anything was seen', () => expect(ago(0, 1000)).toBe('–'));
});

it('puts amounts into words', () => {
  expect(plural(1, 'path')).toBe('1 path');
  expect(plural(3540, 'path')).toBe('3,540 paths');
  expect(plural(2, 'canary', 'canaries')).toBe('2 canaries');
  expect(count(10_000)).toBe('10,000');
  expect(money(14.2)).toBe('14.20');
});
