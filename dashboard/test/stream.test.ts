// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { NOTHING, live } from '../src/api/live';
import { Stream } from '../src/api/stream';

class FakeSource extends EventTarget {
  static made: FakeSource[] = [];
  onopen: (() => void) | null = null;
  onerror: (() => void) | null = null;
  closed = false;
  constructor(readonly url: string) {
    super();
    FakeSource.made.push(this);
  }
  close(): void {
    this.closed = true;
  }
  say(kind: string, reply: object): void {
    this.dispatchEvent(new MessageEvent(kind, { data: JSON.stringify(reply) }));
  }
}

const newest = () => FakeSource.made.at(-1) as FakeSource;
const state = () => live.get().connection.state;
const answer = (me: object) => vi.fn(async () => new Response(JSON.stringify(me)));
const settle = () => vi.advanceTimersByTimeAsync(0);

let stream: Stream;
const identify = vi.fn();

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('EventSource', FakeSource);
  vi.stubGlobal('fetch', answer({ role: 'viewer' }));
  FakeSource.made = [];
  identify.mockClear();
  live.set(NOTHING);
  stream = new Stream(identify);
  stream.start();
});

afterEach(() => {
  stream.stop();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe('the stream', () => {
  it('is live from the first sign on, and keeps what it brings', () => {
    expect(state()).toBe('connecting');
    newest().onopen?.();
    newest().say('status', { mesh: 'demo', generation: '7' });
    expect(state()).toBe('live');
    expect(live.get().status).toMatchObject({ mesh: 'demo', generation: 7 });
  });

  it('reconnects while the controller still answers', async () => {
    newest().onopen?.();
    newest().onerror?.();
    await settle();
    expect(state()).toBe('reconnecting');
    await vi.advanceTimersByTimeAsync(600);
    expect(FakeSource.made).toHaveLength(2);
    newest().onopen?.();
    expect(state()).toBe('live');
  });

  it('says since when nothing answers, also after more attempts', async () => {
    vi.stubGlobal(
      'fetch',
      vi.fn(async () => Promise.reject(new TypeError('no network'))),
    );
    newest().onopen?.();
    const since = Date.now();
    newest().onerror?.();
    await settle();
    expect(live.get().connection).toEqual({ state: 'unreachable', since });
    await vi.advanceTimersByTimeAsync(600);
    newest().onerror?.();
    await settle();
    expect(live.get().connection).toEqual({ state: 'unreachable', since });
    expect(FakeSource.made.every((source, i) => i === FakeSource.made.length - 1 || source.closed)).toBe(true);
  });

  it('notices a silence that no error tells of', async () => {
    newest().onopen?.();
    vi.stubGlobal(
      'fetch',
      vi.fn(async () => Promise.reject(new TypeError('no network'))),
    );
    await vi.advanceTimersByTimeAsync(30_000);
    expect(state()).toBe('unreachable');
  });

  it('takes a quiet mesh for a quiet mesh', async () => {
    newest().onopen?.();
    await vi.advanceTimersByTimeAsync(120_000);
    expect(state()).toBe('live');
    expect(FakeSource.made).toHaveLength(1);
  });

  it('asks who one is after a loss: the session may have ended', async () => {
    vi.stubGlobal('fetch', answer({ role: 'none' }));
    newest().onerror?.();
    await settle();
    expect(identify).toHaveBeenCalledExactlyOnceWith({ role: 'none' });
  });

  it('opens anew for another service, and forgets the weights of the one before', async () => {
    newest().say('weights', { rows: [{ service: 'a/b' }] });
    stream.look('shop/web');
    expect(live.get().weights).toBeUndefined();
    await settle();
    expect(FakeSource.made.map((source) => source.url)).toEqual(['/api/v1/stream', '/api/v1/stream?service=shop%2Fweb']);
    stream.look('shop/web');
    await settle();
    expect(FakeSource.made).toHaveLength(2);
  });
});
