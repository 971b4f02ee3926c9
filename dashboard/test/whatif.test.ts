import { describe, expect, it } from 'vitest';
import type { Outcome, Simulation } from '../src/api/types';
import { brokenOf, fromQuery, parsePath, parseSeconds, shareOf, toQuery } from '../src/logic/whatif';

describe('paths', () => {
  it.each([
    ['a:b', { a: 'a', b: 'b', addMs: 0 }],
    ['us-east-1:eu-west-1=80ms', { a: 'us-east-1', b: 'eu-west-1', addMs: 80 }],
    ['a:b=5', { a: 'a', b: 'b', addMs: 5 }],
    ['a', undefined],
    ['a:', undefined],
    ['a:b=x', undefined],
  ])('%s', (text, path) => expect(parsePath(text)).toEqual(path));
});

it.each([
  ['5m', 300],
  ['90', 90],
  ['1h', 3600],
  ['now', 0],
  ['', 0],
  ['5 parsecs', 0],
])('%s is %s seconds', (text, value) => expect(parseSeconds(text)).toBe(value));

describe('the address holds the question', () => {
  it.each([
    '',
    '?service=shop%2Fweb&fail=a%2Cb',
    '?cut=a%3Ab&latency=a%3Ab%3D80ms&scale=1.5',
    '?policy=waterfall&replay=300s..60s&for=240s',
  ])('%s', (search) => {
    const ask = fromQuery(search);
    const query = new URLSearchParams(Object.entries(toQuery(ask)).filter(([, value]) => value !== ''));
    expect(fromQuery(`?${query}`)).toEqual(ask);
    expect(`?${query}`).toBe(search || '?');
  });

  it('does not ask for more than the simulator takes', () => expect(fromQuery('?scale=99').trafficScale).toBe(10));
  it('takes nonsense for nothing', () => expect(fromQuery('?scale=x&cut=zzz&replay=..')).toEqual(fromQuery('')));
});

describe('what breaks', () => {
  const outcome = (name: string, inForce: boolean, limits: string[]): Outcome => ({
    name,
    inForce,
    inObjectivePpm: 0,
    p50Us: 0,
    p99Us: 0,
    failedPpm: 0,
    regions: [],
    costPerHour: 0,
    sources: [{ fromRegion: 'a', to: [{ region: 'b', sharePpm: 250_000 }] }],
    broken: limits.map((limit) => ({ limit, text: `${limit} text` })),
  });
  const simulation: Simulation = {
    wouldBreak: true,
    forS: 60,
    seed: '1',
    services: [
      {
        service: 's',
        fittedS: 60,
        noBackTest: '',
        notes: [],
        outcomes: [
          outcome('now', false, ['objective']),
          outcome('learned', false, ['cost']),
          outcome('static', true, ['capacity']),
        ],
      },
    ],
  };

  it('is said of what is in force first, and never of now', () =>
    expect(brokenOf(simulation).map((one) => `${one.outcome} ${one.limit}`)).toEqual(['static capacity', 'learned cost']));
  it('finds shares', () => {
    const one = outcome('now', false, []);
    expect([shareOf(one, 'a', 'b'), shareOf(one, 'a', 'c'), shareOf(one, 'x', 'b')]).toEqual([0.25, 0, 0]);
  });
});
