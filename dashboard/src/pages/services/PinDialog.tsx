import { useState } from 'react';
import { post } from '../../api/client';
import type { PinPlan, Weight, WeightRow } from '../../api/types';
import { command } from '../../logic/commands';
import { percent } from '../../logic/format';
import { sharesOf } from '../../logic/shares';
import { PlanDialog } from '../../ui/PlanDialog';
import { Guards } from './Guards';
import { Moves } from './Moves';
import { TtlField } from './TtlField';

const MOST = 10_000;

function Fields({ weights, onChange }: { weights: Weight[]; onChange: (weights: Weight[]) => void }) {
  const shares = sharesOf(weights);
  return (
    <table>
      <caption className="hidden-visually">Weights to pin</caption>
      <tbody>
        {weights.map(({ region, weight }, index) => (
          <tr key={region}>
            <th scope="row">
              <label htmlFor={`pin-${index}`}>{region}</label>
            </th>
            <td>
              <input
                id={`pin-${index}`}
                type="number"
                min={0}
                max={MOST}
                step={1}
                required
                value={weight}
                onChange={(event) =>
                  onChange(
                    weights.map((entry, i) => (i === index ? { region, weight: Math.round(Number(event.target.value)) } : entry)),
                  )
                }
              />
            </td>
            <td className="number">{percent(shares.get(region))}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

export function PinDialog({ row, onClose }: { row: WeightRow; onClose: () => void }) {
  const [weights, setWeights] = useState<Weight[]>(() => row.to.map(({ region, weight }) => ({ region, weight })));
  const [ttlS, setTtl] = useState(3600);
  const send = (dryRun: boolean) =>
    post<PinPlan>('/pin', { service: row.service, fromRegion: row.fromRegion, weights, ttlS, dryRun });
  return (
    <PlanDialog<PinPlan>
      title={`Pin ${row.service} from ${row.fromRegion}`}
      verb="Pin"
      command={command.pin(row.service, row.fromRegion, weights, ttlS)}
      ready={weights.some(({ weight }) => weight > 0)}
      onClose={onClose}
      plan={() => send(true)}
      apply={() => send(false)}
      form={
        <>
          <p className="soft">These weights stand above every mode until they are unpinned. Health and failover still count.</p>
          <Fields weights={weights} onChange={setWeights} />
          <TtlField value={ttlS} onChoose={setTtl} />
        </>
      }
      show={(plan) => (
        <div className="stack">
          <Moves before={plan.before} after={plan.after} />
          <Guards guards={plan.guards} />
          <p>Pin it so?</p>
        </div>
      )}
    />
  );
}
