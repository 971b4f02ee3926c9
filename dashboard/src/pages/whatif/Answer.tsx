import type { SimulateRequest, Simulation } from '../../api/types';
import { brokenOf } from '../../logic/whatif';
import { duration } from '../../logic/format';
import { Level } from '../../ui/Level';
import { Note } from '../../ui/Note';
import { Panel } from '../../ui/Panel';
import { ServiceAnswer } from './ServiceAnswer';

function Verdict({ reply }: { reply: Simulation }) {
  const broken = brokenOf(reply);
  if (broken.length === 0) return <Level level="ok" word="No limit would break" />;
  return (
    <ol className="list">
      {broken.map((one) => (
        <li key={`${one.service} ${one.outcome} ${one.limit}`}>
          <span className="row">
            <Level level={one.inForce ? 'fail' : 'warn'} word={one.limit} />
            <strong>
              {one.service} under {one.outcome}
              {one.inForce && ' (in force)'}
            </strong>
          </span>
          <span>{one.text}</span>
        </li>
      ))}
    </ol>
  );
}

interface Props {
  ask: SimulateRequest;
  reply: Simulation;
  /** The form has moved on since. */
  changed: boolean;
}

export function Answer({ ask, reply, changed }: Props) {
  const failed = ask.failRegions.length > 0 ? `, ${ask.failRegions.join(' and ')} failing` : '';
  return (
    <>
      {changed && <Note kind="warn">The question has changed since: this is the answer to the one before.</Note>}
      <Panel
        title={`What would break${failed}`}
        tools={<span className="muted">{duration(reply.forS * 1000)} simulated</span>}
        flush={brokenOf(reply).length > 0}
      >
        <Verdict reply={reply} />
      </Panel>
      {reply.services.map((service) => (
        <ServiceAnswer key={service.service} service={service} />
      ))}
    </>
  );
}
