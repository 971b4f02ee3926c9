import { useState } from 'react';
import { post } from '../../api/client';
import type { WeightMove } from '../../api/types';
import { command } from '../../logic/commands';
import { PlanDialog } from '../../ui/PlanDialog';
import { Guards } from './Guards';
import { Moves } from './Moves';
import { TtlField } from './TtlField';

interface Plan {
  moves?: WeightMove[];
}

interface Props {
  service: string;
  /** To the weights in force now instead of earlier ones. */
  freeze: boolean;
  onClose: () => void;
}

export function RollbackDialog({ service, freeze, onClose }: Props) {
  const [ttlS, setTtl] = useState(3600);
  const [revision, setRevision] = useState('');
  const generation = freeze ? 0 : Number(revision) || 0;
  const send = (dryRun: boolean) => post<Plan>('/rollback', { service, generation: String(generation), ttlS, dryRun, freeze });
  return (
    <PlanDialog<Plan>
      title={freeze ? `Freeze ${service}` : `Roll ${service} back`}
      verb={freeze ? 'Freeze' : 'Roll back'}
      command={freeze ? command.freeze(service, ttlS) : command.rollback(service, generation, ttlS)}
      onClose={onClose}
      plan={() => send(true)}
      apply={() => send(false)}
      form={
        <>
          <p className="soft">
            {freeze ? 'Pins every source to the weights in force now.' : 'Pins every source to the weights it had.'}
          </p>
          {!freeze && (
            <label className="field">
              <span>Revision</span>
              <input
                type="text"
                inputMode="numeric"
                pattern="[0-9]*"
                placeholder="before the newest change"
                value={revision}
                onChange={(event) => setRevision(event.target.value)}
              />
            </label>
          )}
          <TtlField value={ttlS} onChoose={setTtl} />
        </>
      }
      show={({ moves = [] }) => (
        <div className="stack">
          {moves.length === 0 && <p>Nothing would change.</p>}
          {moves.map((move) => (
            <div key={move.fromRegion}>
              <h3>From {move.fromRegion}</h3>
              <Moves before={move.before} after={move.after} />
              <Guards guards={move.guards} />
            </div>
          ))}
        </div>
      )}
    />
  );
}
