import { useEffect, useMemo, useState } from 'react';
import { useAt } from '../app/moment';
import { RANGES, shownSince } from '../logic/moment';
import { firstMeasured } from '../logic/series';
import type { Params } from './client';
import type { Series } from './types';
import { type Reply, useReply } from './useReply';

// As often as a new step is worth it: of long ranges steps are 10 s or a minute long.
const EVERY_MS: [number, number][] = [
  [15 * 60_000, 5000],
  [3600_000, 10_000],
  [Infinity, 30_000],
];

/** A series over a range that ends now, and moves on, or at the moment that is looked at; `since`: where to draw from. */
export function useSeries(params: Params | undefined, range: string): Reply<Series> & { since: number; until: number } {
  const at = useAt();
  const span = RANGES[range] ?? 3600_000;
  const every = EVERY_MS.find(([longest]) => span <= longest)?.[1] ?? 30_000;
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (at !== undefined) return undefined;
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), every);
    return () => clearInterval(timer);
  }, [at, every]);
  const until = at ?? now;
  const since = until - span;
  const reply = useReply<Series>(params ? '/series' : undefined, { ...params, since, until });
  const first = useMemo(() => (reply.data ? firstMeasured(reply.data) : undefined), [reply.data]);
  return { ...reply, since: shownSince(since, until, first), until };
}
