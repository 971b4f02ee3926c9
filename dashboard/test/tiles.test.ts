import { describe, expect, it } from 'vitest';
import { problemsOf } from '../src/logic/problems';
import { type Facts, tilesOf } from '../src/logic/tiles';
import { agent, path, policy, service } from './samples';

const WELL: Facts = {
  connection: { state: 'live' },
  status: {
    version: '',
    mesh: '',
    epoch: 1,
    generation: 7,
    startedUnixMs: 0,
    store: '',
    agentsTotal: 2,
    agentsConnected: 2,
    agentsSynced: 2,
    pathsTotal: 2,
    pathsUp: 2,
    services: 1,
    activeFailovers: 0,
    pins: 0,
    warnings: [],
    endpointsTotal: 4,
    endpointsHealthy: 4,
    lastPublishUnixMs: 0,
  },
  agents: [agent('a'), agent('b')],
  paths: [path('a', 'b'), path('b', 'a')],
  services: [service('shop/web', { a: [2, 2], b: [2, 2] })],
  policies: { policies: [policy({})] },
  failovers: [],
  past: false,
};

const NONE = { service: '', fromRegion: '', toRegion: '', state: '', sinceUnixMs: 0 };

function tilesFor(change: Partial<Facts>) {
  const facts = { ...WELL, ...change };
  const problems = problemsOf({ ...facts, traffic: undefined }, 60_000);
  return { problems, tiles: tilesOf(facts, problems, 60_000) };
}

function tile(name: string, change: Partial<Facts>): string {
  const found = tilesFor(change).tiles.find((one) => one.name === name);
  return `${found?.level}: ${found?.says}`;
}

it('is all well', () => expect(tilesFor({}).tiles.map((one) => one.level)).toEqual(['ok', 'ok', 'ok', 'ok', 'ok', 'ok']));

describe('tiles', () => {
  it.each<[string, Partial<Facts>, string]>([
    ['Controller', {}, 'ok: revision 1.7, up 1 min'],
    ['Controller', { connection: { state: 'unreachable', since: 50_000 } }, 'fail: no answer for 10 s'],
    ['Controller', { status: undefined }, 'unknown: not known'],
    ['Agents', { agents: [] }, 'warn: none has joined'],
    ['Agents', { agents: [agent('a', { connected: false }), agent('b')] }, 'fail: 1 of 2 not connected'],
    ['Agents', { agents: [agent('a', { connected: false })] }, 'fail: 1 of 1 not connected'],
    ['Agents', { agents: [agent('a', { nack: 'too large' }), agent('b')] }, 'warn: 1 of 2 refuse the revision'],
    ['Mesh', { paths: [path('a', 'b', { up: false }), path('b', 'a')] }, 'fail: 1 of 2 paths down'],
    ['Mesh', { paths: [path('a', 'b', { up: false })] }, 'fail: 1 of 1 path down'],
    ['Mesh', { paths: [path('a', 'b', { lossPpm: 20_000 })] }, 'warn: 1 path loses packets'],
    ['Mesh', { paths: undefined }, 'unknown: not known'],
    ['Servers', { services: [service('s', { a: [1, 2], b: [2, 2] })] }, 'warn: 3 of 4 healthy'],
    ['Servers', { services: [service('s', { a: [0, 2], b: [2, 2] })] }, 'fail: 2 of 4 healthy'],
    [
      'Servers',
      { services: [service('s', { a: [0, 2], b: [0, 2] }), service('t', { a: [2, 2] })] },
      'fail: 1 service without a healthy server',
    ],
    ['Policy', { policies: { policies: [policy({ mode: 'static', steering: '' })] } }, 'ok: configured weights hold'],
    ['Policy', { policies: { policies: [policy({ steering: 'planner' })] } }, 'warn: 1 service on a lower rung'],
    ['Policy', { policies: { policies: [policy({ steering: '' })] } }, 'ok: 1 service with a policy'],
    ['Policy', { policies: { policies: [policy({ costCut: 'cut' })] } }, 'warn: 1 service at the ceiling on cost'],
    ['Agents', { agents: [agent('a', { certificateExpiresUnixMs: 0 })] }, 'warn: 1 thing needs a look'],
    ['Failover', { failovers: [NONE] }, 'warn: 1 active'],
    ['Controller', { past: true, status: undefined }, 'unknown: not kept for the past'],
    ['Controller', { past: true, connection: { state: 'unreachable', since: 0 } }, 'unknown: not kept for the past'],
    ['Agents', { past: true, agents: undefined }, 'unknown: not kept for the past'],
    ['Policy', { past: true, policies: undefined }, 'unknown: not kept for the past'],
  ])('%s %#', (name, change, words) => expect(tile(name, change)).toBe(words));

  it.each<[string, Partial<Facts>]>([
    ['a region without a healthy server', { services: [service('s', { a: [0, 2], b: [2, 2] })] }],
    ['a service without a healthy server', { services: [service('s', { a: [0, 2] })] }],
    ['an agent that is gone', { agents: [agent('a', { connected: false }), agent('b')] }],
    ['a path that is down', { paths: [path('a', 'b', { up: false }), path('b', 'a')] }],
    ['an agent that refuses', { agents: [agent('a', { nack: 'no' })] }],
    ['a certificate that ends', { agents: [agent('a', { certificateExpiresUnixMs: 61_000 })] }],
    ['loss', { paths: [path('a', 'b', { lossPpm: 20_000 })] }],
    ['a lower rung', { policies: { policies: [policy({ steering: 'planner' })] } }],
    ['a failover', { failovers: [NONE] }],
  ])('are as bad as the list of problems: %s', (_, change) => {
    const { problems, tiles } = tilesFor(change);
    const worst = (levels: string[]) => (levels.includes('fail') ? 'fail' : levels.includes('warn') ? 'warn' : 'ok');
    expect(worst(tiles.map((one) => one.level))).toBe(worst(problems.map((one) => one.level)));
  });

  it('say that paths are down which an agent that is gone explains', () => {
    const change = { agents: [agent('a', { connected: false }), agent('b')], paths: [path('a', 'b', { up: false })] };
    expect(tile('Mesh', change)).toBe('warn: 1 of 1 path down');
  });
});
