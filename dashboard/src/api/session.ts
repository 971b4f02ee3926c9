import { get, post, setCsrf } from './client';
import { NOTHING, live } from './live';
import { createStore } from './store';
import { Stream } from './stream';
import type { Me } from './types';

interface Session {
  me: Me | undefined;
  error: string;
}

export const session = createStore<Session>({ me: undefined, error: '' });

let stream: Stream | undefined;

function accept(me: Me): void {
  setCsrf(me.csrf);
  session.set({ me, error: '' });
  if (me.role === 'none') {
    stream?.stop();
    stream = undefined;
    live.set(NOTHING);
  } else if (!stream) {
    stream = new Stream(accept);
    stream.start();
  }
}

export async function refresh(): Promise<void> {
  try {
    accept(await get<Me>('/me'));
  } catch (error) {
    session.set({ error: (error as Error).message });
  }
}

export async function signIn(token: string): Promise<void> {
  accept(await post<Me>('/session', { token }));
}

export async function signOut(): Promise<void> {
  await post('/session/end', {});
  await refresh();
}

export function look(service: string): void {
  stream?.look(service);
}
