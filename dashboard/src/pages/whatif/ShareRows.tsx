import type { Outcome } from '../../api/types';
import { percent } from '../../logic/format';
import { colourIndex } from '../../logic/colour';

interface Props {
  outcomes: Outcome[];
  sources: string[];
  regions: string[];
  shareOf: (outcome: Outcome, from: string, to: string) => number;
}

/** A row for each source: its shares as one strip per outcome, with the numbers for those who point at it or hear it. */
export function ShareRows({ outcomes, sources, regions, shareOf }: Props) {
  const sorted = [...regions].sort();
  return sources.map((from) => (
    <tr key={from}>
      <th scope="row">from {from}</th>
      {outcomes.map((outcome) => {
        const parts = sorted.map((to) => ({ to, share: shareOf(outcome, from, to) })).filter((part) => part.share > 0.0005);
        const words = parts.map(({ to, share }) => `${to} ${percent(share)}`).join(', ');
        return (
          <td key={outcome.name} title={words}>
            <span className="strip" role="img" aria-label={words}>
              {parts.map(({ to, share }) => (
                <i key={to} style={{ width: `${share * 100}%`, background: `var(--region-${colourIndex(to, sorted)})` }}>
                  {share > 0.18 ? percent(share, 0) : ''}
                </i>
              ))}
            </span>
          </td>
        );
      })}
    </tr>
  ));
}
