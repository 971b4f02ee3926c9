export const KEPT_MS = 30 * 24 * 3600_000;

/** `at` in an address: a time as RFC 3339 or in Unix milliseconds; undefined: live. */
export function parseMoment(text: string | null | undefined): number | undefined {
  if (!text) return undefined;
  const time = /^\d{11,}$/.test(text) ? Number(text) : /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isFinite(time) ? time : undefined;
}

/** To the second, in UTC, as weirctl's --at takes it. */
export function formatMoment(unixMs: number): string {
  return new Date(Math.round(unixMs / 1000) * 1000).toISOString().replace('.000Z', 'Z');
}

/** For an `<input type="datetime-local">`, which knows no time zone. */
export function toLocalInput(unixMs: number): string {
  const date = new Date(unixMs);
  const two = (value: number) => String(value).padStart(2, '0');
  return (
    `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}` +
    `T${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`
  );
}

export function clampMoment(unixMs: number, now: number): number {
  return Math.min(now, Math.max(now - KEPT_MS, unixMs));
}

export const RANGES: Record<string, number> = {
  '15m': 15 * 60_000,
  '1h': 3600_000,
  '6h': 6 * 3600_000,
  '24h': 24 * 3600_000,
  '7d': 7 * 24 * 3600_000,
  '30d': KEPT_MS,
};

const LEAST_SHOWN_MS = 60_000;
const BEGIN_STEP_MS = 15_000;

/** Where the picture of a range begins: with what there is, so that the first minutes of a mesh are not a sliver. */
export function shownSince(since: number, until: number, first: number | undefined): number {
  if (first === undefined) return since;
  // In steps, so that charts above each other begin together.
  const begin = Math.floor(first / BEGIN_STEP_MS) * BEGIN_STEP_MS;
  return Math.max(since, Math.min(begin, until - LEAST_SHOWN_MS));
}
