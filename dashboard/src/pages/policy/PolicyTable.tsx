import { useMemo } from 'react';
import type { PolicyStatus } from '../../api/types';
import { count, percent } from '../../logic/format';
import { type Column, Table } from '../../ui/Table';
import { CostBar } from './CostBar';

function seenShare(row: PolicyStatus): number | undefined {
  return row.ended > 0 ? row.inObjective / row.ended : undefined;
}

function Steering({ row }: { row: PolicyStatus }) {
  if (row.mode === 'static') return <span className="muted">configured weights</span>;
  return (
    <span className="row">
      {row.steering || 'none yet'}
      {hasFallen(row) && <span className="badge warn">fell from {row.policy}</span>}
    </span>
  );
}

function columnsFor(onChoose: (service: string) => void): Column<PolicyStatus>[] {
  return [
    {
      title: 'Service',
      names: true,
      sort: (row) => row.service,
      cell: (row) => (
        <button type="button" className="link" onClick={() => onChoose(row.service)}>
          {row.service}
        </button>
      ),
    },
    {
      title: 'Mode',
      cell: (row) => (
        <span title={row.modeBy ? `set by ${row.modeBy}` : 'as configured'}>
          {row.mode}
          {row.modeBy && ' *'}
        </span>
      ),
      sort: (row) => row.mode,
    },
    { title: 'Steers', cell: (row) => <Steering row={row} />, sort: (row) => row.steering },
    { title: 'Goal', cell: (row) => row.goal, sort: (row) => row.goal, wideOnly: true },
    { title: 'Decisions', number: true, cell: (row) => count(row.decisions), sort: (row) => row.decisions, wideOnly: true },
    {
      title: 'Falls',
      number: true,
      cell: (row) => <span title={row.lastFall || undefined}>{count(row.falls)}</span>,
      sort: (row) => row.falls,
    },
    { title: 'In objective', number: true, cell: (row) => percent(seenShare(row), 2), sort: (row) => seenShare(row) ?? 2 },
    {
      title: 'Expected',
      number: true,
      cell: (row) => percent(row.ended > 0 ? row.expectedInObjective / row.ended : undefined, 2),
      wideOnly: true,
    },
    { title: 'Wishes', number: true, cell: (row) => row.wishes.length || '–', sort: (row) => row.wishes.length },
    {
      title: 'Cost an hour',
      cell: (row) => <CostBar cost={row.costPerHour} ceiling={row.maxCostPerHour} cut={row.costCut} />,
      sort: (row) => row.costPerHour,
    },
  ];
}

function hasFallen(row: PolicyStatus): boolean {
  return row.mode !== 'static' && row.steering !== '' && row.steering !== row.policy;
}

interface Props {
  rows: PolicyStatus[];
  chosen: string;
  onChoose: (service: string) => void;
}

export function PolicyTable({ rows, chosen, onChoose }: Props) {
  const columns = useMemo(() => columnsFor(onChoose), [onChoose]);
  // What needs a look comes first: a fall, then something to decide.
  const sorted = useMemo(
    () =>
      [...rows].sort(
        (a, b) => Number(hasFallen(b)) - Number(hasFallen(a)) || Number(b.wishes.length > 0) - Number(a.wishes.length > 0),
      ),
    [rows],
  );
  return (
    <Table
      caption="Policies by service"
      columns={columns}
      rows={sorted}
      rowKey={(row) => row.service}
      chosen={chosen}
      pageSize={50}
    />
  );
}
