import { useCallback } from 'react';
import { navigate, useSearch, withQuery } from '../../app/router';

/** A region, or a path from one to another; nothing of it: the whole mesh. */
export interface Selection {
  region?: string;
  from?: string;
  to?: string;
}

export function useSelection(): [Selection, (selection: Selection) => void] {
  const query = new URLSearchParams(useSearch());
  const [region, from, to] = ['region', 'from', 'to'].map((name) => query.get(name) ?? '');
  const select = useCallback((next: Selection) => {
    const change = { region: next.region, from: next.from, to: next.to };
    navigate(window.location.pathname + withQuery(window.location.search, change));
  }, []);
  const selection: Selection = { ...(region ? { region } : {}), ...(from && to ? { from, to } : {}) };
  return [selection, select];
}
