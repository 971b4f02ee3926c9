import { useMemo } from 'react';
import type { Failover } from '../../api/types';
import { useReply } from '../../api/useReply';
import { useNow } from '../../api/useSnapshot';
import type { WeirEvent } from '../../api/types';
import { useAt } from '../../app/moment';
import { spansOf } from '../../logic/lanes';

const LOOK_BACK = 2000;

/** Those active; of the past what its events say was. */
export function useFailovers(): Failover[] | undefined {
  const at = useAt();
  const now = useNow('failovers');
  const then = useReply<{ events?: WeirEvent[] }>(at === undefined ? undefined : '/events', { until: at, limit: LOOK_BACK });
  return useMemo(() => {
    if (at === undefined) return now;
    if (!then.data) return undefined;
    return spansOf(then.data.events ?? [], [])
      .filter((span) => span.endUnixMs === undefined)
      .map((span) => ({
        service: span.service,
        fromRegion: span.from,
        toRegion: span.to,
        state: span.why,
        sinceUnixMs: span.startUnixMs,
      }));
  }, [at, now, then.data]);
}
