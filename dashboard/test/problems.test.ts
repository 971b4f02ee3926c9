import { describe, expect, it } from 'vitest';
import { type Evidence, problemsOf } from '../src/logic/problems';
import { agent, path, policy, service } from './samples';

const NOTHING: Evidence = {
  status: undefined,
  agents: undefined,
  paths: undefined,
  services: undefined,
  traffic: undefined,
  policies: undefined,
  failovers: undefined,
};
const NOW = 1_000_000;
const line = { service: 'shop/web', requestsPerSecond: 1, p50Us: 0, p99Us: 0, sources: 1, pins: 0, failovers: 0, mode: 'static' };
const away = { service: 'shop/web', fromRegion: 'a', toRegion: 'b', state: 'down: path', sinceUnixMs: 0 };

function found(change: Partial<Evidence>): string[] {
  return problemsOf({ ...NOTHING, ...change }, NOW).map((one) => `${one.level} ${one.what}`);
}

describe('problems', () => {
  it.each<[Partial<Evidence>, string[]]>([
    [{}, []],
    [{ agents: [agent('a')], paths: [path('a', 'b'), path('b', 'a')], services: [service('s', { a: [1, 1] })] }, []],
    [
      { agents: [agent('a', { connected: false, lastSeenUnixMs: NOW - 61_000 })] },
      ['fail a/agent-1 has not been heard for 1 min 1 s'],
    ],
    [{ agents: [agent('a', { nack: 'no such field' })] }, ['warn a/agent-1 refuses the newest revision: no such field']],
    [{ agents: [agent('a', { certificateExpiresUnixMs: NOW + 60_000 })] }, ['warn the certificate of a/agent-1 ends in 1 min']],
    [{ agents: [agent('a', { certificateExpiresUnixMs: NOW - 1 })] }, ['warn the certificate of a/agent-1 has run out']],
    [{ paths: [path('a', 'b', { up: false }), path('b', 'a')] }, ['fail a does not reach b']],
    [{ paths: [path('a', 'b', { lossPpm: 15_000 })] }, ['warn 1.5 % of the packets from a to b are lost']],
    [
      { services: [service('s', { a: [0, 2], b: [1, 2] })] },
      ['fail no server of s in a is healthy', 'warn 1 of 2 servers of s in b down'],
    ],
    [{ traffic: [{ ...line, inObjective: 0.9 }] }, ['warn shop/web: 90.0 % of the requests within the objective']],
    [{ traffic: [{ ...line, inObjective: 0.99 }, line] }, []],
    [
      { policies: { policies: [policy({ steering: 'waterfall', lastFall: 'too slow' })] } },
      ['warn shop/web is steered by waterfall, not learned: too slow'],
    ],
    [{ policies: { policies: [policy({ mode: 'static', steering: 'waterfall' })] } }, []],
    [{ failovers: [away, { ...away, fromRegion: 'c' }] }, ['warn 2 regions stay away from b for shop/web: down: path']],
  ])('%#', (change, words) => expect(found(change)).toEqual(words));

  it('names a path that is down both ways once', () => {
    expect(found({ paths: [path('a', 'b', { up: false }), path('b', 'a', { up: false })] })).toEqual([
      'fail a and b do not reach each other',
    ]);
  });

  it('leaves out what an agent that is gone explains', () => {
    const gone = agent('a', { connected: false, lastSeenUnixMs: NOW });
    expect(
      found({ agents: [gone, agent('b')], paths: [path('a', 'b', { up: false }), path('b', 'a', { up: false })] }),
    ).toHaveLength(1);
  });

  it('leaves out failovers that dead servers explain', () => {
    const services = [service('shop/web', { b: [0, 2] })];
    expect(found({ services, failovers: [away] })).toEqual(['fail no server of shop/web in b is healthy']);
  });

  it('puts failures first', () => {
    const levels = problemsOf(
      { ...NOTHING, agents: [agent('a', { nack: 'x' })], services: [service('s', { a: [0, 1] })] },
      NOW,
    ).map((one) => one.level);
    expect(levels).toEqual(['fail', 'warn']);
  });

  it('goes on with a command where there is one', () => {
    const [problem] = problemsOf({ ...NOTHING, paths: [path('a', 'b', { up: false })] }, NOW);
    expect(problem?.command).toBe('weirctl paths ping a/agent-1 b/agent-1');
    expect(problem?.page).toBe('/paths?from=a&to=b');
  });
});
