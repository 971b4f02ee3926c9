import { Suspense, useCallback, useEffect, useRef, useState } from 'react';
import { live } from '../api/live';
import { refresh, session } from '../api/session';
import { useStore } from '../api/store';
import { SignIn } from '../pages/signin/SignIn';
import { Empty, Waiting } from '../ui/Note';
import { Header } from './Header';
import { Keys } from './Keys';
import { Nav } from './Nav';
import { Notices } from './Notices';
import { Trouble } from './Trouble';
import { useAt } from './moment';
import { pageOf } from './pages';
import { usePath } from './router';
import { useShortcuts } from './shortcuts';

const RETRY_MS = 3000;

function Frame() {
  const [keys, setKeys] = useState(false);
  const path = usePath();
  const page = pageOf(path);
  const past = useAt() !== undefined;
  const stale = useStore(live, (state) => 'since' in state.connection) && !past;
  const mesh = useStore(session, (state) => state.me?.mesh);
  const main = useRef<HTMLElement>(null);
  const first = useRef(true);
  useShortcuts(useCallback(() => setKeys(true), []));

  useEffect(() => {
    document.title = [page?.name, mesh, 'Weir'].filter(Boolean).join(' · ');
    // After a change of page a reader goes on at its beginning, not in the menu.
    if (first.current) first.current = false;
    else main.current?.focus({ preventScroll: true });
  }, [page, mesh]);

  const Component = page?.component;
  return (
    <div className="frame">
      <a className="skip" href="#main">
        To the content
      </a>
      <Header showKeys={() => setKeys(true)} />
      <Nav />
      <Notices />
      <main id="main" ref={main} tabIndex={-1} className={stale ? 'main stale' : 'main'}>
        <Trouble key={path}>
          <Suspense fallback={<Waiting for="the page" />}>
            {Component ? <Component /> : <Empty title="There is no such page">Choose one from the menu.</Empty>}
          </Suspense>
        </Trouble>
      </main>
      {keys && <Keys onClose={() => setKeys(false)} />}
    </div>
  );
}

export function App() {
  const me = useStore(session, (state) => state.me);
  const error = useStore(session, (state) => state.error);
  useEffect(() => {
    void refresh();
  }, []);
  useEffect(() => {
    if (me || !error) return undefined;
    const timer = setInterval(() => void refresh(), RETRY_MS);
    return () => clearInterval(timer);
  }, [me, error]);

  if (!me)
    return error ? (
      <Empty title={`No answer: ${error}`}>This page tries again by itself.</Empty>
    ) : (
      <Waiting for="the controller" />
    );
  return me.role === 'none' ? <SignIn mesh={me.mesh} /> : <Frame />;
}
