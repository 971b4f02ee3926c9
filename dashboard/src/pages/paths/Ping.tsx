import { useState } from 'react';
import { post } from '../../api/client';
import { command } from '../../logic/commands';
import { latency, plural } from '../../logic/format';
import { useBlocked } from '../../ui/Act';
import { Command } from '../../ui/Command';
import { ErrorNote } from '../../ui/Note';
import { useAction } from '../../ui/useAction';

interface Answer {
  sent: number;
  rttUs?: number[];
}

const COUNT = 5;

export function Ping({ from, to }: { from: string; to: string }) {
  const [answer, setAnswer] = useState<Answer>();
  const { busy, error, run } = useAction();
  const blocked = useBlocked();
  const ping = () =>
    run(async () => setAnswer(await post<Answer>('/paths/ping', { fromAgent: from, toAgent: to, count: COUNT })));
  const trips = answer?.rttUs ?? [];
  return (
    <div className="stack">
      <div className="row">
        <button type="button" disabled={busy || blocked !== ''} title={blocked || undefined} onClick={() => void ping()}>
          {busy ? 'Measuring …' : 'Ping now'}
        </button>
        <span role="status">
          {answer &&
            `${trips.length} of ${plural(answer.sent, 'packet')} came back${trips.length > 0 ? `: ${trips.map(latency).join(', ')}` : ''}`}
        </span>
      </div>
      <ErrorNote error={error} />
      <Command text={command.ping(from, to)} />
    </div>
  );
}
