// Proto JSON writes 64-bit integers as strings. All of these are times and counters far below 2^53.
// Seeds use the whole width and stay strings.
const WIDE = new Set([
  'ackedEpoch',
  'ackedGeneration',
  'decisions',
  'ended',
  'epoch',
  'falls',
  'generation',
  'inObjective',
  'unixMs',
]);

function isWide(key: string): boolean {
  return WIDE.has(key) || key.endsWith('UnixMs');
}

/** In place. A large mesh sends a megabyte at a time, for which a reviver of JSON.parse is several times slower. */
function widen(value: unknown): void {
  if (Array.isArray(value)) {
    if (typeof value[0] === 'object') value.forEach(widen);
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  const members = value as Record<string, unknown>;
  for (const key in members) {
    const member = members[key];
    if (typeof member === 'object') widen(member);
    else if (typeof member === 'string' && member !== '' && isWide(key)) {
      const number = Number(member);
      if (!Number.isNaN(number)) members[key] = number;
    }
  }
}

export function decode(text: string): unknown {
  const value: unknown = JSON.parse(text);
  widen(value);
  return value;
}
