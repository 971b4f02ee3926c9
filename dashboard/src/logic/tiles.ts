import type { Connection } from '../api/live';
import type { Agent, Failover, PathStatus, Policies, Service, Status } from '../api/types';
import { count, duration, plural } from './format';
import type { Problem, Subject } from './problems';
import { remembered } from './remembered';

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
  /** A moment that is over: of the controller, agents and policies nothing is kept, and how they are now would be wrong. */
  past: boolean;
}

const NOT_KNOWN = 'not known';
const NOT_KEPT = 'not kept for the past';

/** What a tile says of its subject alone; how bad that is the problems say. */
interface Words {
  name: string;
  page: string;
  about: Subject;
  says: string;
  /** `whole`: nothing of what the words count is missing. */
  state: 'unknown' | 'fail' | 'part' | 'whole';
}

/**
 * The list of problems alone says how bad something is: a tile can never be calmer than it. What is not whole without being a problem of
 * its own, since another one explains it, needs a look.
 */
function judged({ name, page, about, says, state }: Words, problems: Problem[]): Tile {
  if (state === 'unknown' || state === 'fail') return { name, page, says, level: state };
  const own = problems.filter((problem) => problem.about === about);
  if (own.length === 0) return { name, page, says, level: state === 'part' ? 'warn' : 'ok' };
  const level = own.some((problem) => problem.level === 'fail') ? 'fail' : 'warn';
  return { name, page, level, says: state === 'whole' ? plural(own.length, 'thing needs a look', 'things need a look') : says };
}

function controller({ connection, status, past }: Facts, now: number): Words {
  const tile = { name: 'Controller', page: '/events', about: 'controller' } as const;
  if (past) return { ...tile, state: 'unknown', says: NOT_KEPT };
  if ('since' in connection) return { ...tile, state: 'fail', says: `no answer for ${duration(now - connection.since)}` };
  if (!status) return { ...tile, state: 'unknown', says: NOT_KNOWN };
  if (status.warnings.length > 0) return { ...tile, state: 'part', says: plural(status.warnings.length, 'warning') };
  const says = `revision ${status.epoch}.${status.generation}, up ${duration(now - status.startedUnixMs)}`;
  return { ...tile, state: 'whole', says };
}

function agents({ agents: list, status, past }: Facts): Words {
  const tile = { name: 'Agents', page: '/agents', about: 'agents' } as const;
  if (!list) return { ...tile, state: 'unknown', says: past ? NOT_KEPT : NOT_KNOWN };
  if (list.length === 0) return { ...tile, state: 'part', says: 'none has joined' };
  const gone = list.filter((agent) => !agent.connected).length;
  if (gone > 0) return { ...tile, state: 'part', says: `${gone} of ${list.length} not connected` };
  const refused = list.filter((agent) => agent.nack !== '').length;
  if (refused > 0) return { ...tile, state: 'part', says: `${refused} of ${list.length} refuse the revision` };
  const behind = status ? status.agentsTotal - status.agentsSynced : 0;
  const catching = behind > 0 ? `, ${behind} catching up` : '';
  return { ...tile, state: 'whole', says: `${list.length} connected${catching}` };
}

function mesh({ paths }: Facts): Words {
  const tile = { name: 'Mesh', page: '/paths', about: 'paths' } as const;
  if (!paths) return { ...tile, state: 'unknown', says: NOT_KNOWN };
  if (paths.length === 0) return { ...tile, state: 'unknown', says: 'no paths yet' };
  const down = paths.filter(({ path }) => !path?.up).length;
  const lossy = paths.filter(({ path }) => path?.up && path.lossPpm >= 10_000).length;
  if (down > 0) return { ...tile, state: 'part', says: `${down} of ${plural(paths.length, 'path')} down` };
  if (lossy > 0) return { ...tile, state: 'part', says: `${plural(lossy, 'path loses', 'paths lose')} packets` };
  return { ...tile, state: 'whole', says: `${plural(paths.length, 'path')} up` };
}

const countServers = remembered((services: Service[]) => {
  const regions = services.flatMap((service) => service.regions);
  return {
    total: regions.reduce((sum, region) => sum + region.endpointsTotal, 0),
    healthy: regions.reduce((sum, region) => sum + region.endpointsHealthy, 0),
    dead: services.filter((service) => service.regions.every((region) => region.endpointsHealthy === 0)).length,
  };
});

function servers({ services }: Facts): Words {
  const tile = { name: 'Servers', page: '/services', about: 'servers' } as const;
  if (!services) return { ...tile, state: 'unknown', says: NOT_KNOWN };
  if (services.length === 0) return { ...tile, state: 'unknown', says: 'no services configured' };
  const { total, healthy, dead } = countServers(services);
  // A service without any server has none that could be called dead.
  if (dead > 0) return { ...tile, state: 'fail', says: `${plural(dead, 'service')} without a healthy server` };
  return { ...tile, state: healthy < total ? 'part' : 'whole', says: `${count(healthy)} of ${count(total)} healthy` };
}

function policy({ policies: reply, past }: Facts): Words {
  const tile = { name: 'Policy', page: '/policy', about: 'policies' } as const;
  if (!reply) return { ...tile, state: 'unknown', says: past ? NOT_KEPT : NOT_KNOWN };
  const steered = reply.policies.filter((entry) => entry.mode !== 'static');
  const fallen = steered.filter((entry) => entry.steering !== '' && entry.steering !== entry.policy).length;
  if (fallen > 0) return { ...tile, state: 'part', says: `${plural(fallen, 'service')} on a lower rung` };
  const cut = steered.filter((entry) => entry.costCut !== '').length;
  if (cut > 0) return { ...tile, state: 'part', says: `${plural(cut, 'service')} at the ceiling on cost` };
  if (steered.length === 0) return { ...tile, state: 'whole', says: 'configured weights hold' };
  return { ...tile, state: 'whole', says: `${plural(steered.length, 'service')} with a policy` };
}

function failover({ failovers }: Facts): Words {
  const tile = { name: 'Failover', page: '/failover', about: 'failovers' } as const;
  if (!failovers) return { ...tile, state: 'unknown', says: NOT_KNOWN };
  if (failovers.length === 0) return { ...tile, state: 'whole', says: 'none active' };
  return { ...tile, state: 'part', says: `${failovers.length} active` };
}

/** `problems`: what problemsOf makes of the same facts. */
export function tilesOf(facts: Facts, problems: Problem[], now: number): Tile[] {
  const words = [controller(facts, now), agents(facts), mesh(facts), servers(facts), policy(facts), failover(facts)];
  return words.map((one) => judged(one, problems));
}
