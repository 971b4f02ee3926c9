import { useState } from 'react';

export interface Action {
  busy: boolean;
  error: string;
  run: (work: () => Promise<void>) => Promise<void>;
}

/** One thing at a time, with what went wrong the last time. */
export function useAction(): Action {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState('');
  const run = async (work: () => Promise<void>) => {
    setBusy(true);
    setError('');
    try {
      await work();
    } catch (cause) {
      setError((cause as Error).message);
    } finally {
      setBusy(false);
    }
  };
  return { busy, error, run };
}
