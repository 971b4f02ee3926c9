import { memo, useMemo } from 'react';
import { latency, percent, ppm, rate } from '../../logic/format';
import { type Pair, pairKey, stateOf } from '../../logic/pairs';
import { Level } from '../../ui/Level';
import { Link } from '../../ui/Link';
import { Panel } from '../../ui/Panel';
import { type Column, Table } from '../../ui/Table';
import type { MapData } from './useMapData';

const LEVEL = { up: 'ok', partly: 'warn', down: 'fail' } as const;
const RANK = { down: 0, partly: 1, up: 2 };

function columnsFor(data: MapData): Column<Pair>[] {
  const share = (pair: Pair) => data.shares.get(pairKey(pair.from, pair.to)) ?? 0;
  return [
    { title: 'From', cell: (pair) => pair.from, sort: (pair) => pair.from },
    {
      title: 'To',
      cell: (pair) => (
        <Link to="/paths" query={{ from: pair.from, to: pair.to }}>
          {pair.to}
        </Link>
      ),
      sort: (pair) => pair.to,
    },
    {
      title: 'State',
      cell: (pair) => <Level level={LEVEL[stateOf(pair)]} word={stateOf(pair)} />,
      sort: (pair) => RANK[stateOf(pair)],
    },
    { title: 'p50', number: true, cell: (pair) => latency(pair.p50Us), sort: (pair) => pair.p50Us },
    { title: 'p99', number: true, cell: (pair) => latency(pair.p99Us), sort: (pair) => pair.p99Us },
    { title: 'Loss', number: true, cell: (pair) => ppm(pair.lossPpm, 2), sort: (pair) => pair.lossPpm },
    { title: 'Requests', number: true, cell: (pair) => rate(data.rates.get(pairKey(pair.from, pair.to)) ?? 0), sort: share },
    { title: 'Share', number: true, cell: (pair) => percent(share(pair)), sort: share },
  ];
}

interface Props {
  data: MapData;
  /** Only the paths of this one; empty: all. */
  region: string;
  chosen: string | undefined;
}

export const PairTable = memo(function PairTable({ data, region, chosen }: Props) {
  const columns = useMemo(() => columnsFor(data), [data]);
  const rows = useMemo(() => {
    const all = [...data.pairs.values()];
    const near = region ? all.filter((pair) => pair.from === region || pair.to === region) : all;
    return near.sort((a, b) => RANK[stateOf(a)] - RANK[stateOf(b)]);
  }, [data.pairs, region]);
  return (
    <Panel title={region ? `Paths of ${region}` : 'All paths'} flush>
      <Table
        caption="Paths between regions"
        columns={columns}
        rows={rows}
        rowKey={(pair) => pairKey(pair.from, pair.to)}
        pageSize={50}
        {...(chosen ? { chosen } : {})}
      />
    </Panel>
  );
});
