import { useMemo } from 'react';
import type { Series } from '../../api/types';
import { useSeries } from '../../api/useSeries';
import { Plot } from '../../charts/Plot';
import type { Line } from '../../charts/plotOptions';
import { latency, percent } from '../../logic/format';
import { timesOf, valuesOf } from '../../logic/series';
import { ErrorNote, Waiting } from '../../ui/Note';

const ms = (value: number | null) => (value === 0 ? '0 ms' : latency(value === null ? null : value * 1000));
const upOrDown = (value: number | null) => (value === null ? '–' : value >= 0.5 ? 'up' : 'down');

function lineOf(series: Series, name: string, label: string, colour: string): Line[] {
  const column = series.columns.find((entry) => entry.name === name);
  return column ? [{ label, colour, values: valuesOf(column) }] : [];
}

export function PathCharts({ from, to, range }: { from: string; to: string; range: string }) {
  const series = useSeries({ kind: 'path', from, to }, range);
  const data = series.data;
  const times = useMemo(() => (data ? timesOf(data) : []), [data]);
  const trip = useMemo(
    () => (data ? [...lineOf(data, 'p50_ms', 'p50', '--region-0'), ...lineOf(data, 'p99_ms', 'p99', '--region-1')] : []),
    [data],
  );
  const loss = useMemo(() => (data ? lineOf(data, 'loss', 'loss', '--region-5') : []), [data]);
  const up = useMemo(
    () => (data ? lineOf(data, 'up', 'state', '--region-2').map((line) => ({ ...line, filled: true })) : []),
    [data],
  );
  const common = { times, sync: 'path', from: series.since / 1000, to: series.until / 1000 };
  if (!data) return series.error ? <ErrorNote error={series.error} /> : <Waiting for="the measured series" />;
  return (
    <div>
      <Plot {...common} title="Round trip" lines={trip} format={ms} height={150} />
      <Plot {...common} title="Loss" lines={loss} format={(share) => percent(share, 1)} height={100} />
      <Plot {...common} title="State" lines={up} format={upOrDown} height={64} top={1} />
    </div>
  );
}
