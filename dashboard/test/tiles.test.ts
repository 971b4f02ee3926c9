import { describe, expect, it } from 'vitest';
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
};

const NONE = { service: '', fromRegion: '', toRegion: '', state: '', sinceUnixMs: 0 };

function tile(name: string, change: Partial<Facts>): string {
  const found = tilesOf({ ...WELL, ...change }, 60_000).find((one) => one.name === name);
  return `${found?.level}: ${found?.says}`;
}

it('is all well', () => expect(tilesOf(WELL, 60_000).map((one) => one.level)).toEqual(['ok', 'ok', 'ok', 'ok', 'ok', 'ok']));

describe('tiles', () => {
  it.each<[string, Partial<Facts>, string]>([
    ['Controller', {}, 'ok: revision 1.7, up 1 min'],
    ['Controller', { connection: { state: 'unreachable', since: 50_000 } }, 'fail: no answer for 10 s'],
    ['Controller', { status: undefined }, 'unknown: not known'],
    ['Agents', { agents: [] }, 'warn: none has joined'],
    ['Agents', { agents: [agent('a', { connected: false }), agent('b')] }, 'warn: 1 of 2 not connected'],
    ['Agents', { agents: [agent('a', { connected: false })] }, 'fail: 1 of 1 not connected'],
    ['Agents', { agents: [agent('a', { nack: 'too large' }), agent('b')] }, 'warn: 1 of 2 refuse the revision'],
    ['Mesh', { paths: [path('a', 'b', { up: false }), path('b', 'a')] }, 'warn: 1 of 2 paths down'],
    ['Mesh', { paths: [path('a', 'b', { up: false })] }, 'fail: 1 of 1 path down'],
    ['Mesh', { paths: [path('a', 'b', { lossPpm: 20_000 })] }, 'warn: 1 path loses packets'],
    ['Mesh', { paths: undefined }, 'unknown: not known'],
    ['Servers', { services: [service('s', { a: [1, 2], b: [2, 2] })] }, 'warn: 3 of 4 healthy'],
    ['Servers', { services: [service('s', { a: [0, 2], b: [2, 2] })] }, 'warn: 2 of 4 healthy'],
    [
      'Servers',
      { services: [service('s', { a: [0, 2], b: [0, 2] }), service('t', { a: [2, 2] })] },
      'fail: 1 service without a healthy server',
    ],
    ['Policy', { policies: { policies: [policy({ mode: 'static', steering: '' })] } }, 'ok: configured weights hold'],
    ['Policy', { policies: { policies: [policy({ steering: 'planner' })] } }, 'warn: 1 service on a lower rung'],
    ['Policy', { policies: { policies: [policy({ steering: '' })] } }, 'ok: 1 service with a policy'],
    ['Policy', { policies: { policies: [policy({ costCut: 'cut' })] } }, 'warn: 1 service at the ceiling on cost'],
    ['Failover', { failovers: [NONE] }, 'warn: 1 active'],
  ])('%s %#', (name, change, words) => expect(tile(name, change)).toBe(words));
});
