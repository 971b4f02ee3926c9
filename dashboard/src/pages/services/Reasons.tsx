import { Fragment } from 'react';
import type { Reason } from '../../api/types';
import { points } from '../../logic/format';

/** What pulled a share up or down, as bars to both sides of nothing; the longest fills its side. */
export function Reasons({ reasons }: { reasons: Reason[] }) {
  if (reasons.length === 0) return <p className="muted">None is recorded.</p>;
  const longest = Math.max(...reasons.map((reason) => Math.abs(reason.share)), 0.001);
  return (
    <div className="reasons">
      {reasons.map((reason, index) => (
        <Fragment key={index}>
          <span>
            {reason.region} <span className="soft">{reason.term}</span>
          </span>
          <span className="signed" aria-hidden="true">
            {reason.share !== 0 && (
              <i
                className={reason.share > 0 ? 'plus' : 'minus'}
                style={{ width: `${(Math.abs(reason.share) / longest) * 50}%` }}
              />
            )}
          </span>
          <span className="number">{reason.share === 0 ? '' : points(reason.share)}</span>
          {reason.note && (
            <span className="muted" style={{ gridColumn: '1 / -1', marginTop: -3 }}>
              {reason.note}
            </span>
          )}
        </Fragment>
      ))}
    </div>
  );
}
