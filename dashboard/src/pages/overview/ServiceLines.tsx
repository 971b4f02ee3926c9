import { memo, useMemo } from 'react';
import type { Service, ServiceTraffic } from '../../api/types';
import { latency, percent, rate } from '../../logic/format';
import { Empty, Waiting } from '../../ui/Note';
import { type Column, Table } from '../../ui/Table';
import { ServiceLink } from '../services/ServiceLink';

const GOOD = 0.99;
const FAIR = 0.95;

export function objectiveLevel(share: number | undefined): '' | 'ok' | 'warn' | 'fail' {
  if (share === undefined) return '';
  return share >= GOOD ? 'ok' : share >= FAIR ? 'warn' : 'fail';
}

function columnsFor(services: Service[]): Column<ServiceTraffic>[] {
  const objectives = new Map(services.map((service) => [service.service, service.objectiveMs]));
  return [
    { title: 'Service', cell: (line) => <ServiceLink service={line.service} />, sort: (line) => line.service, names: true },
    {
      title: 'In objective',
      number: true,
      sort: (line) => line.inObjective ?? 2,
      cell: (line) => <span className={objectiveLevel(line.inObjective)}>{percent(line.inObjective, 2)}</span>,
    },
    {
      title: 'Objective',
      number: true,
      cell: (line) => <span className="muted">{objectives.get(line.service) ?? '–'} ms</span>,
      wideOnly: true,
    },
    { title: 'p99', number: true, cell: (line) => latency(line.p99Us), sort: (line) => line.p99Us },
    { title: 'Errors', number: true, cell: (line) => percent(line.errors, 2), sort: (line) => line.errors ?? -1 },
    { title: 'Requests', number: true, cell: (line) => rate(line.requestsPerSecond), sort: (line) => line.requestsPerSecond },
    { title: 'Mode', cell: (line) => line.mode, sort: (line) => line.mode, wideOnly: true },
    {
      title: 'Held',
      cell: (line) => (
        <span className="row">
          {line.failovers > 0 && <span className="badge warn">{line.failovers} failover</span>}
          {line.pins > 0 && <span className="badge accent">{line.pins} pinned</span>}
        </span>
      ),
      sort: (line) => line.failovers + line.pins,
    },
  ];
}

function needsLook(line: ServiceTraffic): boolean {
  return line.failovers > 0 || (line.inObjective !== undefined && line.inObjective < FAIR);
}

interface Props {
  lines: ServiceTraffic[] | undefined;
  services: Service[] | undefined;
}

export const ServiceLines = memo(function ServiceLines({ lines, services }: Props) {
  const columns = useMemo(() => columnsFor(services ?? []), [services]);
  const rows = useMemo(
    () => [...(lines ?? [])].sort((a, b) => Number(needsLook(b)) - Number(needsLook(a)) || (a.service < b.service ? -1 : 1)),
    [lines],
  );
  if (!lines) return <Waiting for="traffic" />;
  if (lines.length === 0) {
    return (
      <Empty title="No service is configured">
        Name services in the controller's configuration; agents then listen for each on its port.
      </Empty>
    );
  }
  return <Table caption="Services and how they do" columns={columns} rows={rows} rowKey={(line) => line.service} pageSize={25} />;
});
