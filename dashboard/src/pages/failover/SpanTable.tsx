import { useMemo } from 'react';
import { dateTime, duration } from '../../logic/format';
import type { Span } from '../../logic/lanes';
import { formatMoment } from '../../logic/moment';
import { Level } from '../../ui/Level';
import { Link } from '../../ui/Link';
import { Panel } from '../../ui/Panel';
import { type Column, Table } from '../../ui/Table';
import { ServiceLink } from '../services/ServiceLink';

function columnsFor(second: number): Column<Span>[] {
  const now = second * 1000;
  const length = (span: Span) => (span.endUnixMs ?? now) - span.startUnixMs;
  return [
    {
      title: 'Service',
      cell: (span) => <ServiceLink service={span.service} from={span.from} />,
      sort: (span) => span.service,
      names: true,
    },
    { title: 'Source', cell: (span) => span.from, sort: (span) => span.from },
    { title: 'Away from', cell: (span) => span.to, sort: (span) => span.to },
    {
      title: 'State',
      cell: (span) => (
        <Level level={span.endUnixMs === undefined ? 'warn' : 'ok'} word={span.endUnixMs === undefined ? 'active' : 'over'} />
      ),
      sort: (span) => Number(span.endUnixMs !== undefined),
    },
    {
      title: 'Began',
      sort: (span) => span.startUnixMs,
      cell: (span) => (
        <Link to="/" query={{ at: formatMoment(span.startUnixMs) }} title="Look at that moment">
          {dateTime(span.startUnixMs)}
        </Link>
      ),
    },
    { title: 'Lasted', number: true, cell: (span) => duration(length(span)), sort: length },
    { title: 'Why', cell: (span) => <span className="soft">{span.why}</span> },
  ];
}

/** The active ones first, then the newest. */
export function SpanTable({ spans, now }: { spans: Span[]; now: number }) {
  const second = Math.floor(now / 1000);
  const columns = useMemo(() => columnsFor(second), [second]);
  const rows = [...spans].sort(
    (a, b) => Number(a.endUnixMs !== undefined) - Number(b.endUnixMs !== undefined) || b.startUnixMs - a.startUnixMs,
  );
  if (rows.length === 0) return null;
  return (
    <Panel title="The same as a table" flush>
      <Table
        caption="Failovers"
        columns={columns}
        rows={rows}
        rowKey={(span) => `${span.service} ${span.from} ${span.to} ${span.startUnixMs}`}
        pageSize={50}
      />
    </Panel>
  );
}
