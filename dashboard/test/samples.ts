import type { Agent, Change, PathStatus, PolicyStatus, Service, WeirEvent } from '../src/api/types';

export function event(change: Partial<WeirEvent>): WeirEvent {
  return {
    unixMs: 0,
    type: 'path.up',
    severity: 'info',
    region: '',
    agent: '',
    service: '',
    message: '',
    fromRegion: '',
    ...change,
  };
}

export function path(from: string, to: string, change: Partial<NonNullable<PathStatus['path']>> = {}, agent = 1): PathStatus {
  return {
    fromAgent: `${from}/agent-${agent}`,
    fromRegion: from,
    unixMs: 1000,
    sinceUnixMs: 500,
    path: {
      toAgent: `${to}/agent-1`,
      toRegion: to,
      up: true,
      sent: 10,
      received: 10,
      rttMinUs: 69_000,
      rttP50Us: 70_000,
      rttP95Us: 71_000,
      rttP99Us: 72_000,
      jitterUs: 100,
      lossPpm: 0,
      lossOutPpm: 0,
      lossBackPpm: 0,
      ...change,
    },
  };
}

export function agent(region: string, change: Partial<Agent> = {}): Agent {
  return {
    agent: `${region}/agent-1`,
    region,
    cluster: `${region}-a`,
    overlayAddress: '10.90.0.2',
    endpoint: '',
    version: '0.1.0',
    connected: true,
    lastSeenUnixMs: 0,
    joinedUnixMs: 0,
    certificateExpiresUnixMs: 1e12,
    ackedEpoch: 1,
    ackedGeneration: 7,
    nack: '',
    publicKey: '',
    ...change,
  };
}

/** Servers as "healthy of total" by region. */
export function service(name: string, servers: Record<string, [number, number]>): Service {
  const regions = Object.entries(servers).map(([region, [endpointsHealthy, endpointsTotal]]) => ({
    region,
    endpointsHealthy,
    endpointsTotal,
    requestsPerSecond: 0,
  }));
  return { service: name, protocol: 'PROTOCOL_HTTP', listenPort: 8080, objectiveMs: 400, regions };
}

export function policy(change: Partial<PolicyStatus>): PolicyStatus {
  return {
    service: 'shop/web',
    mode: 'auto',
    modeBy: '',
    policy: 'learned',
    steering: 'learned',
    decisions: 0,
    falls: 0,
    lastFall: '',
    ended: 0,
    inObjective: 0,
    expectedInObjective: 0,
    wishes: [],
    goal: 'goodput',
    costPerHour: 0,
    maxCostPerHour: 0,
    costCut: '',
    ...change,
  };
}

export function change(part: Partial<Change>): Change {
  return {
    epoch: 1,
    generation: 1,
    unixMs: 0,
    by: 'static',
    before: [],
    after: [],
    reasons: [],
    guards: [],
    service: 'shop/web',
    fromRegion: 'a',
    ...part,
  };
}
