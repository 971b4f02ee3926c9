import { createStore } from './store';
import type {
  Agent,
  Failover,
  PathStatus,
  Policies,
  RunningEvacuation,
  Service,
  Status,
  Traffic,
  WeightRow,
  WeirEvent,
} from './types';

export type Connection =
  | { state: 'connecting' }
  | { state: 'live' }
  | { state: 'reconnecting'; since: number }
  | { state: 'unreachable'; since: number };

/** What the stream brought last. A member is undefined until its first message. */
export interface Live {
  connection: Connection;
  status: Status | undefined;
  agents: Agent[] | undefined;
  paths: PathStatus[] | undefined;
  services: Service[] | undefined;
  traffic: Traffic | undefined;
  policies: Policies | undefined;
  failovers: Failover[] | undefined;
  evacuations: RunningEvacuation[] | undefined;
  weights: WeightRow[] | undefined;
  events: WeirEvent[];
}

export const NOTHING: Live = {
  connection: { state: 'connecting' },
  status: undefined,
  agents: undefined,
  paths: undefined,
  services: undefined,
  traffic: undefined,
  policies: undefined,
  failovers: undefined,
  evacuations: undefined,
  weights: undefined,
  events: [],
};

export const live = createStore<Live>(NOTHING);

const EVENTS_KEPT = 500;

function keyOf(event: WeirEvent): string {
  return `${event.unixMs}|${event.type}|${event.agent}|${event.service}|${event.message}`;
}

/** Oldest first. After a reconnect the stream may repeat what is known already. */
export function appendEvents(known: WeirEvent[], more: WeirEvent[]): WeirEvent[] {
  const seen = new Set(known.map(keyOf));
  const fresh = more.filter((event) => !seen.has(keyOf(event)));
  if (fresh.length === 0) return known;
  return [...known, ...fresh].sort((a, b) => a.unixMs - b.unixMs).slice(-EVENTS_KEPT);
}

/** What a message of the stream changes. A list the reply leaves out is an empty one. */
export function applied(state: Live, kind: string, reply: Record<string, unknown>): Partial<Live> {
  switch (kind) {
    case 'status':
      return { status: reply as unknown as Status };
    case 'traffic':
      return { traffic: { flows: [], services: [], ...reply } as unknown as Traffic };
    case 'policies':
      return { policies: { policies: [], ...reply } as unknown as Policies };
    case 'weights':
      return { weights: (reply.rows ?? []) as WeightRow[] };
    case 'failovers':
      return { failovers: (reply.failovers ?? []) as Failover[], evacuations: (reply.evacuations ?? []) as RunningEvacuation[] };
    case 'events':
      return { events: appendEvents(state.events, (reply.events ?? []) as WeirEvent[]) };
    case 'agents':
    case 'paths':
    case 'services':
      return { [kind]: reply[kind] ?? [] };
    default:
      return {};
  }
}
