import { navigate, useSearch, withQuery } from './router';
import { formatMoment, parseMoment } from '../logic/moment';

/** The moment that is looked at, in Unix milliseconds; undefined: now. */
export function useAt(): number | undefined {
  return parseMoment(new URLSearchParams(useSearch()).get('at'));
}

export function lookAt(unixMs: number | undefined, replace = false): void {
  const at = unixMs === undefined ? undefined : formatMoment(unixMs);
  navigate(window.location.pathname + withQuery(window.location.search, { at }), replace);
}
