export interface Endpoint {
  service: string;
  endpoint: string;
  healthy: boolean;
  reason: string;
  sinceUnixMs: number;
  inFlight: number;
}

export interface ServiceRegion {
  region: string;
  endpointsTotal: number;
  endpointsHealthy: number;
  requestsPerSecond: number;
  endpoints?: Endpoint[];
}

export interface Service {
  service: string;
  protocol: string;
  listenPort: number;
  objectiveMs: number;
  regions: ServiceRegion[];
}

export interface Flow {
  from: string;
  to: string;
  requestsPerSecond: number;
  inObjective?: number;
  errors?: number;
  p50Us: number;
  p99Us: number;
}

export interface ServiceTraffic {
  service: string;
  requestsPerSecond: number;
  inObjective?: number;
  errors?: number;
  p50Us: number;
  p99Us: number;
  sources: number;
  pins: number;
  failovers: number;
  mode: string;
}

export interface Traffic {
  flows: Flow[];
  services: ServiceTraffic[];
  unixMs: number;
}

export interface Weight {
  region: string;
  weight: number;
}

export interface WeightCell extends Weight {
  wantedSharePpm: number;
  effectiveSharePpm: number;
  seenSharePpm: number;
  tier: number;
  state: string;
  requestsPerSecond: number;
  p50Us: number;
  p99Us: number;
  errorPpm: number;
  why: string;
  inFlightLimit: number;
  overflowPpm: number;
}

/** The weights of one service for the requests of one source region. */
export interface WeightRow {
  service: string;
  fromRegion: string;
  to: WeightCell[];
  pinned: boolean;
  pinExpiresUnixMs: number;
  epoch: number;
  generation: number;
  requestsPerSecond: number;
}

export interface Reason {
  region: string;
  term: string;
  share: number;
  note: string;
}

export interface SeenRequests {
  ended: number;
  inObjective: number;
  p99Us: number;
}

export interface Change {
  epoch: number;
  generation: number;
  unixMs: number;
  by: string;
  before: Weight[];
  after: Weight[];
  reasons: Reason[];
  guards: string[];
  expectedInObjectivePpm?: number;
  seenBefore?: SeenRequests;
  seenAfter?: SeenRequests;
  service: string;
  fromRegion: string;
}

export interface Explanation {
  service: string;
  fromRegion: string;
  change?: Change;
  history: Change[];
  agentsAcked: number;
  agentsTotal: number;
}

export interface Failover {
  service: string;
  fromRegion: string;
  toRegion: string;
  state: string;
  sinceUnixMs: number;
}

/** A region that gets no requests because somebody wanted it so. */
export interface RunningEvacuation {
  region: string;
  services: string[];
  sources: number;
  by: string;
  sinceUnixMs: number;
  /** 0: without an end. */
  untilUnixMs: number;
}
export interface PinPlan {
  epoch: number;
  generation: number;
  before: Weight[];
  after: Weight[];
  guards: string[];
}

export interface WeightMove {
  fromRegion: string;
  before: Weight[];
  after: Weight[];
  guards: string[];
}

/** What it would do, or did, to send nobody to a region any more. */
export interface Evacuation {
  moves?: EvacuationMove[];
  /** What goes on as it is, and why. */
  staying?: string[];
}

export interface EvacuationMove extends WeightMove {
  service: string;
  requestsPerSecond: number;
}
