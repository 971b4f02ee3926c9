import type { Flow, PathStatus } from '../api/types';

/** All paths from one region to another in one line: a region may have several agents. */
export interface Pair {
  from: string;
  to: string;
  paths: PathStatus[];
  up: number;
  p50Us: number;
  p99Us: number;
  jitterUs: number;
  lossPpm: number;
  sinceUnixMs: number;
}

export type PairState = 'up' | 'partly' | 'down';

export function pairKey(from: string, to: string): string {
  return `${from}\n${to}`;
}

export function stateOf(pair: Pair): PairState {
  if (pair.up === pair.paths.length) return 'up';
  return pair.up === 0 ? 'down' : 'partly';
}

function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
}

function summarise(from: string, to: string, paths: PathStatus[]): Pair {
  const up = paths.flatMap(({ path }) => (path?.up ? [path] : []));
  return {
    from,
    to,
    paths,
    up: up.length,
    // The middle one for what is usual, the worst one for what hurts.
    p50Us: median(up.map((path) => path.rttP50Us).filter((us) => us > 0)),
    p99Us: Math.max(0, ...up.map((path) => path.rttP99Us)),
    jitterUs: Math.max(0, ...up.map((path) => path.jitterUs)),
    lossPpm: up.length > 0 ? Math.max(...up.map((path) => path.lossPpm)) : 1_000_000,
    sinceUnixMs: Math.max(0, ...paths.map((path) => path.sinceUnixMs)),
  };
}

const known = new WeakMap<PathStatus[], Map<string, Pair>>();

/** Made once for a list: several parts of a page ask for those of the same one. */
export function pairsOf(paths: PathStatus[]): Map<string, Pair> {
  const pairs = known.get(paths) ?? grouped(paths);
  known.set(paths, pairs);
  return pairs;
}

function grouped(paths: PathStatus[]): Map<string, Pair> {
  const groups = new Map<string, PathStatus[]>();
  for (const status of paths) {
    if (!status.path) continue;
    const key = pairKey(status.fromRegion, status.path.toRegion);
    const group = groups.get(key);
    if (group) group.push(status);
    else groups.set(key, [status]);
  }
  const pairs = new Map<string, Pair>();
  for (const [key, group] of groups) {
    const first = group[0];
    if (first?.path) pairs.set(key, summarise(first.fromRegion, first.path.toRegion, group));
  }
  return pairs;
}

export function regionsOf(paths: PathStatus[]): string[] {
  const names = new Set<string>();
  for (const { fromRegion, path } of paths) {
    names.add(fromRegion);
    if (path) names.add(path.toRegion);
  }
  return [...names].sort();
}

/** What part of all requests goes from one region to another. */
export function flowShares(flows: Flow[]): Map<string, number> {
  const total = flows.reduce((sum, flow) => sum + flow.requestsPerSecond, 0);
  return new Map(flows.map((flow) => [pairKey(flow.from, flow.to), total > 0 ? flow.requestsPerSecond / total : 0]));
}
