import { decode } from './decode';

export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

export type Params = Record<string, string | number | boolean | undefined>;

const ROOT = '/api/v1';
const TIMEOUT_MS = 15_000;
// A simulation runs for seconds and waits for the one before it.
const LONG_TIMEOUT_MS = 120_000;

let csrf = '';

export function setCsrf(token: string): void {
  csrf = token;
}

export function address(path: string, params: Params = {}): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(params)) {
    if (value !== undefined && value !== '') query.set(name, String(value));
  }
  const text = query.toString();
  return text ? `${ROOT}${path}?${text}` : `${ROOT}${path}`;
}

function refusal(status: number, body: unknown): ApiError {
  const error = (body as { error?: { code?: unknown; message?: unknown } } | null)?.error;
  const message = typeof error?.message === 'string' ? error.message : `the controller answered with status ${status}`;
  return new ApiError(status, typeof error?.code === 'string' ? error.code : 'unknown', message);
}

async function exchange<T>(url: string, init: RequestInit, timeoutMs: number): Promise<T> {
  const timeout = AbortSignal.timeout(timeoutMs);
  const signal = init.signal ? AbortSignal.any([init.signal, timeout]) : timeout;
  let reply: Response;
  let text: string;
  try {
    reply = await fetch(url, { ...init, signal, credentials: 'same-origin' });
    text = await reply.text();
  } catch (cause) {
    if (init.signal?.aborted) throw cause;
    throw new ApiError(0, 'unreachable', 'the controller does not answer');
  }
  let body: unknown = null;
  try {
    body = decode(text);
  } catch {
    if (reply.ok) throw new ApiError(reply.status, 'malformed', 'the answer is not JSON: is this address a Weir controller?');
  }
  if (!reply.ok) throw refusal(reply.status, body);
  return body as T;
}

export function get<T>(path: string, params?: Params, signal?: AbortSignal): Promise<T> {
  return exchange<T>(address(path, params), signal ? { signal } : {}, TIMEOUT_MS);
}

export function post<T>(path: string, body: object): Promise<T> {
  const headers = { 'Content-Type': 'application/json', 'X-Weir-CSRF': csrf };
  const timeout = path === '/simulate' ? LONG_TIMEOUT_MS : TIMEOUT_MS;
  return exchange<T>(address(path), { method: 'POST', headers, body: JSON.stringify(body) }, timeout);
}
