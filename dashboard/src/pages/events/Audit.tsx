import { useMemo } from 'react';
import type { AuditEntry } from '../../api/types';
import { useReply } from '../../api/useReply';
import { useAt } from '../../app/moment';
import { useQueryParam } from '../../app/router';
import { dateTime } from '../../logic/format';
import { useMay } from '../../ui/Act';
import { Level } from '../../ui/Level';
import { Empty, ErrorNote, Waiting } from '../../ui/Note';
import { PageHead, Panel } from '../../ui/Panel';
import { Search } from '../../ui/Search';
import { type Column, Table } from '../../ui/Table';
import { Tabs } from './Tabs';

const LIMIT = 500;
const EVERY_MS = 5000;

const COLUMNS: Column<AuditEntry>[] = [
  { title: 'When', cell: (entry) => <span className="nowrap">{dateTime(entry.unixMs)}</span>, sort: (entry) => entry.unixMs },
  { title: 'Who', cell: (entry) => entry.who, sort: (entry) => entry.who, names: true },
  { title: 'Role', cell: (entry) => entry.role, sort: (entry) => entry.role, wideOnly: true },
  { title: 'By way of', cell: (entry) => entry.from, sort: (entry) => entry.from, wideOnly: true },
  { title: 'Action', cell: (entry) => entry.action, sort: (entry) => entry.action },
  { title: 'About', cell: (entry) => <span title={entry.request}>{entry.what}</span>, sort: (entry) => entry.what },
  {
    title: 'Outcome',
    cell: (entry) =>
      entry.error ? (
        <>
          <Level level="fail" word="refused" />
          <span className="record">{entry.error}</span>
        </>
      ) : (
        <Level level="ok" word="done" />
      ),
    sort: (entry) => entry.error,
  },
  { title: 'Before', cell: (entry) => <span className="record">{entry.before}</span>, wideOnly: true },
  { title: 'After', cell: (entry) => <span className="record">{entry.after}</span>, wideOnly: true },
];

export default function Audit() {
  const operator = useMay('operator');
  const until = useAt();
  const [query, setQuery] = useQueryParam('q');
  const reply = useReply<{ entries?: AuditEntry[] }>(
    operator ? '/audit' : undefined,
    { limit: LIMIT, until },
    until === undefined ? EVERY_MS : 0,
  );
  const rows = useMemo(
    () => (reply.data?.entries ?? []).filter((entry) => `${entry.who} ${entry.action} ${entry.what}`.includes(query)),
    [reply.data, query],
  );
  if (!operator) {
    return (
      <div className="stack">
        <PageHead title="Audit" />
        <Empty title="The audit is for operators">Ask an admin of the mesh for that role.</Empty>
      </div>
    );
  }
  return (
    <div className="stack">
      <PageHead title="Audit">
        <Tabs />
        <Search label="Find in the audit" value={query} onSearch={(value) => setQuery(value, true)} />
      </PageHead>
      <ErrorNote error={reply.error} />
      <Panel title="What people changed or tried to change, the newest first" flush>
        {!reply.data ? (
          <Waiting for="the audit" />
        ) : rows.length === 0 ? (
          <Empty title="Nothing is recorded here" />
        ) : (
          <Table
            caption="Audit"
            columns={COLUMNS}
            rows={rows}
            rowKey={(entry) => `${entry.unixMs} ${entry.who} ${entry.action} ${entry.what}`}
          />
        )}
      </Panel>
    </div>
  );
}
