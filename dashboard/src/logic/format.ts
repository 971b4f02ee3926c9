export const UNKNOWN = '–';

function known(value: number | null | undefined): value is number {
  return value !== null && value !== undefined && Number.isFinite(value);
}

/** Three digits that matter: 0.56 ms, 71.7 ms, 208 ms, 1.25 s. */
export function latency(us: number | null | undefined): string {
  if (!known(us) || us <= 0) return UNKNOWN;
  const ms = us / 1000;
  if (ms >= 1000) return `${(ms / 1000).toFixed(2)} s`;
  if (ms >= 100) return `${ms.toFixed(0)} ms`;
  if (ms >= 10) return `${ms.toFixed(1)} ms`;
  return `${ms.toFixed(2)} ms`;
}

export function percent(share: number | null | undefined, digits = 1): string {
  return known(share) ? `${(share * 100).toFixed(digits)} %` : UNKNOWN;
}

export function ppm(parts: number | null | undefined, digits = 1): string {
  return known(parts) ? percent(parts / 1e6, digits) : UNKNOWN;
}

/** In percentage points, always with a sign. A true minus, as wide as the plus. */
export function points(share: number): string {
  const value = (share * 100).toFixed(1);
  if (value === '0.0' || value === '-0.0') return '±0.0';
  return share > 0 ? `+${value}` : value.replace('-', '−');
}

export function rate(perSecond: number | null | undefined): string {
  if (!known(perSecond)) return UNKNOWN;
  if (perSecond >= 10_000) return `${(perSecond / 1000).toFixed(1)}k/s`;
  if (perSecond >= 100) return `${perSecond.toFixed(0)}/s`;
  return `${perSecond.toFixed(1)}/s`;
}

// Made once: making one costs more than a hundred uses of it.
const countFormat = new Intl.NumberFormat('en-US');

export function count(value: number): string {
  return countFormat.format(value);
}

export function money(perHour: number): string {
  return perHour >= 100 ? perHour.toFixed(0) : perHour.toFixed(2);
}

/** The two largest units: 45 s, 3 min 20 s, 5 h 12 min, 8 d 3 h. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  const pair = (big: number, bigUnit: string, small: number, smallUnit: string) =>
    small > 0 ? `${big} ${bigUnit} ${small} ${smallUnit}` : `${big} ${bigUnit}`;
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return pair(Math.floor(seconds / 60), 'min', seconds % 60, 's');
  if (seconds < 86_400) return pair(Math.floor(seconds / 3600), 'h', Math.floor((seconds % 3600) / 60), 'min');
  return pair(Math.floor(seconds / 86_400), 'd', Math.floor((seconds % 86_400) / 3600), 'h');
}

export function ago(unixMs: number, now: number): string {
  return unixMs <= 0 ? UNKNOWN : `${duration(now - unixMs)} ago`;
}

const clockFormat = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const dayFormat = new Intl.DateTimeFormat('en-GB', { day: '2-digit', month: 'short' });

export function clock(unixMs: number): string {
  return clockFormat.format(unixMs);
}

export function dateTime(unixMs: number): string {
  return unixMs <= 0 ? UNKNOWN : `${dayFormat.format(unixMs)} ${clockFormat.format(unixMs)}`;
}

export function plural(amount: number, one: string, many = `${one}s`): string {
  return `${count(amount)} ${amount === 1 ? one : many}`;
}
