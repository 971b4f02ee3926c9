import type { Agent, Failover, PathStatus, Policies, Service, ServiceTraffic, Status } from '../api/types';
import { command } from './commands';
import { duration, percent, plural, ppm } from './format';
import { pairKey, pairsOf, stateOf } from './pairs';
import { remembered } from './remembered';

export type Subject = 'controller' | 'agents' | 'paths' | 'servers' | 'failovers' | 'traffic' | 'policies';

export interface Problem {
  level: 'fail' | 'warn';
  /** Whose tile it makes one of trouble. */
  about: Subject;
  what: string;
  /** What to do or look at next. */
  next: string;
  page: string;
  command?: string;
}

type Found = Omit<Problem, 'about'>;

export interface Evidence {
  status: Status | undefined;
  agents: Agent[] | undefined;
  paths: PathStatus[] | undefined;
  services: Service[] | undefined;
  traffic: ServiceTraffic[] | undefined;
  policies: Policies | undefined;
  failovers: Failover[] | undefined;
}

const CERTIFICATE_SOON_MS = 3600_000;
const LOSS_PPM = 10_000;
const OBJECTIVE_SHARE = 0.95;

function ofAgents(agents: Agent[], now: number): Found[] {
  return agents.flatMap((agent): Found[] => {
    const page = `/agents?q=${encodeURIComponent(agent.agent)}`;
    if (!agent.connected) {
      const since = duration(now - agent.lastSeenUnixMs);
      return [
        {
          level: 'fail',
          what: `${agent.agent} has not been heard for ${since}`,
          next: 'Look at the machine, its network and the agent on it.',
          page,
        },
      ];
    }
    if (agent.nack) {
      return [
        {
          level: 'warn',
          what: `${agent.agent} refuses the newest revision: ${agent.nack}`,
          next: 'The one before stays in force there; remove the reason.',
          page,
        },
      ];
    }
    const left = agent.certificateExpiresUnixMs - now;
    if (left < CERTIFICATE_SOON_MS) {
      const what = left > 0 ? `ends in ${duration(left)}` : 'has run out';
      return [
        {
          level: 'warn',
          what: `the certificate of ${agent.agent} ${what}`,
          next: 'See whether it reaches the controller to renew it.',
          page,
        },
      ];
    }
    return [];
  });
}

/** What an agent that is gone explains for certain is left out; `gone`: their names, a line each. */
const ofPaths = remembered((paths: PathStatus[], gone: string): Found[] => {
  const out = new Set(gone.split('\n'));
  const between = gone === '' ? paths : paths.filter(({ fromAgent, path }) => path && !out.has(fromAgent) && !out.has(path.toAgent));
  const pairs = pairsOf(between);
  const problems: Found[] = [];
  for (const pair of pairs.values()) {
    const back = pairs.get(pairKey(pair.to, pair.from));
    const page = `/paths?from=${encodeURIComponent(pair.from)}&to=${encodeURIComponent(pair.to)}`;
    const first = pair.paths[0];
    const ping = first?.path ? command.ping(first.fromAgent, first.path.toAgent) : undefined;
    if (stateOf(pair) !== 'up') {
      const both = back !== undefined && stateOf(back) !== 'up';
      if (both && pair.from > pair.to) continue;
      const what = both ? `${pair.from} and ${pair.to} do not reach each other` : `${pair.from} does not reach ${pair.to}`;
      const next = both ? 'Look at the network between the two.' : 'Look for a firewall or a route on that way.';
      problems.push({ level: 'fail', what, next, page, ...(ping ? { command: ping } : {}) });
    } else if (pair.lossPpm >= LOSS_PPM) {
      const what = `${ppm(pair.lossPpm)} of the packets from ${pair.from} to ${pair.to} are lost`;
      problems.push({ level: 'warn', what, next: 'See since when, and on which way.', page, ...(ping ? { command: ping } : {}) });
    }
  }
  return problems;
});

const ofServers = remembered((services: Service[]): Found[] =>
  services.flatMap((service) => {
    const page = `/services/${service.service}`;
    return service.regions.flatMap((region): Found[] => {
      if (region.endpointsTotal === 0 || region.endpointsHealthy === region.endpointsTotal) return [];
      const none = region.endpointsHealthy === 0;
      const what = none
        ? `no server of ${service.service} in ${region.region} is healthy`
        : `${region.endpointsTotal - region.endpointsHealthy} of ${plural(region.endpointsTotal, 'server')} of ${service.service} in ${region.region} down`;
      return [{ level: none ? 'fail' : 'warn', what, next: 'Read the reason its checks give.', page }];
    });
  }),
);

function ofTraffic(traffic: ServiceTraffic[]): Found[] {
  return traffic.flatMap((line): Found[] => {
    if (line.inObjective === undefined || line.inObjective >= OBJECTIVE_SHARE) return [];
    return [
      {
        level: 'warn',
        what: `${line.service}: ${percent(line.inObjective)} of the requests within the objective`,
        next: 'See where the time goes; try a change in What-if before making it.',
        page: `/services/${line.service}`,
      },
    ];
  });
}

function ofPolicies({ policies }: Policies): Found[] {
  return policies.flatMap((entry): Found[] => {
    const page = `/policy?q=${encodeURIComponent(entry.service)}`;
    if (entry.mode === 'static') return [];
    if (entry.steering !== '' && entry.steering !== entry.policy) {
      const why = entry.lastFall ? `: ${entry.lastFall}` : '';
      return [
        {
          level: 'warn',
          what: `${entry.service} is steered by ${entry.steering}, not ${entry.policy}${why}`,
          next: 'It goes back by itself when the reason is gone.',
          page,
        },
      ];
    }
    if (entry.costCut !== '') {
      return [
        { level: 'warn', what: `${entry.service}: ${entry.costCut}`, next: 'Raise the ceiling on cost, or leave it.', page },
      ];
    }
    return [];
  });
}

function ofFailovers(failovers: Failover[], services: Service[]): Found[] {
  const grouped = new Map<string, Failover[]>();
  for (const entry of failovers) {
    const key = pairKey(entry.service, entry.toRegion);
    grouped.set(key, [...(grouped.get(key) ?? []), entry]);
  }
  return [...grouped.values()].flatMap((group): Found[] => {
    const first = group[0];
    if (!first) return [];
    // Dead servers are said already, with the same page to go to.
    const region = services
      .find((entry) => entry.service === first.service)
      ?.regions.find((entry) => entry.region === first.toRegion);
    if (region && region.endpointsTotal > 0 && region.endpointsHealthy === 0) return [];
    return [
      {
        level: 'warn',
        what: `${plural(group.length, 'region')} stay${group.length === 1 ? 's' : ''} away from ${first.toRegion} for ${first.service}: ${first.state}`,
        next: 'It ends by itself when the reason is gone.',
        page: '/failover',
      },
    ];
  });
}

/** The worst first; within a level in the order of what explains what. */
export function problemsOf(evidence: Evidence, now: number): Problem[] {
  const { status, agents = [], paths = [], services = [], traffic = [], policies, failovers = [] } = evidence;
  const gone = agents.filter((agent) => !agent.connected).map((agent) => agent.agent);
  const warnings = (status?.warnings ?? []).map((what): Found => ({
    level: 'warn',
    what,
    next: 'Ask the controller for the whole diagnosis.',
    page: '/events',
    command: 'weirctl doctor',
  }));
  const found: [Subject, Found[]][] = [
    ['controller', warnings],
    ['agents', ofAgents(agents, now)],
    ['paths', ofPaths(paths, gone.sort().join('\n'))],
    ['servers', ofServers(services)],
    ['failovers', ofFailovers(failovers, services)],
    ['traffic', ofTraffic(traffic)],
    ['policies', policies ? ofPolicies(policies) : []],
  ];
  const all = found.flatMap(([about, list]) => list.map((one): Problem => ({ ...one, about })));
  return [...all.filter((one) => one.level === 'fail'), ...all.filter((one) => one.level === 'warn')];
}
