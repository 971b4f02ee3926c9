import type { Connection } from '../api/live';
import type { Agent, Failover, PathStatus, Policies, Service, Status } from '../api/types';
import { count, duration, plural } from './format';

export type Level = 'ok' | 'warn' | 'fail' | 'unknown';

export interface Tile {
  name: string;
  level: Level;
  says: string;
  page: string;
}

export interface Facts {
  connection: Connection;
  status: Status | undefined;
  agents: Agent[] | undefined;
  paths: PathStatus[] | undefined;
  services: Service[] | undefined;
  policies: Policies | undefined;
  failovers: Failover[] | undefined;
}

const NOT_KNOWN = { level: 'unknown', says: 'not known' } as const;
const worst = (bad: number, all: number): Level => (bad === 0 ? 'ok' : bad >= all ? 'fail' : 'warn');

function controller({ connection, status }: Facts, now: number): Tile {
  const tile = { name: 'Controller', page: '/events' };
  if ('since' in connection) return { ...tile, level: 'fail', says: `no answer for ${duration(now - connection.since)}` };
  if (!status) return { ...tile, ...NOT_KNOWN };
  if (status.warnings.length > 0) return { ...tile, level: 'warn', says: plural(status.warnings.length, 'warning') };
  return {
    ...tile,
    level: 'ok',
    says: `revision ${status.epoch}.${status.generation}, up ${duration(now - status.startedUnixMs)}`,
  };
}

function agents({ agents: list, status }: Facts): Tile {
  const tile = { name: 'Agents', page: '/agents' };
  if (!list) return { ...tile, ...NOT_KNOWN };
  if (list.length === 0) return { ...tile, level: 'warn', says: 'none has joined' };
  const gone = list.filter((agent) => !agent.connected).length;
  if (gone > 0) return { ...tile, level: worst(gone, list.length), says: `${gone} of ${list.length} not connected` };
  const refused = list.filter((agent) => agent.nack !== '').length;
  if (refused > 0) return { ...tile, level: 'warn', says: `${refused} of ${list.length} refuse the revision` };
  const behind = status ? status.agentsTotal - status.agentsSynced : 0;
  return {
    ...tile,
    level: 'ok',
    says: behind > 0 ? `${list.length} connected, ${behind} catching up` : `${list.length} connected`,
  };
}

function mesh({ paths }: Facts): Tile {
  const tile = { name: 'Mesh', page: '/paths' };
  if (!paths) return { ...tile, ...NOT_KNOWN };
  if (paths.length === 0) return { ...tile, level: 'unknown', says: 'no paths yet' };
  const down = paths.filter(({ path }) => !path?.up).length;
  const lossy = paths.filter(({ path }) => path?.up && path.lossPpm >= 10_000).length;
  if (down > 0) return { ...tile, level: worst(down, paths.length), says: `${down} of ${plural(paths.length, 'path')} down` };
  if (lossy > 0) return { ...tile, level: 'warn', says: `${plural(lossy, 'path loses', 'paths lose')} packets` };
  return { ...tile, level: 'ok', says: `${plural(paths.length, 'path')} up` };
}

function servers({ services }: Facts): Tile {
  const tile = { name: 'Servers', page: '/services' };
  if (!services) return { ...tile, ...NOT_KNOWN };
  if (services.length === 0) return { ...tile, level: 'unknown', says: 'no services configured' };
  const regions = services.flatMap((service) => service.regions);
  const total = regions.reduce((sum, region) => sum + region.endpointsTotal, 0);
  const healthy = regions.reduce((sum, region) => sum + region.endpointsHealthy, 0);
  const dead = services.filter((service) => service.regions.every((region) => region.endpointsHealthy === 0)).length;
  if (dead > 0) return { ...tile, level: 'fail', says: `${plural(dead, 'service')} without a healthy server` };
  return { ...tile, level: healthy < total ? 'warn' : 'ok', says: `${count(healthy)} of ${count(total)} healthy` };
}

function policy({ policies: reply }: Facts): Tile {
  const tile = { name: 'Policy', page: '/policy' };
  if (!reply) return { ...tile, ...NOT_KNOWN };
  const steered = reply.policies.filter((entry) => entry.mode !== 'static');
  const fallen = steered.filter((entry) => entry.steering !== '' && entry.steering !== entry.policy).length;
  if (fallen > 0) return { ...tile, level: 'warn', says: `${plural(fallen, 'service')} on a lower rung` };
  const cut = steered.filter((entry) => entry.costCut !== '').length;
  if (cut > 0) return { ...tile, level: 'warn', says: `${plural(cut, 'service')} at the ceiling on cost` };
  if (steered.length === 0) return { ...tile, level: 'ok', says: 'configured weights hold' };
  return { ...tile, level: 'ok', says: `${plural(steered.length, 'service')} with a policy` };
}

function failover({ failovers }: Facts): Tile {
  const tile = { name: 'Failover', page: '/failover' };
  if (!failovers) return { ...tile, ...NOT_KNOWN };
  if (failovers.length === 0) return { ...tile, level: 'ok', says: 'none active' };
  return { ...tile, level: 'warn', says: `${failovers.length} active` };
}

export function tilesOf(facts: Facts, now: number): Tile[] {
  return [controller(facts, now), agents(facts), mesh(facts), servers(facts), policy(facts), failover(facts)];
}
