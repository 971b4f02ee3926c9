import { useMemo } from 'react';
import type { PathStatus } from '../../api/types';
import { dateTime, latency, ppm } from '../../logic/format';
import { Level } from '../../ui/Level';
import { type Column, Table } from '../../ui/Table';

type Open = (from: string, to: string) => void;

function columnsFor(onOpen: Open): Column<PathStatus>[] {
  return [
    {
      title: 'From',
      sort: (row) => row.fromAgent,
      names: true,
      cell: (row) => (
        <button type="button" className="link" onClick={() => onOpen(row.fromRegion, row.path?.toRegion ?? '')}>
          {row.fromAgent}
        </button>
      ),
    },
    { title: 'To', cell: (row) => row.path?.toAgent, sort: (row) => row.path?.toAgent ?? '' },
    {
      title: 'State',
      cell: (row) => <Level level={row.path?.up ? 'ok' : 'fail'} word={row.path?.up ? 'up' : 'down'} />,
      sort: (row) => Number(row.path?.up ?? false),
    },
    { title: 'p50', number: true, cell: (row) => latency(row.path?.rttP50Us), sort: (row) => row.path?.rttP50Us ?? 0 },
    { title: 'p99', number: true, cell: (row) => latency(row.path?.rttP99Us), sort: (row) => row.path?.rttP99Us ?? 0 },
    {
      title: 'Jitter',
      number: true,
      cell: (row) => latency(row.path?.jitterUs),
      sort: (row) => row.path?.jitterUs ?? 0,
      wideOnly: true,
    },
    { title: 'Loss', number: true, cell: (row) => ppm(row.path?.lossPpm, 2), sort: (row) => row.path?.lossPpm ?? 0 },
    {
      title: 'Since',
      cell: (row) => <span className="nowrap">{dateTime(row.sinceUnixMs)}</span>,
      sort: (row) => row.sinceUnixMs,
      wideOnly: true,
    },
  ];
}

/** The same as the matrix, path by path: for those who hear it, and for many agents in a region. */
export function PathTable({ paths, onOpen }: { paths: PathStatus[]; onOpen: Open }) {
  const columns = useMemo(() => columnsFor(onOpen), [onOpen]);
  const rows = useMemo(() => [...paths].sort((a, b) => Number(a.path?.up) - Number(b.path?.up)), [paths]);
  return <Table caption="Paths" columns={columns} rows={rows} rowKey={(row) => `${row.fromAgent} ${row.path?.toAgent}`} />;
}
