import { useMemo } from 'react';
import { useSeries } from '../../api/useSeries';
import { Plot } from '../../charts/Plot';
import { timesOf } from '../../logic/series';
import { linesOf } from './lines';

interface Props {
  service: string;
  range: string;
  regions: string[];
  sync: string;
}

const whole = (value: number | null) => (value === null ? '–' : Number.isInteger(value) ? String(value) : value.toFixed(1));

/** Under the others, since a share that moved most often moved because servers went away. */
export function HealthChart({ service, range, regions, sync }: Props) {
  const { data, since, until } = useSeries({ kind: 'health', service }, range);
  const times = useMemo(() => (data ? timesOf(data) : []), [data]);
  const lines = useMemo(() => (data ? linesOf(data, 'healthy', regions) : []), [data, regions]);
  if (lines.length === 0) return null;
  return (
    <Plot
      title="Healthy servers"
      times={times}
      lines={lines}
      height={100}
      format={whole}
      sync={sync}
      from={since / 1000}
      to={until / 1000}
    />
  );
}
