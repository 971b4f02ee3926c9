import { type KeyboardEvent, type MouseEvent, useEffect, useRef, useState } from 'react';
import { type Metric, textOf, valueOf } from '../logic/metric';
import { type Cell, cellAt, moved } from '../logic/matrix';
import { type Pair, pairKey, stateOf } from '../logic/pairs';
import { useTheme } from '../ui/useTheme';
import { drawMatrix } from './drawMatrix';

interface Props {
  regions: string[];
  pairs: Map<string, Pair>;
  metric: Metric;
  onOpen: (from: string, to: string) => void;
}

interface Hover {
  cell: Cell;
  x: number;
  y: number;
}

function wordsFor(regions: string[], pairs: Map<string, Pair>, metric: Metric, cell: Cell): string {
  const [from = '', to = ''] = [regions[cell.row], regions[cell.column]];
  const pair = pairs.get(pairKey(from, to));
  if (!pair) return from === to ? from : `${from} to ${to}: no path`;
  const state = stateOf(pair) === 'down' ? 'down' : `${metric} ${textOf(valueOf(pair, metric), metric)}`;
  return `${from} to ${to}: ${state}${stateOf(pair) === 'partly' ? `, ${pair.up} of ${pair.paths.length} paths up` : ''}`;
}

export function Matrix({ regions, pairs, metric, onOpen }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const theme = useTheme();
  const [hover, setHover] = useState<Hover>();
  const [selected, setSelected] = useState<Cell>();

  useEffect(() => {
    if (canvas.current) drawMatrix(canvas.current, { regions, pairs, metric, theme, hovered: hover?.cell, selected });
  }, [regions, pairs, metric, theme, hover?.cell.row, hover?.cell.column, selected]);

  const open = (cell: Cell | undefined) => {
    const [from, to] = [cell && regions[cell.row], cell && regions[cell.column]];
    if (from && to && pairs.has(pairKey(from, to))) onOpen(from, to);
  };
  const under = (event: MouseEvent) => cellAt(event.nativeEvent.offsetX, event.nativeEvent.offsetY, regions.length);
  const press = (event: KeyboardEvent) => {
    if (event.key === 'Enter') {
      // Else the same key would press the button that gets the focus in what opens.
      event.preventDefault();
      return open(selected);
    }
    const next = moved(selected, event.key, regions.length);
    if (!next) return undefined;
    event.preventDefault();
    return setSelected(next);
  };
  return (
    <div className="matrix-frame">
      <canvas
        ref={canvas}
        tabIndex={0}
        role="application"
        aria-label={`${metric} between regions; arrows move, Enter opens. The same is in the table.`}
        onKeyDown={press}
        onMouseMove={(event) => {
          const cell = under(event);
          setHover(cell && { cell, x: event.clientX, y: event.clientY });
        }}
        onMouseLeave={() => setHover(undefined)}
        onClick={(event) => {
          const cell = under(event);
          setSelected(cell);
          open(cell);
        }}
      />
      <p className="hidden-visually" aria-live="polite">
        {selected && wordsFor(regions, pairs, metric, selected)}
      </p>
      {hover && (
        <div className="tip" style={{ left: Math.min(hover.x + 14, window.innerWidth - 330), top: hover.y + 14 }}>
          {wordsFor(regions, pairs, metric, hover.cell)}
        </div>
      )}
    </div>
  );
}
