import { useCallback, useEffect, useState } from 'react';
import { ApiError, type Params, address, get } from './client';
import { refresh } from './session';

export interface Reply<T> {
  data: T | undefined;
  error: string;
  loading: boolean;
  again: () => void;
}

interface Kept<T> {
  url: string;
  data: T | undefined;
  error: string;
}

/**
 * One GET; `path` undefined asks nothing. While the next question is under way the last answer stays, so that charts
 * do not flicker when a range moves; `every` repeats the question, and so does a change of `anew`.
 */
export function useReply<T>(path: string | undefined, params: Params = {}, every = 0, anew?: unknown): Reply<T> {
  const url = path === undefined ? '' : address(path, params);
  const [kept, setKept] = useState<Kept<T>>({ url: '', data: undefined, error: '' });
  const [count, setCount] = useState(0);
  const again = useCallback(() => setCount((value) => value + 1), []);

  useEffect(() => {
    if (path === undefined) return undefined;
    const abort = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const ask = async () => {
      try {
        const data = await get<T>(path, params, abort.signal);
        setKept({ url, data, error: '' });
      } catch (error) {
        if (abort.signal.aborted) return;
        // The session has ended: the sign-in page comes.
        if (error instanceof ApiError && error.status === 401) void refresh();
        setKept((before) => ({ url, data: before.data, error: (error as Error).message }));
      }
      if (every > 0 && !abort.signal.aborted) timer = setTimeout(() => void ask(), every);
    };
    void ask();
    return () => {
      abort.abort();
      clearTimeout(timer);
    };
    // The address says all there is to say of path and params.
  }, [url, every, count, anew]);

  const current = path !== undefined && kept.url === url;
  return {
    data: path === undefined ? undefined : kept.data,
    error: current ? kept.error : '',
    loading: path !== undefined && !current,
    again,
  };
}
