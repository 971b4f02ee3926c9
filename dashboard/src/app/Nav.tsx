import { live } from '../api/live';
import { useStore } from '../api/store';
import { Link } from '../ui/Link';
import { useAt } from './moment';
import { PAGES, pageOf } from './pages';
import { usePath } from './router';

export function Nav() {
  const current = pageOf(usePath());
  const past = useAt() !== undefined;
  const failovers = useStore(live, (state) => state.failovers)?.length ?? 0;
  return (
    <nav className="nav" aria-label="Pages">
      {PAGES.filter((page) => page.inMenu).map((page) => (
        <Link
          key={page.path}
          to={page.path}
          current={page === current || (page.path === '/events' && current?.path === '/audit')}
        >
          {page.name}
          {page.path === '/failover' && failovers > 0 && !past && (
            <span className="tag" title="active failovers">
              {failovers}
            </span>
          )}
        </Link>
      ))}
    </nav>
  );
}
