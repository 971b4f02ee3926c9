import type { Outcome, SimulateRequest, SimulatedPath, Simulation } from '../api/types';

const list = (text: string | null) =>
  (text ?? '')
    .split(',')
    .map((word) => word.trim())
    .filter(Boolean);

/** "a:b" or "a:b=80ms". Undefined: not of that form. */
export function parsePath(text: string): SimulatedPath | undefined {
  const match = /^([^:=\s]+):([^:=\s]+?)(?:=(\d+)(?:ms)?)?$/.exec(text.trim());
  return match?.[1] && match[2] ? { a: match[1], b: match[2], addMs: Number(match[3] ?? 0) } : undefined;
}

export function formatPath({ a, b, addMs }: SimulatedPath): string {
  return addMs > 0 ? `${a}:${b}=${addMs}ms` : `${a}:${b}`;
}

/** "90s", "5m", "1h" or a plain number of seconds; "now" and nothing are 0. */
export function parseSeconds(text: string): number {
  const match = /^(\d+)\s*([smh]?)$/.exec(text.trim());
  if (!match) return 0;
  return Number(match[1]) * { '': 1, s: 1, m: 60, h: 3600 }[match[2] as '' | 's' | 'm' | 'h'];
}

const paths = (text: string | null) => list(text).flatMap((word) => parsePath(word) ?? []);

/** The question is the address of the page, so a link asks it again. */
export function fromQuery(search: string): SimulateRequest {
  const query = new URLSearchParams(search);
  const [from = '', to = ''] = (query.get('replay') ?? '').split('..');
  const scale = Number(query.get('scale') ?? 0);
  return {
    service: query.get('service') ?? '',
    failRegions: list(query.get('fail')),
    failPaths: paths(query.get('cut')),
    addLatency: paths(query.get('latency')),
    trafficScale: Number.isFinite(scale) && scale > 0 ? Math.min(10, scale) : 0,
    policy: query.get('policy') ?? '',
    replayFromS: parseSeconds(from),
    replayToS: parseSeconds(to),
    forS: parseSeconds(query.get('for') ?? ''),
  };
}

export function toQuery(ask: SimulateRequest): Record<string, string> {
  const replay = ask.replayFromS > 0 ? `${ask.replayFromS}s..${ask.replayToS > 0 ? `${ask.replayToS}s` : 'now'}` : '';
  return {
    service: ask.service,
    fail: ask.failRegions.join(','),
    cut: ask.failPaths.map((path) => formatPath({ ...path, addMs: 0 })).join(','),
    latency: ask.addLatency
      .filter((path) => path.addMs > 0)
      .map(formatPath)
      .join(','),
    scale: ask.trafficScale > 0 ? String(ask.trafficScale) : '',
    policy: ask.policy,
    replay,
    for: ask.forS > 0 ? `${ask.forS}s` : '',
  };
}

export interface Broken {
  service: string;
  outcome: string;
  inForce: boolean;
  limit: string;
  text: string;
}

/** Every limit that would break; first those under what is in force. How things are now is no forecast. */
export function brokenOf(simulation: Simulation): Broken[] {
  const broken = simulation.services.flatMap(({ service, outcomes }) =>
    outcomes
      .filter(({ name }) => name !== 'now')
      .flatMap(({ name, inForce, broken: limits }) =>
        limits.map((one) => ({ service, outcome: name, inForce, limit: one.limit, text: one.text })),
      ),
  );
  return broken.sort((a, b) => Number(b.inForce) - Number(a.inForce));
}

export function shareOf(outcome: Outcome, from: string, to: string): number {
  const source = outcome.sources.find((entry) => entry.fromRegion === from);
  return (source?.to.find((entry) => entry.region === to)?.sharePpm ?? 0) / 1e6;
}
