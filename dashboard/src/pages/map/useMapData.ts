import { useMemo } from 'react';
import type { RegionPlace, Traffic } from '../../api/types';
import { useReply } from '../../api/useReply';
import { useNow, usePaths, useServices, useTraffic } from '../../api/useSnapshot';
import { useAt } from '../../app/moment';
import { healthOf, type RegionHealth } from '../../logic/health';
import { type Pair, flowShares, pairKey, pairsOf, regionsOf } from '../../logic/pairs';
import { type Place, placesOf } from '../../logic/places';

const SERVICE_EVERY_MS = 2000;

export interface MapData {
  places: Place[];
  pairs: Map<string, Pair>;
  shares: Map<string, number>;
  rates: Map<string, number>;
  /** What starts or is served in each region, in requests a second. */
  loads: Map<string, number>;
  health: Map<string, RegionHealth>;
  services: string[];
  error: string;
  loading: boolean;
}

/** The stream brings the flows of all services together; those of one are asked for. */
function useFlows(service: string): { data: Traffic | undefined; error: string } {
  const at = useAt();
  const all = useTraffic();
  const one = useReply<Traffic>(service ? '/traffic' : undefined, { service, at }, at === undefined ? SERVICE_EVERY_MS : 0);
  return service ? one : all;
}

export function useMapData(service: string): MapData {
  const regions = useReply<{ regions?: RegionPlace[] }>('/regions');
  const paths = usePaths();
  const services = useServices();
  const agents = useNow('agents');
  const traffic = useFlows(service);
  const flows = traffic.data?.flows;

  const pairs = useMemo(() => pairsOf(paths.data ?? []), [paths.data]);
  // Which regions there are changes seldom, what is measured between them twice a second: the layout is to stay.
  const seen = regionsOf(paths.data ?? []).join('\n');
  const places = useMemo(
    () => placesOf(regions.data?.regions ?? [], seen === '' ? [] : seen.split('\n')),
    [regions.data, seen],
  );
  const shares = useMemo(() => flowShares(flows ?? []), [flows]);
  const rates = useMemo(
    () => new Map((flows ?? []).map((flow) => [pairKey(flow.from, flow.to), flow.requestsPerSecond])),
    [flows],
  );
  const loads = useMemo(() => {
    const sums = new Map<string, number>();
    for (const { from, to, requestsPerSecond } of flows ?? []) {
      sums.set(from, (sums.get(from) ?? 0) + requestsPerSecond);
      sums.set(to, (sums.get(to) ?? 0) + requestsPerSecond);
    }
    return sums;
  }, [flows]);
  const health = useMemo(() => healthOf(agents ?? [], services.data ?? [], service), [agents, services.data, service]);
  const names = useMemo(() => (services.data ?? []).map((entry) => entry.service).sort(), [services.data]);
  const error = regions.error || paths.error || traffic.error || services.error;
  const loading = !regions.data || !paths.data;
  return useMemo(
    () => ({ places, pairs, shares, rates, loads, health, services: names, error, loading }),
    [places, pairs, shares, rates, loads, health, names, error, loading],
  );
}
