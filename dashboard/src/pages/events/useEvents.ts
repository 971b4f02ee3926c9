import { useMemo } from 'react';
import { appendEvents, live } from '../../api/live';
import { useStore } from '../../api/store';
import type { WeirEvent } from '../../api/types';
import { useReply } from '../../api/useReply';
import { useAt } from '../../app/moment';

export interface EventFilter {
  service?: string;
  region?: string;
  type?: string;
  limit?: number;
}

function fits(event: WeirEvent, { service, region, type }: EventFilter): boolean {
  return (
    (!service || event.service === service) &&
    (!region || event.region === region || event.fromRegion === region) &&
    (!type || event.type === type)
  );
}

/** Oldest first: what is kept until the moment that is looked at; live with what has come since. */
export function useEvents(filter: EventFilter): { data: WeirEvent[]; error: string } {
  const until = useAt();
  const { service, region, type, limit = 100 } = filter;
  const kept = useReply<{ events?: WeirEvent[] }>('/events', { service, region, type, limit, until });
  const fresh = useStore(live, (state) => state.events);
  const data = useMemo(() => {
    const known = kept.data?.events ?? [];
    if (until !== undefined) return known;
    return appendEvents(
      known,
      fresh.filter((event) => fits(event, { service, region, type } as EventFilter)),
    );
  }, [kept.data, fresh, until, service, region, type]);
  return { data, error: kept.error };
}
