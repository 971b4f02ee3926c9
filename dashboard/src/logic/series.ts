import type { Series, SeriesColumn } from '../api/types';

export type Values = (number | null)[];

/** "NaN" (as proto JSON writes it) and everything else that is no number is a gap. */
export function valuesOf(column: SeriesColumn): Values {
  return column.values.map((value) => (typeof value === 'number' && Number.isFinite(value) ? value : null));
}

/** Seconds, as uPlot wants them. */
export function timesOf(series: Series): number[] {
  const length = Math.max(0, ...series.columns.map((column) => column.values.length));
  return Array.from({ length }, (_, i) => (series.startUnixMs + i * series.stepMs) / 1000);
}

/** When the first number was measured, in Unix milliseconds. */
export function firstMeasured(series: Series): number | undefined {
  const first = Math.min(...series.columns.map((column) => valuesOf(column).findIndex((value) => value !== null)).filter((i) => i >= 0));
  return Number.isFinite(first) ? series.startUnixMs + first * series.stepMs : undefined;
}

export function columnsNamed(series: Series, name: string): Map<string, Values> {
  return new Map(series.columns.filter((column) => column.name === name).map((column) => [column.region, valuesOf(column)]));
}

/** The most used regions by themselves, the rest together: more than ten colours nobody tells apart. */
export function largest(columns: Map<string, Values>, most: number): { shown: string[]; rest: string[] } {
  const weight = (values: Values) => values.reduce<number>((sum, value) => sum + (value ?? 0), 0);
  const order = [...columns].sort((a, b) => weight(b[1]) - weight(a[1])).map(([region]) => region);
  if (order.length <= most) return { shown: [...columns.keys()], rest: [] };
  const kept = new Set(order.slice(0, most - 1));
  return { shown: [...columns.keys()].filter((region) => kept.has(region)), rest: order.slice(most - 1) };
}

export function summed(lists: Values[]): Values {
  const length = Math.max(0, ...lists.map((list) => list.length));
  return Array.from({ length }, (_, i) => {
    const present = lists.map((list) => list[i]).filter((value): value is number => typeof value === 'number');
    return present.length > 0 ? present.reduce((sum, value) => sum + value, 0) : null;
  });
}

/**
 * Layers that stand on each other and end at 1. Where nothing is known, no layer is: a gap must not look like a
 * region that lost its share.
 */
export function stacked(layers: Values[]): Values[] {
  const totals = summed(layers);
  const running = totals.map(() => 0);
  return layers.map((layer) =>
    totals.map((total, i) => {
      if (total === null || total <= 0) return null;
      running[i] = (running[i] ?? 0) + (layer[i] ?? 0) / total;
      return running[i] ?? null;
    }),
  );
}
