import type { Change, WeirEvent } from '../api/types';

export type MarkerKind = 'decision' | 'pin' | 'failover' | 'mode';

export interface Marker {
  unixMs: number;
  kind: MarkerKind;
  label: string;
  /** Of a change: the revision to explain. */
  generation?: number;
}

const OF_EVENTS: [string, MarkerKind][] = [
  ['failover.', 'failover'],
  ['pin.', 'pin'],
  ['policy.mode', 'mode'],
  ['policy.fell', 'mode'],
];

function ofChange(change: Change): Marker {
  const kind: MarkerKind = /^(pin|rollback|frozen|freeze)\b/.test(change.by) ? 'pin' : 'decision';
  return {
    unixMs: change.unixMs,
    kind,
    label: `${change.epoch}.${change.generation} by ${change.by}`,
    generation: change.generation,
  };
}

/** What stands on the time axis of a service; of pins the change says more than the event. */
export function markersOf(changes: Change[], events: WeirEvent[], from: string): Marker[] {
  const markers = changes.map(ofChange);
  for (const event of events) {
    const kind = OF_EVENTS.find(([prefix]) => event.type.startsWith(prefix))?.[1];
    if (!kind || (kind === 'failover' && event.fromRegion !== '' && event.fromRegion !== from)) continue;
    const said = kind === 'pin' && markers.some((one) => one.kind === 'pin' && Math.abs(one.unixMs - event.unixMs) < 2000);
    if (!said) markers.push({ unixMs: event.unixMs, kind, label: `${event.type} ${event.region}: ${event.message}` });
  }
  return markers.sort((a, b) => a.unixMs - b.unixMs);
}

export function nearest(markers: Marker[], unixMs: number, withinMs: number): Marker | undefined {
  let best: Marker | undefined;
  for (const marker of markers) {
    const distance = Math.abs(marker.unixMs - unixMs);
    if (distance <= withinMs && (!best || distance < Math.abs(best.unixMs - unixMs))) best = marker;
  }
  return best;
}
