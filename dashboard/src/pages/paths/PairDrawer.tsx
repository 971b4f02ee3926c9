import { useState } from 'react';
import { RANGES } from '../../logic/moment';
import { dateTime, latency, ppm } from '../../logic/format';
import { type Pair, stateOf } from '../../logic/pairs';
import { useQueryParam } from '../../app/router';
import { Choice } from '../../ui/Choice';
import { Dialog } from '../../ui/Dialog';
import { Level } from '../../ui/Level';
import { Link } from '../../ui/Link';
import { Select } from '../../ui/Select';
import { PathCharts } from './PathCharts';
import { Ping } from './Ping';

interface Props {
  from: string;
  to: string;
  pair: Pair | undefined;
  onClose: () => void;
}

const LEVEL = { up: 'ok', partly: 'warn', down: 'fail' } as const;

function oneWay(parts: number): string {
  return parts < 0 ? 'not known' : ppm(parts, 2);
}

export function PairDrawer({ from, to, pair, onClose }: Props) {
  const [range, setRange] = useQueryParam('range', '1h');
  const [chosen, setChosen] = useState('');
  const names = (pair?.paths ?? []).map((entry) => `${entry.fromAgent} → ${entry.path?.toAgent}`);
  const index = Math.max(0, names.indexOf(chosen));
  const status = pair?.paths[index];
  const path = status?.path;
  return (
    <Dialog drawer title={`${from} → ${to}`} onClose={onClose}>
      {!pair || !status || !path ? (
        <p>
          There is no path from {from} to {to} now.
        </p>
      ) : (
        <>
          <div className="row">
            <Level level={LEVEL[stateOf(pair)]} word={stateOf(pair)} />
            <span className="muted">since {dateTime(status.sinceUnixMs)}</span>
            <Link to="/paths" query={{ from: to, to: from }}>
              the way back
            </Link>
          </div>
          {names.length > 1 && <Select label="Path" value={names[index] ?? ''} options={names} onChoose={setChosen} />}
          <dl className="facts">
            <dt>Round trip</dt>
            <dd>
              least {latency(path.rttMinUs)}, p50 {latency(path.rttP50Us)}, p95 {latency(path.rttP95Us)}, p99{' '}
              {latency(path.rttP99Us)}
            </dd>
            <dt>Jitter</dt>
            <dd>{latency(path.jitterUs)}</dd>
            <dt>Loss</dt>
            <dd>
              {ppm(path.lossPpm, 2)} there and back; there {oneWay(path.lossOutPpm)}, back {oneWay(path.lossBackPpm)}
            </dd>
          </dl>
          <Choice label="Range" options={Object.keys(RANGES)} value={range} onChoose={setRange} />
          <PathCharts from={status.fromAgent} to={path.toAgent} range={range} />
          <Ping from={status.fromAgent} to={path.toAgent} />
        </>
      )}
    </Dialog>
  );
}
