import type { Weight } from '../../api/types';
import { count, percent } from '../../logic/format';
import { movesOf } from '../../logic/shares';

/** Weights and shares of each destination, before and after. */
export function Moves({ before, after }: { before: Weight[]; after: Weight[] }) {
  return (
    <div className="scroll">
      <table className="compact">
        <caption className="hidden-visually">Weights before and after</caption>
        <thead>
          <tr>
            <th scope="col">To</th>
            <th scope="col" className="number">
              Weight
            </th>
            <th scope="col" className="number">
              Share
            </th>
          </tr>
        </thead>
        <tbody>
          {movesOf(before, after).map((move) => (
            <tr key={move.region}>
              <th scope="row">{move.region}</th>
              <td className="number nowrap">
                {before.length > 0 ? `${count(move.weightBefore)} → ${count(move.weightAfter)}` : count(move.weightAfter)}
              </td>
              <td className="number nowrap">
                {before.length > 0 ? `${percent(move.shareBefore)} → ${percent(move.shareAfter)}` : percent(move.shareAfter)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
