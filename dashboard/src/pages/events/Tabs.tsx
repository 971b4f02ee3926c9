import { usePath } from '../../app/router';
import { useMay } from '../../ui/Act';
import { Link } from '../../ui/Link';

/** What happened by itself, and what people did. */
export function Tabs() {
  const path = usePath();
  const operator = useMay('operator');
  if (!operator) return null;
  return (
    <nav className="tabs" aria-label="Kinds of records">
      <Link to="/events" current={path === '/events'}>
        Events
      </Link>
      <Link to="/audit" current={path === '/audit'}>
        Audit
      </Link>
    </nav>
  );
}
