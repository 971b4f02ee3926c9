import { useEffect, useMemo, useRef, useState } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import type { Marker } from '../logic/markers';
import { useTheme } from '../ui/useTheme';
import { useWidth } from '../ui/useWidth';
import { PlotLegend } from './PlotLegend';
import { markerAt } from './markerPlugin';
import { type Line, optionsFor } from './plotOptions';

interface Props {
  title: string;
  times: number[];
  lines: Line[];
  height?: number;
  format: (value: number | null) => string;
  /** Charts with the same key move their cursors together. */
  sync: string;
  /** Seconds; keeps charts of one page aligned also where one of them has no data. */
  from: number;
  to: number;
  /** The top of the scale, where it is fixed. */
  top?: number;
  markers?: Marker[];
  onMarker?: (marker: Marker) => void;
}

export function Plot({ title, times, lines, height = 130, format, sync, from, to, top, markers, onMarker }: Props) {
  const [frame, width] = useWidth<HTMLDivElement>();
  const theme = useTheme();
  const plot = useRef<uPlot>(undefined);
  const [cursor, setCursor] = useState<number | null>(null);
  // What uPlot asks for while it draws; it is made anew only when the lines are other ones.
  const latest = useRef({ markers: markers ?? [], onMarker, from, to, format });
  latest.current = { markers: markers ?? [], onMarker, from, to, format };

  const data = useMemo(() => [times, ...lines.map((line) => line.plotted ?? line.values)] as uPlot.AlignedData, [times, lines]);
  const shape = lines.map((line) => `${line.label} ${line.colour}`).join('|');

  useEffect(() => {
    const element = frame.current;
    if (!element || width === 0) return undefined;
    const options = optionsFor({ width, height, lines, sync, top, latest, onCursor: setCursor });
    const made = new uPlot(options, data, element);
    plot.current = made;
    const click = (event: MouseEvent) => {
      const marker = markerAt(made, latest.current.markers, event.offsetX);
      if (marker) latest.current.onMarker?.(marker);
    };
    made.over.addEventListener('click', click);
    return () => made.destroy();
    // Data and markers come by the effect below.
  }, [shape, width, height, sync, top, theme, frame]);

  useEffect(() => {
    plot.current?.setData(data);
  }, [data, from, to, markers]);

  return (
    <figure className="plot">
      <figcaption className="plot-title">
        <h3>{title}</h3>
        <PlotLegend
          lines={lines}
          index={cursor ?? times.length - 1}
          time={cursor === null ? undefined : times[cursor]}
          format={format}
        />
      </figcaption>
      <div ref={frame} role="img" aria-label={`${title} over time; the numbers of now are in the table`} />
    </figure>
  );
}
