import { useMemo } from 'react';
import type { Change } from '../../api/types';
import { useSeries } from '../../api/useSeries';
import { Plot } from '../../charts/Plot';
import { MarkerLegend } from '../../charts/MarkerLegend';
import { latency, percent, rate } from '../../logic/format';
import { type Marker, markersOf } from '../../logic/markers';
import { timesOf } from '../../logic/series';
import { Choice } from '../../ui/Choice';
import { ErrorNote, Waiting } from '../../ui/Note';
import { Panel } from '../../ui/Panel';
import { useEvents } from '../events/useEvents';
import { HealthChart } from './HealthChart';
import { linesOf, shareLayers } from './lines';

interface Props {
  service: string;
  from: string;
  range: string;
  regions: string[];
  kind: 'wanted' | 'seen';
  onKind: (kind: string) => void;
  changes: Change[];
  onExplain: (generation: number) => void;
}

const EVENTS = 500;
// On an axis nothing is 0; elsewhere a latency of 0 means that none was measured.
const milliseconds = (ms: number | null) => (ms === 0 ? '0 ms' : latency(ms === null ? null : ms * 1000));

const SYNC = 'service';

interface Chart {
  title: string;
  column: string;
  format: (value: number | null) => string;
}

const CHARTS: Chart[] = [
  { title: 'p99', column: 'p99_ms', format: milliseconds },
  { title: 'Errors', column: 'errors', format: (share) => percent(share) },
  { title: 'Requests', column: 'rps', format: rate },
];

export function History({ service, from, range, regions, kind, onKind, changes, onExplain }: Props) {
  const series = useSeries(from ? { kind: 'traffic', service, from } : undefined, range);
  const events = useEvents({ service, limit: EVENTS });
  const data = series.data;
  const times = useMemo(() => (data ? timesOf(data) : []), [data]);
  const layers = useMemo(() => (data ? shareLayers(data, kind, regions) : []), [data, kind, regions]);
  const charts = useMemo(
    () => CHARTS.map((chart) => ({ ...chart, lines: data ? linesOf(data, chart.column, regions) : [] })),
    [data, regions],
  );
  const markers = useMemo(() => markersOf(changes, events.data, from), [changes, events.data, from]);
  const pick = (marker: Marker) => marker.generation !== undefined && onExplain(marker.generation);
  const common = { times, sync: SYNC, from: series.since / 1000, to: series.until / 1000, markers, onMarker: pick };

  return (
    <Panel
      title="Where requests went"
      tools={
        <>
          <MarkerLegend />
          <Choice label="Shares" options={['seen', 'wanted']} value={kind} onChoose={onKind} />
        </>
      }
    >
      <ErrorNote error={series.error} />
      {!data ? (
        !series.error && <Waiting for="measured series" />
      ) : (
        <>
          <Plot
            {...common}
            title={kind === 'seen' ? 'Share, seen' : 'Share, wanted'}
            lines={layers}
            height={190}
            top={1}
            format={(share) => percent(share, 0)}
          />
          {charts.map(({ title, lines, format }) => (
            <Plot key={title} {...common} title={title} lines={lines} height={118} format={format} />
          ))}
          <HealthChart service={service} range={range} regions={regions} sync={SYNC} />
        </>
      )}
    </Panel>
  );
}
