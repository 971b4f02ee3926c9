import { useState } from 'react';
import { session, signOut } from '../api/session';
import { live } from '../api/live';
import { useStore } from '../api/store';
import { clock } from '../logic/format';
import { SignInForm } from '../pages/signin/SignInForm';
import { Dialog } from '../ui/Dialog';
import { Level } from '../ui/Level';
import { Link } from '../ui/Link';
import { toggleTheme, useTheme } from '../ui/useTheme';
import { TimeSlider } from './TimeSlider';
import { useAt } from './moment';

function ConnectionState() {
  const connection = useStore(live, (state) => state.connection);
  const past = useAt() !== undefined;
  const sign = () => {
    switch (connection.state) {
      case 'live':
        return past ? <Level level="unknown" word="past" /> : <Level level="ok" word="live" />;
      case 'connecting':
        return <Level level="unknown" word="connecting" />;
      case 'reconnecting':
        return <Level level="warn" word={`reconnecting since ${clock(connection.since)}`} />;
      case 'unreachable':
        return <Level level="fail" word={`controller unreachable since ${clock(connection.since)}`} />;
    }
  };
  return (
    <span className="connection" role="status" aria-live="polite">
      {sign()}
    </span>
  );
}

function Who() {
  const me = useStore(session, (state) => state.me);
  const [asking, setAsking] = useState(false);
  if (!me) return null;
  return (
    <span className="row">
      <span className="wide-only">{me.name || 'not signed in'}</span>
      <span className="badge">{me.role}</span>
      {me.signedIn ? (
        <button type="button" className="quiet" onClick={() => void signOut()}>
          Sign out
        </button>
      ) : (
        <button type="button" className="quiet" onClick={() => setAsking(true)}>
          Sign in
        </button>
      )}
      {asking && (
        <Dialog title="Sign in" onClose={() => setAsking(false)}>
          <SignInForm onDone={() => setAsking(false)} />
        </Dialog>
      )}
    </span>
  );
}

export function Header({ showKeys }: { showKeys: () => void }) {
  const mesh = useStore(session, (state) => state.me?.mesh);
  const theme = useTheme();
  return (
    <header className="header">
      <div className="brand">
        <Link to="/" title="Overview">
          <img src="/weir.svg" alt="" width="20" height="20" />
          Weir
        </Link>
        {mesh && <span className="mesh">{mesh}</span>}
      </div>
      <ConnectionState />
      <TimeSlider />
      <span className="push row">
        <Who />
        <button type="button" className="quiet" onClick={toggleTheme}>
          <span className="hidden-visually">Change the colours to </span>
          {theme === 'dark' ? 'Light' : 'Dark'}
        </button>
        <button type="button" className="quiet wide-only" onClick={showKeys} aria-label="Keys">
          ?
        </button>
      </span>
    </header>
  );
}
