import { useMemo } from 'react';
import type { Change } from '../../api/types';
import { dateTime, percent, points, ppm } from '../../logic/format';
import { largestMove } from '../../logic/shares';
import { Panel } from '../../ui/Panel';
import { type Column, Table } from '../../ui/Table';

function inObjective(seen: Change['seenBefore']): number | undefined {
  return seen && seen.ended > 0 ? seen.inObjective / seen.ended : undefined;
}

function Move({ change }: { change: Change }) {
  const move = largestMove(change.before, change.after);
  return move ? `${move.region} ${points(move.shareAfter - move.shareBefore)}` : '–';
}

function columnsFor(onExplain: (generation: number) => void): Column<Change>[] {
  return [
    {
      title: 'When',
      cell: (change) => <span className="nowrap">{dateTime(change.unixMs)}</span>,
      sort: (change) => change.unixMs,
    },
    { title: 'Revision', cell: (change) => `${change.epoch}.${change.generation}`, wideOnly: true },
    { title: 'By', cell: (change) => change.by, sort: (change) => change.by },
    { title: 'Largest move', cell: (change) => <Move change={change} /> },
    { title: 'Before', number: true, cell: (change) => percent(inObjective(change.seenBefore), 2), wideOnly: true },
    { title: 'Expected', number: true, cell: (change) => ppm(change.expectedInObjectivePpm, 2), wideOnly: true },
    { title: 'After', number: true, cell: (change) => percent(inObjective(change.seenAfter), 2) },
    {
      title: '',
      cell: (change) => (
        <button type="button" className="link" onClick={() => onExplain(change.generation)}>
          Why
        </button>
      ),
    },
  ];
}

interface Props {
  changes: Change[];
  chosen: string;
  onExplain: (generation: number) => void;
}

export function ChangeTable({ changes, chosen, onExplain }: Props) {
  const columns = useMemo(() => columnsFor(onExplain), [onExplain]);
  return (
    <Panel
      title="Changes in this range"
      flush
      tools={<span className="muted">before, expected, after: within the objective</span>}
    >
      {changes.length === 0 ? (
        <p className="empty">No change within this range: choose a longer one to see older ones.</p>
      ) : (
        <Table
          caption="Changes of the weights"
          columns={columns}
          rows={changes}
          rowKey={(change) => String(change.generation)}
          chosen={chosen}
          pageSize={15}
        />
      )}
    </Panel>
  );
}
