import type { Agent, Service } from '../api/types';
import type { Level } from './tiles';

export interface RegionHealth {
  level: Level;
  says: string;
  agents: number;
  agentsConnected: number;
  servers: number;
  serversHealthy: number;
}

function verdict(health: Omit<RegionHealth, 'level' | 'says'>): Pick<RegionHealth, 'level' | 'says'> {
  const { agents, agentsConnected, servers, serversHealthy } = health;
  if (agents > 0 && agentsConnected === 0) return { level: 'fail', says: 'no agent connected' };
  if (servers > 0 && serversHealthy === 0) return { level: 'fail', says: 'no healthy server' };
  if (agentsConnected < agents) return { level: 'warn', says: `${agents - agentsConnected} of ${agents} agents not connected` };
  if (serversHealthy < servers) return { level: 'warn', says: `${servers - serversHealthy} of ${servers} servers down` };
  return agents + servers > 0 ? { level: 'ok', says: 'well' } : { level: 'unknown', says: 'nothing known' };
}

/** Of every region that an agent or a server lies in. `service` empty: of all services together. */
export function healthOf(agents: Agent[], services: Service[], service: string): Map<string, RegionHealth> {
  const counts = new Map<string, Omit<RegionHealth, 'level' | 'says'>>();
  const at = (region: string) => {
    const known = counts.get(region) ?? { agents: 0, agentsConnected: 0, servers: 0, serversHealthy: 0 };
    counts.set(region, known);
    return known;
  };
  for (const agent of agents) {
    at(agent.region).agents += 1;
    if (agent.connected) at(agent.region).agentsConnected += 1;
  }
  for (const entry of services) {
    if (service !== '' && entry.service !== service) continue;
    for (const region of entry.regions) {
      at(region.region).servers += region.endpointsTotal;
      at(region.region).serversHealthy += region.endpointsHealthy;
    }
  }
  return new Map([...counts].map(([region, count]) => [region, { ...count, ...verdict(count) }]));
}

/** Every region that may serve something. */
export function regionsIn(services: Service[]): string[] {
  return [...new Set(services.flatMap((service) => service.regions.map((region) => region.region)))].sort();
}
