import { useMemo } from 'react';
import type { WeightCell, WeightRow } from '../../api/types';
import { count, dateTime, latency, ppm, rate } from '../../logic/format';
import { Command } from '../../ui/Command';
import { command } from '../../logic/commands';
import { Level } from '../../ui/Level';
import { Panel } from '../../ui/Panel';
import { RegionName } from '../../ui/RegionName';
import { type Column, Table } from '../../ui/Table';

/** "active" is well, what begins with "down" is not, the rest is on its way. */
function State({ state }: { state: string }) {
  const level = state === 'active' ? 'ok' : state.startsWith('down') ? 'fail' : state === 'standby' ? 'unknown' : 'warn';
  return <Level level={level} word={state} />;
}

function columnsFor(regions: string[], onExplain: () => void): Column<WeightCell>[] {
  return [
    {
      title: 'To',
      cell: (cell) => <RegionName region={cell.region} regions={regions} />,
      sort: (cell) => cell.region,
      names: true,
    },
    { title: 'Weight', number: true, cell: (cell) => count(cell.weight), sort: (cell) => cell.weight },
    { title: 'Wanted', number: true, cell: (cell) => ppm(cell.wantedSharePpm), sort: (cell) => cell.wantedSharePpm },
    { title: 'Effective', number: true, cell: (cell) => ppm(cell.effectiveSharePpm), sort: (cell) => cell.effectiveSharePpm },
    { title: 'Seen', number: true, cell: (cell) => ppm(cell.seenSharePpm), sort: (cell) => cell.seenSharePpm },
    { title: 'Requests', number: true, cell: (cell) => rate(cell.requestsPerSecond), sort: (cell) => cell.requestsPerSecond },
    { title: 'Tier', number: true, cell: (cell) => cell.tier, sort: (cell) => cell.tier, wideOnly: true },
    { title: 'p50', number: true, cell: (cell) => latency(cell.p50Us), sort: (cell) => cell.p50Us, wideOnly: true },
    { title: 'p99', number: true, cell: (cell) => latency(cell.p99Us), sort: (cell) => cell.p99Us },
    { title: 'Errors', number: true, cell: (cell) => ppm(cell.errorPpm, 2), sort: (cell) => cell.errorPpm },
    { title: 'State', cell: (cell) => <State state={cell.state} />, sort: (cell) => cell.state },
    {
      title: 'Why',
      cell: (cell) => (
        <button type="button" className="link" onClick={onExplain}>
          {cell.why || 'why'}
        </button>
      ),
      sort: (cell) => cell.why,
    },
  ];
}

interface Props {
  row: WeightRow;
  regions: string[];
  onExplain: (generation: number) => void;
}

export function WeightTable({ row, regions, onExplain }: Props) {
  const { generation } = row;
  const columns = useMemo(() => columnsFor(regions, () => onExplain(generation)), [regions, onExplain, generation]);
  return (
    <Panel
      title={`Weights for requests from ${row.fromRegion}`}
      flush
      tools={
        <>
          {row.pinned && (
            <span className="badge accent">
              pinned {row.pinExpiresUnixMs > 0 ? `until ${dateTime(row.pinExpiresUnixMs)}` : 'until unpinned'}
            </span>
          )}
          <span className="muted">
            revision {row.epoch}.{row.generation}, {rate(row.requestsPerSecond)}
          </span>
        </>
      }
    >
      <Table
        caption={`Weights for requests from ${row.fromRegion}`}
        columns={columns}
        rows={row.to}
        rowKey={(cell) => cell.region}
        pageSize={60}
      />
      <div className="body">
        <Command text={command.weights(row.service, row.fromRegion)} />
      </div>
    </Panel>
  );
}
