import { useMemo } from 'react';
import type { Endpoint, Service } from '../../api/types';
import { dateTime, plural } from '../../logic/format';
import { Level } from '../../ui/Level';
import { Panel } from '../../ui/Panel';
import { type Column, Table } from '../../ui/Table';

interface Row {
  region: string;
  endpoint: Endpoint;
}

const COLUMNS: Column<Row>[] = [
  { title: 'Region', cell: ({ region }) => region, sort: ({ region }) => region },
  { title: 'Server', cell: ({ endpoint }) => <code>{endpoint.endpoint}</code>, sort: ({ endpoint }) => endpoint.endpoint },
  {
    title: 'State',
    cell: ({ endpoint }) => <Level level={endpoint.healthy ? 'ok' : 'fail'} word={endpoint.healthy ? 'healthy' : 'down'} />,
    sort: ({ endpoint }) => Number(endpoint.healthy),
  },
  { title: 'Reason', cell: ({ endpoint }) => <span className="soft">{endpoint.reason}</span> },
  {
    title: 'Since',
    cell: ({ endpoint }) => <span className="nowrap">{dateTime(endpoint.sinceUnixMs)}</span>,
    sort: ({ endpoint }) => endpoint.sinceUnixMs,
    wideOnly: true,
  },
  {
    title: 'In flight',
    number: true,
    cell: ({ endpoint }) => endpoint.inFlight,
    sort: ({ endpoint }) => endpoint.inFlight,
    wideOnly: true,
  },
];

/** Those that are down first. Of the past only how many there were is known. */
export function Servers({ service }: { service: Service | undefined }) {
  const rows = useMemo(
    () =>
      (service?.regions ?? [])
        .flatMap(({ region, endpoints }) => (endpoints ?? []).map((endpoint) => ({ region, endpoint })))
        .sort((a, b) => Number(a.endpoint.healthy) - Number(b.endpoint.healthy)),
    [service],
  );
  if (!service) return null;
  const healthy = service.regions.reduce((sum, region) => sum + region.endpointsHealthy, 0);
  const total = service.regions.reduce((sum, region) => sum + region.endpointsTotal, 0);
  return (
    <Panel title="Servers" flush tools={<span className="muted">{`${healthy} of ${plural(total, 'server')} healthy`}</span>}>
      {rows.length > 0 ? (
        <Table
          caption="Servers of the service"
          columns={COLUMNS}
          rows={rows}
          rowKey={({ region, endpoint }) => `${region} ${endpoint.endpoint}`}
          pageSize={50}
        />
      ) : (
        <ul className="list">
          {service.regions.map((region) => (
            <li key={region.region}>
              {region.region}: {region.endpointsHealthy} of {region.endpointsTotal} healthy
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}
