import type { SeenRequests } from '../../api/types';
import { count, latency, percent } from '../../logic/format';

function Seen({ seen, none }: { seen: SeenRequests | undefined; none: string }) {
  if (!seen || seen.ended === 0) return <span className="muted">{none}</span>;
  return (
    <>
      {percent(seen.inObjective / seen.ended, 2)}{' '}
      <span className="muted">
        of {count(seen.ended)}, p99 {latency(seen.p99Us)}
      </span>
    </>
  );
}

interface Props {
  before: SeenRequests | undefined;
  after: SeenRequests | undefined;
  expected: string;
}

export function Outcome({ before, after, expected }: Props) {
  return (
    <dl className="facts">
      <dt>10 s before</dt>
      <dd>
        <Seen seen={before} none="not measured" />
      </dd>
      <dt>Expected</dt>
      <dd>{expected}</dd>
      <dt>10 s after</dt>
      <dd>
        <Seen seen={after} none="not measured yet" />
      </dd>
    </dl>
  );
}
