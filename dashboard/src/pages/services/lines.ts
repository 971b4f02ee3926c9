import type { Series } from '../../api/types';
import type { Line } from '../../charts/plotOptions';
import { REGION_COLOURS, colourIndex } from '../../logic/colour';
import { type Values, columnsNamed, largest, stacked, summed } from '../../logic/series';

const OTHERS = 'others';
const colour = (region: string, regions: string[]) => `--region-${colourIndex(region, regions)}`;

/** A line for each destination, the most used ones where there are many. */
export function linesOf(series: Series, name: string, regions: string[]): Line[] {
  const columns = columnsNamed(series, name);
  const busy = columnsNamed(series, 'rps');
  const { shown } = largest(busy.size > 0 ? busy : columns, REGION_COLOURS);
  return shown.flatMap((region) => {
    const values = columns.get(region);
    return values ? [{ label: region, colour: colour(region, regions), values }] : [];
  });
}

/** Layers that fill the height; the one on top comes first, since each is drawn down to the ground. */
export function shareLayers(series: Series, name: 'wanted' | 'seen', regions: string[]): Line[] {
  const columns = columnsNamed(series, name);
  const { shown, rest } = largest(columns, REGION_COLOURS);
  const layers: [string, Values][] = shown.map((region) => [region, columns.get(region) ?? []]);
  if (rest.length > 0) layers.push([OTHERS, summed(rest.map((region) => columns.get(region) ?? []))]);
  const edges = stacked(layers.map(([, values]) => values));
  return layers
    .map(([label, values], i): Line => ({ label, colour: colour(label, regions), values, plotted: edges[i] ?? [], filled: true }))
    .reverse();
}
