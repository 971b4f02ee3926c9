import { useMemo } from 'react';
import { useAt } from '../app/moment';
import { type Live, live } from './live';
import { useStore } from './store';
import type { PathStatus, Service, Traffic, WeightRow } from './types';
import { useReply } from './useReply';

export interface Snapshot<T> {
  data: T | undefined;
  error: string;
}

/** A member of the live store, or the same as it was at the moment that is looked at. */
function useLiveOr<T, R>(key: keyof Live, path: string, unpack: (reply: R) => T, service?: string): Snapshot<T> {
  const at = useAt();
  const now = useStore(live, (state) => state[key]) as T | undefined;
  const then = useReply<R>(at === undefined ? undefined : path, { at, service });
  const past = useMemo(() => (then.data === undefined ? undefined : unpack(then.data)), [then.data, unpack]);
  return at === undefined ? { data: now, error: '' } : { data: past, error: then.error };
}

const paths = (reply: { paths?: PathStatus[] }) => reply.paths ?? [];
const services = (reply: { services?: Service[] }) => reply.services ?? [];
const rows = (reply: { rows?: WeightRow[] }) => reply.rows ?? [];
const traffic = (reply: Partial<Traffic>): Traffic => ({ flows: [], services: [], unixMs: 0, ...reply });

export const usePaths = () => useLiveOr('paths', '/paths', paths);
export const useServices = () => useLiveOr('services', '/services', services);
export const useTraffic = () => useLiveOr('traffic', '/traffic', traffic);

export function useWeights(service: string): Snapshot<WeightRow[]> {
  const weights = useLiveOr('weights', '/weights', rows, service);
  // For a moment after another service was chosen the rows of the one before are still there.
  const other = weights.data?.some((row) => row.service !== service);
  return other ? { ...weights, data: undefined } : weights;
}

/** What is not kept for the past: undefined there. */
export function useNow<K extends 'status' | 'agents' | 'policies' | 'failovers' | 'evacuations'>(key: K): Live[K] | undefined {
  const at = useAt();
  const value = useStore(live, (state) => state[key]);
  return at === undefined ? value : undefined;
}
