import { describe, expect, it } from 'vitest';
import { lanesOf, spansOf } from '../src/logic/lanes';
import { markersOf, nearest } from '../src/logic/markers';
import { change, event } from './samples';

const fail = (type: string, unixMs: number, fromRegion = 'a') =>
  event({ type: `failover.${type}`, unixMs, service: 's', region: 'b', fromRegion, message: 'dead' });
const away = { service: 's', fromRegion: 'a', toRegion: 'b', state: 'down', sinceUnixMs: 1 };

describe('spans', () => {
  it('begin, come back and end', () => {
    expect(spansOf([fail('started', 10), fail('ramping', 20), fail('ended', 30)], [])).toEqual([
      { service: 's', from: 'a', to: 'b', startUnixMs: 10, rampUnixMs: 20, endUnixMs: 30, why: 'dead' },
    ]);
  });
  it('last while nothing ends them', () => expect(spansOf([fail('started', 10)], [])[0]?.endUnixMs).toBeUndefined());
  it('are one when it fails again while coming back', () => {
    const spans = spansOf([fail('started', 10), fail('ramping', 20), fail('started', 25), fail('ended', 40)], []);
    expect(spans).toHaveLength(1);
    expect(spans[0]).toMatchObject({ startUnixMs: 10, endUnixMs: 40, rampUnixMs: undefined });
  });
  it('are two when it fails again after it was over', () => {
    const spans = spansOf([fail('started', 10), fail('ended', 20), fail('started', 30)], []);
    expect(spans.map((span) => [span.startUnixMs, span.endUnixMs])).toEqual([
      [10, 20],
      [30, undefined],
    ]);
  });
  it('keep sources apart', () =>
    expect(
      spansOf([fail('started', 10, 'a'), fail('started', 11, 'c'), fail('ended', 12, 'c')], []).map((span) => span.endUnixMs),
    ).toEqual([undefined, 12]));
  it('know what began before the first event', () =>
    expect(spansOf([], [away])).toMatchObject([{ startUnixMs: 1, endUnixMs: undefined, why: 'down' }]));
  it('do not say the same twice', () => expect(spansOf([fail('started', 10)], [away])).toHaveLength(1));
  it('do not end what never began', () => expect(spansOf([fail('ended', 10)], [])).toEqual([]));
});

it('puts lanes with something active on top', () => {
  const other = { ...fail('started', 5), service: 'r' };
  const lanes = lanesOf(
    [
      other,
      { ...other, type: 'failover.ended', unixMs: 6 },
      fail('started', 10),
      event({ type: 'endpoint.down', service: 'r', unixMs: 7 }),
    ],
    [],
  );
  expect(lanes.map((lane) => [lane.service, lane.active, lane.marks.length])).toEqual([
    ['s', true, 0],
    ['r', false, 1],
  ]);
});

describe('markers', () => {
  const changes = [
    change({ unixMs: 100, by: 'learned', generation: 4 }),
    change({ unixMs: 5000, by: 'pin by root', generation: 5 }),
  ];

  it('tell kinds apart', () => {
    const events = [
      event({ unixMs: 50, type: 'failover.started', fromRegion: 'a' }),
      event({ unixMs: 60, type: 'policy.mode' }),
      event({ unixMs: 70, type: 'path.down' }),
    ];
    expect(markersOf(changes, events, 'a').map((marker) => marker.kind)).toEqual(['failover', 'mode', 'decision', 'pin']);
  });
  it('leave failovers of other sources out', () =>
    expect(markersOf([], [event({ type: 'failover.started', fromRegion: 'z' })], 'a')).toEqual([]));
  it('say a pin once', () => expect(markersOf(changes, [event({ unixMs: 5010, type: 'pin.set' })], 'a')).toHaveLength(2));
  it('lead to the revision', () => expect(markersOf(changes, [], 'a').map((marker) => marker.generation)).toEqual([4, 5]));
  it.each([
    [100, 4],
    [130, 4],
    [4990, 5],
    [2000, undefined],
  ])('at %s the nearest is %s', (time, generation) =>
    expect(nearest(markersOf(changes, [], 'a'), time, 50)?.generation).toBe(generation),
  );
});
