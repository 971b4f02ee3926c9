import { describe, expect, it } from 'vitest';
import { clampMoment, formatMoment, parseMoment, shownSince } from '../src/logic/moment';
import { timeTicks } from '../src/logic/ticks';

describe('moments', () => {
  it.each([
    ['2026-11-26T18:27:00Z', 1795717620000],
    ['1795717620000', 1795717620000],
    ['yesterday', undefined],
    ['12', undefined],
    ['', undefined],
    [null, undefined],
  ])('%s', (text, time) => expect(parseMoment(text)).toBe(time));
  it('are written so that they can be read again', () => expect(parseMoment(formatMoment(1795717620000))).toBe(1795717620000));
  it.each([
    [5e12, 4e12],
    [3.999e12, 3.999e12],
    [0, 4e12 - 30 * 86_400_000],
  ])('%s stays within what is kept', (time, kept) => expect(clampMoment(time, 4e12)).toBe(kept));
});

it('labels time as exactly as needed', () => {
  const start = Date.UTC(2026, 10, 26, 12) / 1000;
  expect(timeTicks([start, start + 5])[1]).toMatch(/^\d\d:\d\d:05$/);
  expect(timeTicks([start, start + 300])[1]).toMatch(/^\d\d:05$/);
  expect(timeTicks([start, start + 86_400])[1]).toMatch(/Nov/);
});

describe('a picture begins', () => {
  const [hour, now] = [3600_000, 40 * 3600_000];
  it.each([
    ['with its range where that is full', now - 2 * hour, now - hour],
    ['with its range where nothing is known', undefined, now - hour],
    ['with the first there is, in steps', now - 5 * 60_000 + 7, now - 5 * 60_000],
    ['a minute ago at the latest', now - 3000, now - 60_000],
  ])('%s', (_, first, begin) => expect(shownSince(now - hour, now, first)).toBe(begin));
});
