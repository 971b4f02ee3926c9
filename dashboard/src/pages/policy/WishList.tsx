import type { PolicyWish, WeightRow } from '../../api/types';
import { ppm } from '../../logic/format';
import { Moves } from '../services/Moves';
import { Reasons } from '../services/Reasons';

interface Props {
  wishes: PolicyWish[];
  rows?: WeightRow[];
  /** Sources beside each other where there is room. */
  columns?: boolean;
}

/** What the policy wishes of each source, against the weights in force where they are known. */
export function WishList({ wishes, rows = [], columns = false }: Props) {
  if (wishes.length === 0) return <p className="muted">It wishes nothing else than what is in force.</p>;
  return (
    <div className={columns ? 'halves' : 'stack'}>
      {wishes.map((wish) => (
        <div key={wish.fromRegion} className="stack">
          <h3>
            From {wish.fromRegion}
            {wish.expectedInObjectivePpm !== undefined && `: expects ${ppm(wish.expectedInObjectivePpm, 2)} within the objective`}
          </h3>
          <Moves before={rows.find((row) => row.fromRegion === wish.fromRegion)?.to ?? []} after={wish.weights} />
          <Reasons reasons={wish.reasons} />
        </div>
      ))}
    </div>
  );
}
