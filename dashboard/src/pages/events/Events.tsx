import { useMemo } from 'react';
import type { WeirEvent } from '../../api/types';
import { usePaths, useServices } from '../../api/useSnapshot';
import { useAt } from '../../app/moment';
import { useQueryParam } from '../../app/router';
import { dateTime } from '../../logic/format';
import { formatMoment } from '../../logic/moment';
import { regionsOf } from '../../logic/pairs';
import { Severity } from '../../ui/Level';
import { Link } from '../../ui/Link';
import { Empty, ErrorNote } from '../../ui/Note';
import { PageHead, Panel } from '../../ui/Panel';
import { Search } from '../../ui/Search';
import { Select } from '../../ui/Select';
import { type Column, Table } from '../../ui/Table';
import { ServiceLink } from '../services/ServiceLink';
import { Tabs } from './Tabs';
import { useEvents } from './useEvents';

const LIMIT = 2000;

const COLUMNS: Column<WeirEvent>[] = [
  {
    title: 'When',
    sort: (event) => event.unixMs,
    cell: (event) => (
      <span className="nowrap">
        <Link to="/" query={{ at: formatMoment(event.unixMs) }} title="Look at that moment">
          {dateTime(event.unixMs)}
        </Link>
      </span>
    ),
  },
  { title: 'Severity', cell: (event) => <Severity severity={event.severity} />, sort: (event) => event.severity },
  { title: 'Type', cell: (event) => event.type, sort: (event) => event.type },
  { title: 'Service', cell: (event) => event.service && <ServiceLink service={event.service} />, sort: (event) => event.service },
  { title: 'From', cell: (event) => event.fromRegion, sort: (event) => event.fromRegion, wideOnly: true },
  { title: 'Region', cell: (event) => event.region, sort: (event) => event.region },
  { title: 'What', cell: (event) => <span className="soft">{event.message}</span> },
];

export default function Events() {
  const past = useAt() !== undefined;
  const [service, setService] = useQueryParam('service');
  const [region, setRegion] = useQueryParam('region');
  const [type, setType] = useQueryParam('type');
  const [severity, setSeverity] = useQueryParam('severity');
  const [query, setQuery] = useQueryParam('q');
  const events = useEvents({ service, region, type, limit: LIMIT });
  const services = useServices();
  const paths = usePaths();
  const names = useMemo(() => (services.data ?? []).map((entry) => entry.service).sort(), [services.data]);
  const regions = useMemo(() => regionsOf(paths.data ?? []), [paths.data]);
  const types = useMemo(() => [...new Set(events.data.map((event) => event.type))].sort(), [events.data]);
  const rows = useMemo(
    () =>
      events.data
        .filter(
          (event) =>
            (!severity || event.severity === severity) && `${event.type} ${event.agent} ${event.message}`.includes(query),
        )
        .reverse(),
    [events.data, severity, query],
  );
  return (
    <div className="stack">
      <PageHead title="Events">
        <Tabs />
        <Search label="Find in events" value={query} onSearch={(value) => setQuery(value, true)} />
      </PageHead>
      <div className="row">
        <Select label="Service" all="all" value={service} options={names} onChoose={setService} />
        <Select label="Region" all="all" value={region} options={regions} onChoose={setRegion} />
        <Select label="Type" all="all" value={type} options={types} onChoose={setType} />
        <Select label="Severity" all="all" value={severity} options={['info', 'warn', 'error']} onChoose={setSeverity} />
      </div>
      <ErrorNote error={events.error} />
      <Panel title={past ? 'Until that moment, the newest first' : 'The newest first; new ones come by themselves'} flush>
        {rows.length === 0 ? (
          <Empty title="Nothing fits">Take a filter away, or wait for something to happen.</Empty>
        ) : (
          <Table
            caption="Events"
            columns={COLUMNS}
            rows={rows}
            rowKey={(event) => `${event.unixMs} ${event.type} ${event.agent} ${event.service} ${event.message}`}
          />
        )}
      </Panel>
    </div>
  );
}
