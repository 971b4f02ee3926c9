import type { Failover, WeirEvent } from '../api/types';

/** A stretch of time in which agents of `from` stayed away from `to`. */
export interface Span {
  service: string;
  from: string;
  to: string;
  startUnixMs: number;
  /** Undefined: it lasts. */
  endUnixMs: number | undefined;
  /** When servers came back and the share began to rise again. */
  rampUnixMs: number | undefined;
  why: string;
}

export interface Lane {
  service: string;
  spans: Span[];
  marks: WeirEvent[];
  active: boolean;
}

const MARKS = ['path.', 'endpoint.', 'failover.panic'];

/** `events` oldest first. Active ones that began before the first event come from `active`. */
export function spansOf(events: WeirEvent[], active: Failover[]): Span[] {
  const open = new Map<string, Span>();
  const spans: Span[] = [];
  for (const event of events) {
    const key = [event.service, event.fromRegion, event.region].join('\n');
    const span = open.get(key);
    if (event.type === 'failover.started' && !span) {
      const started: Span = {
        service: event.service,
        from: event.fromRegion,
        to: event.region,
        startUnixMs: event.unixMs,
        endUnixMs: undefined,
        rampUnixMs: undefined,
        why: event.message,
      };
      open.set(key, started);
      spans.push(started);
    } else if (event.type === 'failover.started' && span) {
      span.rampUnixMs = undefined;
    } else if (event.type === 'failover.ramping' && span) {
      span.rampUnixMs = event.unixMs;
    } else if (event.type === 'failover.ended' && span) {
      span.endUnixMs = event.unixMs;
      open.delete(key);
    }
  }
  for (const entry of active) {
    if (open.has([entry.service, entry.fromRegion, entry.toRegion].join('\n'))) continue;
    spans.push({
      service: entry.service,
      from: entry.fromRegion,
      to: entry.toRegion,
      startUnixMs: entry.sinceUnixMs,
      endUnixMs: undefined,
      rampUnixMs: undefined,
      why: entry.state,
    });
  }
  return spans;
}

/** A lane for each service with something in it; those with an active failover first. */
export function lanesOf(events: WeirEvent[], active: Failover[]): Lane[] {
  const lanes = new Map<string, Lane>();
  const lane = (service: string): Lane => {
    const known = lanes.get(service);
    if (known) return known;
    const made: Lane = { service, spans: [], marks: [], active: false };
    lanes.set(service, made);
    return made;
  };
  for (const span of spansOf(events, active)) {
    const own = lane(span.service);
    own.spans.push(span);
    own.active ||= span.endUnixMs === undefined;
  }
  for (const event of events) if (MARKS.some((prefix) => event.type.startsWith(prefix))) lane(event.service).marks.push(event);
  return [...lanes.values()].sort((a, b) => Number(b.active) - Number(a.active) || (a.service < b.service ? -1 : 1));
}
