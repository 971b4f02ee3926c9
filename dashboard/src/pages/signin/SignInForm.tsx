import { type FormEvent, useState } from 'react';
import { signIn } from '../../api/session';
import { ErrorNote } from '../../ui/Note';
import { useAction } from '../../ui/useAction';

export function SignInForm({ onDone }: { onDone?: () => void }) {
  const [token, setToken] = useState('');
  const { busy, error, run } = useAction();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void run(async () => {
      await signIn(token.trim());
      onDone?.();
    });
  };
  return (
    <form className="stack" onSubmit={submit}>
      <label className="field">
        <span>Access token</span>
        <input
          type="password"
          autoComplete="current-password"
          autoFocus
          required
          value={token}
          onChange={(event) => setToken(event.target.value)}
        />
        <small>An admin of this mesh makes one for you; it is not a join token of an agent.</small>
      </label>
      <ErrorNote error={error} />
      <button type="submit" className="primary" disabled={busy || token.trim() === ''}>
        {busy ? 'Signing in …' : 'Sign in'}
      </button>
    </form>
  );
}
