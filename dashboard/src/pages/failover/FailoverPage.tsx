import { useMemo } from 'react';
import { useNow, useServices } from '../../api/useSnapshot';
import { useAt } from '../../app/moment';
import { useQueryParam } from '../../app/router';
import { type Lane, lanesOf } from '../../logic/lanes';
import { dateTime, plural } from '../../logic/format';
import { regionsIn } from '../../logic/health';
import { RANGES, shownSince } from '../../logic/moment';
import { Choice } from '../../ui/Choice';
import { ErrorNote, Note } from '../../ui/Note';
import { PageHead, Panel } from '../../ui/Panel';
import { Search } from '../../ui/Search';
import { useClock } from '../../ui/useClock';
import { useEvents } from '../events/useEvents';
import { Evacuations } from './Evacuations';
import { Lanes } from './Lanes';
import { SpanTable } from './SpanTable';
import { useFailovers } from './useFailovers';
import { WaysOut } from './WaysOut';

const EVENTS = 5000;

function within(lanes: Lane[], since: number, until: number, query: string): Lane[] {
  return lanes
    .filter((lane) => lane.service.includes(query))
    .map((lane) => ({
      ...lane,
      spans: lane.spans.filter((span) => span.startUnixMs <= until && (span.endUnixMs ?? until) >= since),
      marks: lane.marks.filter((mark) => mark.unixMs >= since && mark.unixMs <= until),
    }))
    .filter((lane) => lane.active || lane.spans.length > 0 || lane.marks.length > 0);
}

export default function FailoverPage() {
  const at = useAt();
  const now = useClock();
  const [range, setRange] = useQueryParam('range', '1h');
  const [query, setQuery] = useQueryParam('q');
  const events = useEvents({ limit: EVENTS });
  const active = useFailovers();
  const evacuations = useNow('evacuations');
  const known = useServices().data;
  const services = useMemo(() => (known ?? []).map((entry) => entry.service).sort(), [known]);
  const regions = useMemo(() => regionsIn(known ?? []), [known]);
  const since = now - (RANGES[range] ?? 3600_000);
  const lanes = useMemo(() => lanesOf(events.data, at === undefined ? (active ?? []) : []), [events.data, active, at]);
  const shown = within(lanes, since, now, query);
  const oldest = events.data[0]?.unixMs ?? 0;
  const drawnSince = shownSince(since, now, events.data[0]?.unixMs);
  const count = shown.reduce((sum, lane) => sum + lane.spans.filter((span) => span.endUnixMs === undefined).length, 0);

  return (
    <div className="stack">
      <PageHead title="Failover">
        <Choice label="Range" options={Object.keys(RANGES)} value={range} onChoose={setRange} />
        <Search label="Find a service" value={query} onSearch={(value) => setQuery(value, true)} />
        <span className={count > 0 ? 'warn' : 'muted'}>{count > 0 ? `${plural(count, 'failover')} active` : 'none active'}</span>
        <span className="push row">
          <WaysOut regions={regions} services={services} />
        </span>
      </PageHead>
      <ErrorNote error={events.error} />
      {events.data.length >= EVENTS && oldest > since && (
        <Note kind="warn">There are more events than are shown: these lanes begin at {dateTime(oldest)}.</Note>
      )}
      {at !== undefined && (
        <Note>Lanes and table are made of the events kept. Which regions people had emptied then is in the audit.</Note>
      )}
      <Evacuations evacuations={evacuations ?? []} now={now} />
      <Panel
        title="When sources stayed away from destinations"
        flush
        tools={<span className="legend">red: active, orange: over, hatched: share comes back, ticks: paths and servers</span>}
      >
        <Lanes lanes={shown} since={drawnSince} until={now} />
      </Panel>
      <SpanTable spans={shown.flatMap((lane) => lane.spans)} now={now} />
    </div>
  );
}
