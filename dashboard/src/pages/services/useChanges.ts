import { useMemo } from 'react';
import type { Change } from '../../api/types';
import { useReply } from '../../api/useReply';
import { useAt } from '../../app/moment';
import { RANGES } from '../../logic/moment';

const LIMIT = 200;
const EVERY_MS = 5000;

/** What changed in the weights within the range, newest first. */
export function useChanges(service: string, from: string, range: string, inForce: number | undefined): { data: Change[]; error: string } {
  const until = useAt();
  const span = RANGES[range] ?? 3600_000;
  // To the minute, so that the address of the question does not change all the time.
  const since = Math.floor(((until ?? Date.now()) - span) / 60_000) * 60_000;
  const reply = useReply<{ changes?: Change[] }>(
    from ? '/changes' : undefined,
    { service, from, since, until, limit: LIMIT },
    until === undefined ? EVERY_MS : 0,
    inForce,
  );
  const data = useMemo(() => (reply.data?.changes ?? []).filter((change) => change.fromRegion === from), [reply.data, from]);
  return { data, error: reply.error };
}
