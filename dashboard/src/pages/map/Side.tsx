import { latency, percent, ppm, rate } from '../../logic/format';
import { type Pair, pairKey, stateOf } from '../../logic/pairs';
import { Level } from '../../ui/Level';
import { Link } from '../../ui/Link';
import { Panel } from '../../ui/Panel';
import type { Selection } from './selection';
import type { MapData } from './useMapData';

const WORD = { up: 'ok', partly: 'warn', down: 'fail' } as const;

function Direction({ pair, data }: { pair: Pair; data: MapData }) {
  const key = pairKey(pair.from, pair.to);
  return (
    <div>
      <h3>
        {pair.from} → {pair.to}
      </h3>
      <dl className="facts">
        <dt>State</dt>
        <dd>
          <Level level={WORD[stateOf(pair)]} word={`${pair.up} of ${pair.paths.length} up`} />
        </dd>
        <dt>p50, p99</dt>
        <dd>
          {latency(pair.p50Us)}, {latency(pair.p99Us)}
        </dd>
        <dt>Loss, jitter</dt>
        <dd>
          {ppm(pair.lossPpm, 2)}, {latency(pair.jitterUs)}
        </dd>
        <dt>Traffic</dt>
        <dd>
          {rate(data.rates.get(key) ?? 0)}, {percent(data.shares.get(key) ?? 0)} of all
        </dd>
      </dl>
      <Link to="/paths" query={{ from: pair.from, to: pair.to }}>
        This path over time
      </Link>
    </div>
  );
}

function Region({ name, data }: { name: string; data: MapData }) {
  const health = data.health.get(name);
  const from = [...data.rates].filter(([key]) => key.startsWith(`${name}\n`)).reduce((sum, [, value]) => sum + value, 0);
  const to = [...data.rates].filter(([key]) => key.endsWith(`\n${name}`)).reduce((sum, [, value]) => sum + value, 0);
  const own = data.rates.get(pairKey(name, name)) ?? 0;
  return (
    <>
      <Level level={health?.level ?? 'unknown'} word={health?.says ?? 'nothing known'} />
      <dl className="facts">
        <dt>Agents</dt>
        <dd>
          {health?.agentsConnected ?? 0} of {health?.agents ?? 0} connected
        </dd>
        <dt>Servers</dt>
        <dd>
          {health?.serversHealthy ?? 0} of {health?.servers ?? 0} healthy
        </dd>
        <dt>Starts here</dt>
        <dd>{rate(from)}</dd>
        <dt>Served here</dt>
        <dd>{rate(to)}</dd>
        <dt>Stays here</dt>
        <dd>
          {rate(own)}, {percent(from > 0 ? own / from : undefined)} of what starts here
        </dd>
      </dl>
    </>
  );
}

export function Side({ selected, data }: { selected: Selection; data: MapData }) {
  const { region, from, to } = selected;
  if (region) {
    return (
      <Panel title={region}>
        <div className="stack">
          <Region name={region} data={data} />
        </div>
      </Panel>
    );
  }
  if (from && to) {
    const pairs = [data.pairs.get(pairKey(from, to)), data.pairs.get(pairKey(to, from))].filter((pair) => pair !== undefined);
    return (
      <Panel title={`${from} and ${to}`}>
        <div className="stack">
          {pairs.length > 0
            ? pairs.map((pair) => <Direction key={pair.from} pair={pair} data={data} />)
            : 'No path between the two.'}
        </div>
      </Panel>
    );
  }
  return (
    <Panel title="Selection">
      <p className="muted">Point at a region or a path, or choose one, to see its numbers here.</p>
    </Panel>
  );
}
