import { backoffMs } from '../logic/backoff';
import { ApiError, address, get } from './client';
import { decode } from './decode';
import { applied, live } from './live';
import type { Me } from './types';

const KINDS = ['status', 'agents', 'paths', 'services', 'traffic', 'policies', 'failovers', 'weights', 'events'];
const QUIET_MS = 20_000;

/**
 * The one connection that brings live data. A browser's own reconnect gives up on an error status and waits without
 * saying so, hence an own one. Comment lines are invisible here, so a long silence is checked with a question.
 */
export class Stream {
  private source: EventSource | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private watch: ReturnType<typeof setInterval> | undefined;
  private attempt = 0;
  private heard = 0;
  private service = '';

  /** `identify` is told who one is whenever the connection was lost: the session may have ended meanwhile. */
  constructor(private readonly identify: (me: Me) => void) {}

  start(): void {
    this.watch = setInterval(() => void this.checkSilence(), QUIET_MS / 4);
    this.open();
  }

  stop(): void {
    clearTimeout(this.timer);
    clearInterval(this.watch);
    this.source?.close();
  }

  /** Weights come for one service at a time; those of the last one go on coming until another is looked at. */
  look(service: string): void {
    if (service === this.service) return;
    this.service = service;
    live.set({ weights: undefined });
    if (!this.source) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.open(), 0);
  }

  private open(): void {
    clearTimeout(this.timer);
    this.source?.close();
    const source = new EventSource(address('/stream', { service: this.service }));
    this.source = source;
    this.heard = Date.now();
    source.onopen = () => this.hear();
    source.onerror = () => void this.lose();
    for (const kind of KINDS) {
      source.addEventListener(kind, (message) => {
        this.hear();
        live.set(applied(live.get(), kind, decode((message as MessageEvent<string>).data) as Record<string, unknown>));
      });
    }
  }

  private hear(): void {
    this.attempt = 0;
    this.heard = Date.now();
    if (live.get().connection.state !== 'live') live.set({ connection: { state: 'live' } });
  }

  private async lose(): Promise<void> {
    this.source?.close();
    clearTimeout(this.timer);
    const before = live.get().connection;
    const since = 'since' in before ? before.since : Date.now();
    live.set({ connection: { state: before.state === 'unreachable' ? 'unreachable' : 'reconnecting', since } });
    this.timer = setTimeout(() => this.open(), backoffMs(this.attempt++, Math.random()));
    try {
      this.identify(await get<Me>('/me'));
    } catch {
      if (live.get().connection.state !== 'live') live.set({ connection: { state: 'unreachable', since } });
    }
  }

  private async checkSilence(): Promise<void> {
    if (live.get().connection.state !== 'live' || Date.now() - this.heard < QUIET_MS) return;
    try {
      await get<Me>('/me');
      this.heard = Date.now();
    } catch (error) {
      if (error instanceof ApiError) void this.lose();
    }
  }
}
