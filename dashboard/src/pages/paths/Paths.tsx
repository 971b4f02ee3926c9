import { useCallback, useMemo } from 'react';
import { usePaths } from '../../api/useSnapshot';
import { navigate, useQueryParam, withQuery } from '../../app/router';
import { Matrix } from '../../charts/Matrix';
import { toCsv } from '../../logic/csv';
import { METRICS, type Metric, scaleEnd, valueOf } from '../../logic/metric';
import { pairKey, pairsOf, regionsOf } from '../../logic/pairs';
import { Choice } from '../../ui/Choice';
import { CopyButton } from '../../ui/Command';
import { Empty, ErrorNote, Waiting } from '../../ui/Note';
import { PageHead, Panel } from '../../ui/Panel';
import { Ramp } from '../../ui/Ramp';
import { PairDrawer } from './PairDrawer';
import { PathTable } from './PathTable';

function useCsv(regions: string[], pairs: ReturnType<typeof pairsOf>, metric: Metric): string {
  return useMemo(() => {
    const unit = metric === 'loss' ? 'ppm' : 'us';
    const cell = (from: string, to: string) => {
      const pair = pairs.get(pairKey(from, to));
      return (pair && valueOf(pair, metric)) ?? '';
    };
    return toCsv([
      [`${metric}_${unit} from\\to`, ...regions],
      ...regions.map((from) => [from, ...regions.map((to) => cell(from, to))]),
    ]);
  }, [regions, pairs, metric]);
}

export default function Paths() {
  const paths = usePaths();
  const [wish, setMetric] = useQueryParam('metric', 'p50');
  const [view, setView] = useQueryParam('view', 'matrix');
  const [from] = useQueryParam('from');
  const [to] = useQueryParam('to');
  const metric = METRICS.find((name) => name === wish) ?? 'p50';
  const regions = useMemo(() => regionsOf(paths.data ?? []), [paths.data]);
  const pairs = useMemo(() => pairsOf(paths.data ?? []), [paths.data]);
  const csv = useCsv(regions, pairs, metric);
  const open = useCallback((a: string | undefined, b: string | undefined) => {
    navigate(window.location.pathname + withQuery(window.location.search, { from: a, to: b }));
  }, []);
  const pair = from && to ? pairs.get(pairKey(from, to)) : undefined;

  return (
    <div className="stack">
      <PageHead title="Paths">
        <Choice label="Metric" options={METRICS} value={metric} onChoose={setMetric} />
        <Choice label="View" options={['matrix', 'table']} value={view} onChoose={setView} />
        <span className="push">
          <CopyButton text={csv} label="Copy as CSV" />
        </span>
      </PageHead>
      <ErrorNote error={paths.error} />
      {!paths.data && !paths.error && <Waiting for="paths" />}
      {paths.data?.length === 0 && (
        <Empty
          title="There is no path yet"
          commands={['weirctl mesh token create --region REGION --cluster CLUSTER', 'weir-agent join']}
        >
          A path is measured between every two agents: two of them must have joined.
        </Empty>
      )}
      {paths.data && paths.data.length > 0 && (
        <Panel
          title={view === 'matrix' ? 'Row: from. Column: to.' : 'Every path'}
          tools={
            view === 'matrix' && (
              <span className="legend">
                <Ramp end={scaleEnd(metric)} />
                <span>× down</span>
              </span>
            )
          }
          flush
        >
          {view === 'matrix' ? (
            <Matrix regions={regions} pairs={pairs} metric={metric} onOpen={open} />
          ) : (
            <PathTable paths={paths.data} onOpen={open} />
          )}
        </Panel>
      )}
      {from && to && paths.data && (
        <PairDrawer key={`${from} ${to}`} from={from} to={to} pair={pair} onClose={() => open(undefined, undefined)} />
      )}
    </div>
  );
}
