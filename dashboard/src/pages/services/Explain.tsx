import type { Change, Explanation } from '../../api/types';
import { useReply } from '../../api/useReply';
import { useAt } from '../../app/moment';
import { command } from '../../logic/commands';
import { dateTime, ppm } from '../../logic/format';
import { formatMoment } from '../../logic/moment';
import { Command } from '../../ui/Command';
import { ErrorNote, Waiting } from '../../ui/Note';
import { Panel } from '../../ui/Panel';
import { Moves } from './Moves';
import { Outcome } from './Outcome';
import { Reasons } from './Reasons';

interface Props {
  service: string;
  from: string;
  revision: string;
  /** Of the weights in force: when it changes, there is something new to explain. */
  inForce: number | undefined;
  onNewest: () => void;
}

const EVERY_MS = 5000;

function Body({ change, reply }: { change: Change; reply: Explanation }) {
  return (
    <>
      <dl className="facts">
        <dt>When</dt>
        <dd>{dateTime(change.unixMs)}</dd>
        <dt>By</dt>
        <dd>{change.by}</dd>
        <dt>Applied</dt>
        <dd>
          by {reply.agentsAcked} of {reply.agentsTotal} agents
        </dd>
      </dl>
      <div>
        <h3>Before → after</h3>
        <Moves before={change.before} after={change.after} />
      </div>
      <div>
        <h3>Reasons, in points of the share</h3>
        <Reasons reasons={change.reasons} />
      </div>
      {change.guards.length > 0 && (
        <div>
          <h3>Guards</h3>
          <ul>
            {change.guards.map((guard) => (
              <li key={guard}>{guard}</li>
            ))}
          </ul>
        </div>
      )}
      <div>
        <h3>Within the objective</h3>
        <Outcome before={change.seenBefore} after={change.seenAfter} expected={ppm(change.expectedInObjectivePpm, 2)} />
      </div>
    </>
  );
}

/** Why the weights are what they are, or were at a revision or a moment. */
export function Explain({ service, from, revision, inForce, onNewest }: Props) {
  const at = useAt();
  const reply = useReply<Explanation>(
    '/explain',
    { service, from, generation: revision, at: revision ? undefined : at },
    at === undefined ? EVERY_MS : 0,
    inForce,
  );
  const change = reply.data?.change;
  return (
    <Panel
      title={change ? `Why: revision ${change.epoch}.${change.generation}` : 'Why'}
      tools={
        revision && (
          <button type="button" className="link" onClick={onNewest}>
            {at === undefined ? 'The newest' : 'What was in force'}
          </button>
        )
      }
    >
      <div className="stack">
        <ErrorNote error={reply.error} />
        {!reply.data && !reply.error && <Waiting for="the explanation" />}
        {reply.data && !change && <p className="muted">Nothing has set these weights yet.</p>}
        {reply.data && change && <Body change={change} reply={reply.data} />}
        <Command
          text={command.explain(service, from, Number(revision) || undefined, at === undefined ? undefined : formatMoment(at))}
        />
      </div>
    </Panel>
  );
}
