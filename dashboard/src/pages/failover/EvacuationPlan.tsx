import type { Evacuation } from '../../api/types';
import { rate } from '../../logic/format';
import { Guards } from '../services/Guards';
import { Moves } from '../services/Moves';

export function EvacuationPlan({ plan }: { plan: Evacuation }) {
  const { moves = [], staying = [] } = plan;
  return (
    <div className="stack">
      {moves.length === 0 && <p>Nothing goes there.</p>}
      {moves.map((move) => (
        <div key={`${move.service} ${move.fromRegion}`}>
          <h3>
            {move.service} from {move.fromRegion}: {rate(move.requestsPerSecond)} go there now
          </h3>
          <Moves before={move.before} after={move.after} />
          {move.guards.length > 0 && <Guards guards={move.guards} />}
        </div>
      ))}
      {staying.length > 0 && (
        <div>
          <h3>Goes on as it is</h3>
          <ul>
            {staying.map((reason) => (
              <li key={reason}>{reason}</li>
            ))}
          </ul>
        </div>
      )}
    </div>
  );
}
