import { useState } from 'react';
import type { RunningEvacuation } from '../../api/types';
import { dateTime, duration, plural } from '../../logic/format';
import { Act, useMay } from '../../ui/Act';
import { Panel } from '../../ui/Panel';
import { type Column, Table } from '../../ui/Table';
import { CancelEvacuation } from './CancelEvacuation';

function columnsFor(now: number, cancel: ((one: RunningEvacuation) => void) | undefined): Column<RunningEvacuation>[] {
  const columns: Column<RunningEvacuation>[] = [
    { title: 'Emptied', cell: (one) => <strong>{one.region}</strong>, names: true },
    { title: 'Of', cell: (one) => (one.services.length === 1 ? one.services[0] : plural(one.services.length, 'service')) },
    { title: 'Sources', number: true, cell: (one) => one.sources },
    { title: 'By', cell: (one) => one.by },
    { title: 'Since', cell: (one) => dateTime(one.sinceUnixMs) },
    {
      title: 'Ends',
      cell: (one) => (one.untilUnixMs === 0 ? 'when somebody ends it' : `in ${duration(one.untilUnixMs - now)}`),
    },
  ];
  if (!cancel) return columns;
  const action = (one: RunningEvacuation) => (
    <Act least="operator" onClick={() => cancel(one)}>
      Cancel it
    </Act>
  );
  return [...columns, { title: '', cell: action }];
}

/** Regions that get nothing since somebody wanted it so: not to be taken for a failure, nor to be forgotten. */
export function Evacuations({ evacuations, now }: { evacuations: RunningEvacuation[]; now: number }) {
  const may = useMay('operator');
  const [cancelling, setCancelling] = useState<RunningEvacuation>();
  return (
    <>
      {evacuations.length > 0 && (
        <Panel title="Emptied by people" flush>
          <Table
            caption="Evacuations and drills under way"
            columns={columnsFor(now, may ? setCancelling : undefined)}
            rows={evacuations}
            rowKey={(one) => `${one.region} ${one.by} ${one.sinceUnixMs} ${one.untilUnixMs}`}
          />
        </Panel>
      )}
      {cancelling && <CancelEvacuation evacuation={cancelling} onClose={() => setCancelling(undefined)} />}
    </>
  );
}
