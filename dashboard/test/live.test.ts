import { describe, expect, it } from 'vitest';
import { NOTHING, appendEvents, applied } from '../src/api/live';
import { event } from './samples';

describe('messages of the stream', () => {
  it.each([
    ['paths', {}, { paths: [] }],
    ['paths', { paths: [1] }, { paths: [1] }],
    ['weights', { rows: [1] }, { weights: [1] }],
    ['policies', {}, { policies: { policies: [] } }],
    ['traffic', { unixMs: 5 }, { traffic: { flows: [], services: [], unixMs: 5 } }],
    ['failovers', {}, { failovers: [], evacuations: [] }],
    ['failovers', { evacuations: [1] }, { failovers: [], evacuations: [1] }],
    ['something new', { a: 1 }, {}],
  ])('%s %o', (kind, reply, change) => expect(applied(NOTHING, kind, reply)).toEqual(change));
});

describe('events', () => {
  const [a, b, c] = [event({ unixMs: 1 }), event({ unixMs: 2 }), event({ unixMs: 3 })];

  it('are not doubled by a reconnect', () => expect(appendEvents([a, b], [{ ...b }, c])).toEqual([a, b, c]));
  it('are sorted by time', () => expect(appendEvents([a, c], [b])).toEqual([a, b, c]));
  it('leave the list alone when nothing is new', () => {
    const known = [a, b];
    expect(appendEvents(known, [{ ...a }])).toBe(known);
  });
  it('are forgotten at some point', () => {
    const many = Array.from({ length: 900 }, (_, i) => event({ unixMs: i }));
    const kept = appendEvents([], many);
    expect(kept).toHaveLength(500);
    expect(kept.at(-1)?.unixMs).toBe(899);
  });
});
