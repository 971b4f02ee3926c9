import { useMemo } from 'react';
import type { MapArc, MapPicture, MapRegion } from '../../charts/drawMap';
import { pairsToDraw } from '../../logic/arcChoice';
import { arcWidth } from '../../logic/arcs';
import { css, heat } from '../../logic/colour';
import { badness } from '../../logic/metric';
import { type Pair, stateOf } from '../../logic/pairs';
import { paletteOf } from '../../ui/palette';
import { type Theme, useTheme } from '../../ui/useTheme';
import { GLOBE, HEIGHT, LAND, type Layout, WIDTH, ringLayout, worldLayout } from './geometry';
import type { Selection } from './selection';
import type { MapData } from './useMapData';

export type Colouring = 'RTT' | 'state';

function colourOf(pair: Pair, colouring: Colouring, theme: Theme): string {
  const state = stateOf(pair);
  const colour = paletteOf(theme);
  if (state === 'down') return colour('--fail');
  if (colouring === 'state') return colour(state === 'up' ? '--ok' : '--warn');
  // The lightest steps of the scale would vanish on the map: it begins a little later here.
  return css(heat(0.18 + 0.82 * badness(pair.p50Us, 'p50'), theme));
}

function touches(pair: Pair, { region, from, to }: Selection): boolean {
  if (region) return pair.from === region || pair.to === region;
  return !from || (pair.from === from && pair.to === to) || (pair.from === to && pair.to === from);
}

/** Lines are made once for a layout: live data changes their colours, not where they go. */
function useLines(layout: Layout): (from: string, to: string) => Path2D | undefined {
  return useMemo(() => {
    const lines = new Map<string, Path2D | undefined>();
    return (from, to) => {
      const key = `${from}\n${to}`;
      if (!lines.has(key)) {
        const d = layout.half(from, to);
        lines.set(key, d ? new Path2D(d) : undefined);
      }
      return lines.get(key);
    };
  }, [layout]);
}

function regionsOf(data: MapData, layout: Layout, selected: Selection): MapRegion[] {
  return [...layout.at].map(([name, at]) => ({
    name,
    at,
    level: data.health.get(name)?.level ?? 'unknown',
    chosen: selected.region === name || selected.from === name || selected.to === name,
    weight: data.loads.get(name) ?? 0,
  }));
}

export function usePicture(data: MapData, world: boolean, colouring: Colouring, selected: Selection): MapPicture {
  const theme = useTheme();
  const layout = useMemo(() => (world ? worldLayout(data.places) : ringLayout(data.places)), [world, data.places]);
  const line = useLines(layout);
  const ground = useMemo(() => (world ? { land: new Path2D(LAND), globe: new Path2D(GLOBE) } : undefined), [world]);
  const { region = '', from = '', to = '' } = selected;
  const arcs = useMemo(() => {
    const chosen: Selection = { ...(region && { region }), ...(from && { from }), ...(to && { to }) };
    return pairsToDraw(data.pairs, data.shares, data.places.length, region).flatMap(([key, pair]): MapArc[] => {
      const path = line(pair.from, pair.to);
      const [start, end] = [layout.at.get(pair.from), layout.at.get(pair.to)];
      if (!path || !start || !end) return [];
      const width = arcWidth(data.shares.get(key) ?? 0);
      const colour = colourOf(pair, colouring, theme);
      const faded = !touches(pair, chosen);
      return [{ from: pair.from, to: pair.to, start, end, line: path, width, colour, state: stateOf(pair), faded }];
    });
  }, [data.pairs, data.shares, data.places.length, region, from, to, line, layout, colouring, theme]);
  const regions = useMemo(
    () => regionsOf(data, layout, { region, from, to }),
    [data.loads, data.health, layout, region, from, to],
  );
  return useMemo(
    () => ({ width: WIDTH, height: HEIGHT, land: ground?.land, globe: ground?.globe, arcs, regions, focused: '' }),
    [ground, arcs, regions],
  );
}
