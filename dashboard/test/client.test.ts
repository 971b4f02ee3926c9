import { afterEach, describe, expect, it, vi } from 'vitest';
import { ApiError, address, get, post, setCsrf } from '../src/api/client';

function replies(status: number, body: string) {
  const fetched = vi.fn(async (_url: string, _init?: RequestInit) => new Response(body, { status }));
  vi.stubGlobal('fetch', fetched);
  return fetched;
}

const failure = async (question: Promise<unknown>) => (await question.catch((error: unknown) => error)) as ApiError;

afterEach(() => vi.unstubAllGlobals());

describe('addresses', () => {
  it.each([
    [address('/paths'), '/api/v1/paths'],
    [address('/paths', { at: undefined, service: '' }), '/api/v1/paths'],
    [address('/explain', { service: 'shop/web', generation: 8 }), '/api/v1/explain?service=shop%2Fweb&generation=8'],
    [address('/events', { limit: 0 }), '/api/v1/events?limit=0'],
  ])('%s', (url, expected) => expect(url).toBe(expected));
});

describe('refusals', () => {
  it.each([
    [403, '{"error":{"code":"permission_denied","message":"viewer may not"}}', 'permission_denied', 'viewer may not'],
    [500, '<html>', 'unknown', 'the controller answered with status 500'],
    [503, '{}', 'unknown', 'the controller answered with status 503'],
    [200, '<html>', 'malformed', 'the answer is not JSON: is this address a Weir controller?'],
  ])('%s %s', async (status, body, code, message) => {
    replies(status, body);
    const error = await failure(get('/status'));
    expect([error.status, error.code, error.message]).toEqual([status, code, message]);
  });

  it('tells an unreachable controller from one that refuses', async () => {
    vi.stubGlobal(
      'fetch',
      vi.fn(async () => Promise.reject(new TypeError('x'))),
    );
    expect((await failure(get('/status'))).code).toBe('unreachable');
  });
});

it('shows who sends when something is changed', async () => {
  const fetched = replies(200, '{"generation":"9"}');
  setCsrf('abc');
  expect(await post('/unpin', { service: 's' })).toEqual({ generation: 9 });
  const init = fetched.mock.calls[0]?.[1];
  expect(init).toMatchObject({ method: 'POST', body: '{"service":"s"}', credentials: 'same-origin' });
  expect(init?.headers).toMatchObject({ 'X-Weir-CSRF': 'abc' });
});
