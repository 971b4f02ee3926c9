import type { SimulateRequest, Weight } from '../api/types';

/** Only what a shell would take apart is quoted, so that commands stay easy to read. */
export function quoted(word: string): string {
  return /^[A-Za-z0-9_./:=,@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

function line(words: (string | undefined)[]): string {
  return ['weirctl', ...words.filter((word): word is string => word !== undefined && word !== '').map(quoted)].join(' ');
}

function flag(name: string, value: string): string[] {
  return value ? [name, value] : [];
}

export function seconds(value: number): string {
  if (value > 0 && value % 3600 === 0) return `${value / 3600}h`;
  if (value > 0 && value % 60 === 0) return `${value / 60}m`;
  return value > 0 ? `${value}s` : '';
}

export const command = {
  explain: (service: string, from: string, generation?: number, at?: string) =>
    line([
      'weights',
      'explain',
      service,
      '--from',
      from,
      ...(generation ? ['--revision', String(generation)] : []),
      ...flag('--at', generation ? '' : (at ?? '')),
    ]),
  weights: (service: string, from: string) => line(['weights', 'get', service, ...flag('--from', from)]),
  pin: (service: string, from: string, weights: Weight[], ttlS: number) =>
    line([
      'weights',
      'pin',
      service,
      weights.map(({ region, weight }) => `${region}=${weight}`).join(','),
      '--from',
      from,
      ...flag('--ttl', seconds(ttlS)),
    ]),
  unpin: (service: string, from: string) => line(['weights', 'unpin', service, ...flag('--from', from)]),
  rollback: (service: string, generation: number, ttlS: number) =>
    line([
      'policy',
      'rollback',
      service,
      ...flag('--to-revision', generation > 0 ? String(generation) : ''),
      ...flag('--ttl', seconds(ttlS)),
    ]),
  freeze: (service: string, ttlS: number) => line(['policy', 'freeze', service, ...flag('--ttl', seconds(ttlS))]),
  mode: (service: string, mode: string) => line(['policy', 'mode', mode || 'config', '--service', service]),
  report: (service: string) => line(['policy', 'report', service]),
  confirm: (service: string) => line(['policy', 'confirm', service]),
  advance: () => line(['policy', 'promote', '--next']),
  withdraw: () => line(['policy', 'promote', '--withdraw']),
  /** Of one service it is a drill, of all of them an evacuation. */
  evacuate: (region: string, service: string, ttlS: number) =>
    service
      ? line(['failover', 'drill', service, '--drop', region, ...flag('--for', seconds(ttlS))])
      : line(['failover', 'evacuate', region, ...flag('--for', seconds(ttlS))]),
  endEvacuation: (region: string, service: string) => line(['failover', 'cancel', region, ...flag('--service', service)]),
  createAccess: (name: string, role: string, ttlS: number) =>
    line(['access', 'create', name, '--role', role, ...flag('--ttl', seconds(ttlS))]),
  revokeAccess: (id: string) => line(['access', 'revoke', id]),
  ping: (from: string, to: string) => line(['paths', 'ping', from, to]),
  createToken: (region: string, cluster: string) => line(['mesh', 'token', 'create', '--region', region, '--cluster', cluster]),
  revokeToken: (id: string) => line(['mesh', 'token', 'revoke', id]),
  removeAgent: (agent: string) => line(['mesh', 'remove', agent]),
  simulate: (ask: SimulateRequest) =>
    line([
      'simulate',
      ...flag('--service', ask.service),
      ...ask.failRegions.flatMap((region) => ['--fail-region', region]),
      ...ask.failPaths.flatMap(({ a, b }) => ['--fail-path', `${a}:${b}`]),
      ...ask.addLatency.flatMap(({ a, b, addMs }) => ['--add-latency', `${a}:${b}=${addMs}ms`]),
      ...flag('--traffic-scale', ask.trafficScale > 0 ? String(ask.trafficScale) : ''),
      ...flag('--policy', ask.policy),
      ...(ask.replayFromS > 0
        ? ['--replay', `${seconds(ask.replayFromS)}..${ask.replayToS > 0 ? seconds(ask.replayToS) : 'now'}`]
        : []),
      ...flag('--for', seconds(ask.forS)),
    ]),
};
