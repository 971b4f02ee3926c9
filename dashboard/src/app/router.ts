import { useCallback, useSyncExternalStore } from 'react';

const CHANGED = 'weir:navigate';

function subscribe(listener: () => void): () => void {
  window.addEventListener('popstate', listener);
  window.addEventListener(CHANGED, listener);
  return () => {
    window.removeEventListener('popstate', listener);
    window.removeEventListener(CHANGED, listener);
  };
}

export function usePath(): string {
  return useSyncExternalStore(subscribe, () => window.location.pathname);
}

export function useSearch(): string {
  return useSyncExternalStore(subscribe, () => window.location.search);
}

export function navigate(url: string, replace = false): void {
  if (url === window.location.pathname + window.location.search) return;
  if (replace) window.history.replaceState(null, '', url);
  else window.history.pushState(null, '', url);
  window.dispatchEvent(new Event(CHANGED));
}

export type Query = Record<string, string | undefined>;

/** `search` with some members set, others (empty or undefined) taken out. */
export function withQuery(search: string, change: Query): string {
  const params = new URLSearchParams(search);
  for (const [name, value] of Object.entries(change)) {
    if (value) params.set(name, value);
    else params.delete(name);
  }
  const text = params.toString();
  return text ? `?${text}` : '';
}

/** The address of a page; the moment that is looked at goes along, and how far the slider reaches. */
export function pageUrl(path: string, query: Query = {}): string {
  const here = new URLSearchParams(window.location.search);
  const kept = { at: here.get('at') ?? undefined, reach: here.get('reach') ?? undefined };
  return path + withQuery('', { ...kept, ...query });
}

/** One member of the query as state. Typing replaces the entry in the history, choosing adds one. */
export function useQueryParam(name: string, fallback = ''): [string, (value: string, replace?: boolean) => void] {
  const value = new URLSearchParams(useSearch()).get(name) ?? fallback;
  const set = useCallback(
    (next: string, replace = false) => {
      const query = withQuery(window.location.search, { [name]: next === fallback ? undefined : next });
      navigate(window.location.pathname + query, replace);
    },
    [name, fallback],
  );
  return [value, set];
}
