import { latency, percent } from './format';
import type { Pair } from './pairs';

export type Metric = 'p50' | 'p99' | 'loss' | 'jitter';
export const METRICS: Metric[] = ['p50', 'p99', 'loss', 'jitter'];

/** In microseconds, loss in parts of a million; undefined: nothing is measured, as on a path that is down. */
export function valueOf(pair: Pair, metric: Metric): number | undefined {
  if (pair.up === 0) return undefined;
  switch (metric) {
    case 'p50':
      return pair.p50Us || undefined;
    case 'p99':
      return pair.p99Us || undefined;
    case 'loss':
      return pair.lossPpm;
    case 'jitter':
      return pair.jitterUs;
  }
}

export function textOf(value: number | undefined, metric: Metric): string {
  return metric === 'loss' ? percent(value === undefined ? undefined : value / 1e6, 2) : latency(value);
}

/** Short enough for a cell of a matrix: milliseconds, or percent for loss. */
export function cellText(value: number | undefined, metric: Metric): string {
  if (value === undefined) return '';
  if (metric === 'loss') return value === 0 ? '0' : (value / 1e4).toFixed(value < 1e5 ? 1 : 0);
  const ms = value / 1000;
  return ms < 10 ? ms.toFixed(1) : ms.toFixed(0);
}

const FULL: Record<Metric, number> = { p50: 250_000, p99: 350_000, loss: 50_000, jitter: 20_000 };

/**
 * From 0 (good) to 1 (bad) on a fixed scale, so that a colour means the same today and tomorrow. The curve
 * spreads the short distances, where most paths are.
 */
export function badness(value: number, metric: Metric): number {
  return Math.min(1, Math.max(0, value / FULL[metric])) ** 0.7;
}

export function scaleEnd(metric: Metric): string {
  return textOf(FULL[metric], metric);
}
