import { clock } from '../logic/format';
import type { Line } from './plotOptions';

interface Props {
  lines: Line[];
  index: number;
  /** Of the cursor; undefined: the newest values are shown. */
  time: number | undefined;
  format: (value: number | null) => string;
}

export function PlotLegend({ lines, index, time, format }: Props) {
  return (
    <span className="legend">
      <span className="muted">{time === undefined ? 'newest' : clock(time * 1000)}</span>
      {lines.map((line) => (
        <span key={line.label} className="nowrap">
          <i className="dot" aria-hidden="true" style={{ background: `var(${line.colour})` }} />
          {line.label} {format(line.values[index] ?? null)}
        </span>
      ))}
    </span>
  );
}
