const FIRST_MS = 500;
const LONGEST_MS = 15_000;

/** How long to wait before attempt `attempt` (from 0). Half of it is chance, so that many browsers do not come at once. */
export function backoffMs(attempt: number, chance: number): number {
  const whole = Math.min(LONGEST_MS, FIRST_MS * 2 ** attempt);
  return whole / 2 + (whole / 2) * chance;
}
