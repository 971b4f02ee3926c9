import type { Reason, SeenRequests, Weight } from './steering';

export interface PolicyWish {
  fromRegion: string;
  weights: Weight[];
  reasons: Reason[];
  expectedInObjectivePpm?: number;
}

export interface PolicyStatus {
  service: string;
  mode: string;
  modeBy: string;
  policy: string;
  steering: string;
  decisions: number;
  falls: number;
  lastFall: string;
  ended: number;
  inObjective: number;
  expectedInObjective: number;
  wishes: PolicyWish[];
  goal: string;
  costPerHour: number;
  maxCostPerHour: number;
  costCut: string;
}

export interface Rollout {
  stage: string;
  name: string;
  by: string;
  unixMs: number;
  why: string;
  leftS: number;
  canaries: string[];
  candidate?: SeenRequests;
  before?: SeenRequests;
  control?: SeenRequests;
  controlBefore?: SeenRequests;
}

export interface Policies {
  policies: PolicyStatus[];
  rollout?: Rollout;
}

export const MODES = ['static', 'shadow', 'assist', 'auto'] as const;
