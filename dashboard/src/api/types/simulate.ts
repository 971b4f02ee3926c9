export interface SimulatedPath {
  a: string;
  b: string;
  addMs: number;
}

export interface SimulateRequest {
  service: string;
  failRegions: string[];
  failPaths: SimulatedPath[];
  addLatency: SimulatedPath[];
  trafficScale: number;
  policy: string;
  replayFromS: number;
  replayToS: number;
  forS: number;
}

export interface SimulatedSource {
  fromRegion: string;
  to: { region: string; sharePpm: number }[];
}

export interface Outcome {
  name: string;
  inForce: boolean;
  inObjectivePpm: number;
  p50Us: number;
  p99Us: number;
  failedPpm: number;
  regions: { region: string; requestsPerSecond: number; loadPpm: number }[];
  sources: SimulatedSource[];
  broken: { limit: string; text: string }[];
  costPerHour: number;
}

export interface BackTest {
  fittedS: number;
  predictedS: number;
  requests: number;
  seenInObjectivePpm: number;
  modelInObjectivePpm: number;
  seenP50Us: number;
  modelP50Us: number;
  seenP99Us: number;
  modelP99Us: number;
}

export interface SimulatedService {
  service: string;
  outcomes: Outcome[];
  fittedS: number;
  backTest?: BackTest;
  noBackTest: string;
  notes: string[];
}

export interface Simulation {
  services: SimulatedService[];
  wouldBreak: boolean;
  forS: number;
  seed: string;
}
