import type { RefObject } from 'react';
import uPlot from 'uplot';
import type { Marker } from '../logic/markers';
import type { Values } from '../logic/series';
import { timeTicks } from '../logic/ticks';
import { token } from '../ui/useTheme';
import { markerPlugin } from './markerPlugin';

export interface Line {
  label: string;
  /** The name of a token, such as --region-0. */
  colour: string;
  values: Values;
  /** Where the line runs, if not at its values: the upper edge of a layer. */
  plotted?: Values;
  filled?: boolean;
}

export interface Latest {
  markers: Marker[];
  from: number;
  to: number;
  format: (value: number | null) => string;
}

interface Wishes {
  width: number;
  height: number;
  lines: Line[];
  sync: string;
  top: number | undefined;
  latest: RefObject<Latest>;
  onCursor: (index: number | null) => void;
}

const AXIS_WIDTH = 62;
const TIME_WIDTH = 76; // of a time with its seconds, and room between two
const HEADROOM = 1.08;

export function optionsFor({ width, height, lines, sync, top, latest, onCursor }: Wishes): uPlot.Options {
  const font = `11px ${token('--font')}`;
  const axis: uPlot.Axis = {
    stroke: token('--ink-3'),
    font,
    grid: { stroke: token('--line'), width: 1 },
    ticks: { show: false },
  };
  const stepped = uPlot.paths.stepped?.({ align: 1 });
  return {
    width,
    height,
    legend: { show: false },
    cursor: { sync: { key: sync }, drag: { x: false, y: false }, points: { size: 6 }, y: false },
    scales: {
      x: { time: true, range: () => [latest.current.from, latest.current.to] },
      y: { range: (_, __, max) => [0, top ?? (max > 0 ? max : 1) * HEADROOM] },
    },
    axes: [
      { ...axis, size: 26, space: TIME_WIDTH, values: (_, splits) => timeTicks(splits) },
      { ...axis, size: AXIS_WIDTH, space: 24, values: (_, splits) => splits.map((value) => latest.current.format(value)) },
    ],
    series: [
      {},
      ...lines.map((line): uPlot.Series => {
        const colour = token(line.colour);
        return {
          label: line.label,
          stroke: colour,
          width: line.filled ? 0 : 1.5,
          points: { show: false },
          ...(line.filled ? { fill: colour, ...(stepped ? { paths: stepped } : {}) } : {}),
        };
      }),
    ],
    plugins: [markerPlugin(() => latest.current.markers)],
    hooks: { setCursor: [(u) => onCursor(u.cursor.idx ?? null)] },
  };
}
