import type { Failover } from '../../api/types';
import { duration, plural } from '../../logic/format';
import { Level } from '../../ui/Level';
import { Link } from '../../ui/Link';

const MOST = 5;

export function FailoverList({ failovers, now }: { failovers: Failover[]; now: number }) {
  if (failovers.length === 0) {
    return (
      <div className="empty">
        <Level level="ok" word="None: every source uses every destination it should" />
      </div>
    );
  }
  return (
    <ol className="list">
      {failovers.slice(0, MOST).map((entry) => (
        <li key={`${entry.service} ${entry.fromRegion} ${entry.toRegion}`}>
          <span className="row">
            <Link to={`/services/${entry.service}`} query={{ from: entry.fromRegion }}>
              {entry.service}
            </Link>
            <span>
              {entry.fromRegion} stays away from <strong>{entry.toRegion}</strong>
            </span>
            <span className="muted">for {duration(now - entry.sinceUnixMs)}</span>
          </span>
          <span className="muted">{entry.state}</span>
        </li>
      ))}
      {failovers.length > MOST && (
        <li>
          <Link to="/failover">and {plural(failovers.length - MOST, 'more failover')}</Link>
        </li>
      )}
    </ol>
  );
}
