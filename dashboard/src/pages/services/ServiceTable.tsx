import { useMemo } from 'react';
import type { Service, ServiceTraffic } from '../../api/types';
import { useServices, useTraffic } from '../../api/useSnapshot';
import { useQueryParam } from '../../app/router';
import { latency, percent, plural, rate } from '../../logic/format';
import { Level } from '../../ui/Level';
import { Empty, ErrorNote, Waiting } from '../../ui/Note';
import { PageHead, Panel } from '../../ui/Panel';
import { Search } from '../../ui/Search';
import { type Column, Table } from '../../ui/Table';
import { objectiveLevel } from '../overview/ServiceLines';
import { ServiceLink } from './ServiceLink';

interface Row {
  service: Service;
  traffic: ServiceTraffic | undefined;
  healthy: number;
  total: number;
}

function Servers({ healthy, total }: Row) {
  return (
    <Level
      level={total === 0 ? 'unknown' : healthy === 0 ? 'fail' : healthy < total ? 'warn' : 'ok'}
      word={`${healthy}/${total}`}
    />
  );
}

const COLUMNS: Column<Row>[] = [
  {
    title: 'Service',
    cell: ({ service }) => <ServiceLink service={service.service} />,
    sort: ({ service }) => service.service,
    names: true,
  },
  { title: 'Servers', cell: Servers, sort: (row) => row.healthy / Math.max(1, row.total) },
  {
    title: 'Regions',
    number: true,
    cell: ({ service }) => service.regions.length,
    sort: ({ service }) => service.regions.length,
    wideOnly: true,
  },
  {
    title: 'In objective',
    number: true,
    sort: ({ traffic }) => traffic?.inObjective ?? 2,
    cell: ({ traffic }) => <span className={objectiveLevel(traffic?.inObjective)}>{percent(traffic?.inObjective, 2)}</span>,
  },
  {
    title: 'Objective',
    number: true,
    cell: ({ service }) => `${service.objectiveMs} ms`,
    sort: ({ service }) => service.objectiveMs,
    wideOnly: true,
  },
  {
    title: 'p50',
    number: true,
    cell: ({ traffic }) => latency(traffic?.p50Us),
    sort: ({ traffic }) => traffic?.p50Us ?? 0,
    wideOnly: true,
  },
  { title: 'p99', number: true, cell: ({ traffic }) => latency(traffic?.p99Us), sort: ({ traffic }) => traffic?.p99Us ?? 0 },
  {
    title: 'Errors',
    number: true,
    cell: ({ traffic }) => percent(traffic?.errors, 2),
    sort: ({ traffic }) => traffic?.errors ?? -1,
  },
  {
    title: 'Requests',
    number: true,
    cell: ({ traffic }) => rate(traffic?.requestsPerSecond),
    sort: ({ traffic }) => traffic?.requestsPerSecond ?? 0,
  },
  { title: 'Mode', cell: ({ traffic }) => traffic?.mode ?? '–', sort: ({ traffic }) => traffic?.mode ?? '' },
  {
    title: 'Held',
    sort: ({ traffic }) => (traffic?.failovers ?? 0) + (traffic?.pins ?? 0),
    cell: ({ traffic }) => (
      <span className="row">
        {traffic && traffic.failovers > 0 && <span className="badge warn">{traffic.failovers} failover</span>}
        {traffic && traffic.pins > 0 && <span className="badge accent">{traffic.pins} pinned</span>}
      </span>
    ),
  },
];

function rowsOf(services: Service[], traffic: ServiceTraffic[], query: string): Row[] {
  const lines = new Map(traffic.map((line) => [line.service, line]));
  return services
    .filter((service) => service.service.includes(query))
    .map((service) => ({
      service,
      traffic: lines.get(service.service),
      healthy: service.regions.reduce((sum, region) => sum + region.endpointsHealthy, 0),
      total: service.regions.reduce((sum, region) => sum + region.endpointsTotal, 0),
    }));
}

export function ServiceTable() {
  const services = useServices();
  const traffic = useTraffic();
  const [query, setQuery] = useQueryParam('q');
  const rows = useMemo(
    () => rowsOf(services.data ?? [], traffic.data?.services ?? [], query),
    [services.data, traffic.data, query],
  );
  return (
    <div className="stack">
      <PageHead title="Services">
        <Search label="Find a service" value={query} onSearch={(value) => setQuery(value, true)} />
        <span className="muted">{plural(rows.length, 'service')}</span>
      </PageHead>
      <ErrorNote error={services.error || traffic.error} />
      <Panel title="Click a name for its weights, and why they are so" flush>
        {!services.data ? (
          <Waiting for="services" />
        ) : rows.length === 0 ? (
          <Empty title={query ? `No service has “${query}” in its name` : 'No service is configured'}>
            {query
              ? 'Part of a name is enough.'
              : "Name services in the controller's configuration; agents then listen for each on its port."}
          </Empty>
        ) : (
          <Table caption="Services" columns={COLUMNS} rows={rows} rowKey={({ service }) => service.service} />
        )}
      </Panel>
    </div>
  );
}
