// What the mesh is made of. 64-bit numbers have become numbers already (see decode.ts).

export type Role = 'none' | 'viewer' | 'operator' | 'admin';

export interface Me {
  name: string;
  role: Role;
  signedIn: boolean;
  mesh: string;
  version: string;
  csrf: string;
}

export interface Status {
  version: string;
  mesh: string;
  epoch: number;
  generation: number;
  startedUnixMs: number;
  store: string;
  agentsTotal: number;
  agentsConnected: number;
  agentsSynced: number;
  pathsTotal: number;
  pathsUp: number;
  services: number;
  activeFailovers: number;
  pins: number;
  warnings: string[];
  endpointsTotal: number;
  endpointsHealthy: number;
  lastPublishUnixMs: number;
}

export interface Agent {
  agent: string;
  region: string;
  cluster: string;
  overlayAddress: string;
  endpoint: string;
  version: string;
  connected: boolean;
  lastSeenUnixMs: number;
  joinedUnixMs: number;
  certificateExpiresUnixMs: number;
  ackedEpoch: number;
  ackedGeneration: number;
  nack: string;
  publicKey: string;
}

export interface Token {
  id: string;
  region: string;
  cluster: string;
  createdUnixMs: number;
  expiresUnixMs: number;
  usesLeft: number;
  state: string;
  redeemedBy: string[];
  replaces: string;
}

export interface RegionPlace {
  name: string;
  latitude?: number;
  longitude?: number;
}

export interface Measured {
  toAgent: string;
  toRegion: string;
  up: boolean;
  sent: number;
  received: number;
  rttMinUs: number;
  rttP50Us: number;
  rttP95Us: number;
  rttP99Us: number;
  jitterUs: number;
  lossPpm: number;
  lossOutPpm: number;
  lossBackPpm: number;
}

export interface PathStatus {
  fromAgent: string;
  fromRegion: string;
  path?: Measured;
  unixMs: number;
  sinceUnixMs: number;
}
