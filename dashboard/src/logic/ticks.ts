const DAY_S = 86_400;
const hours = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const precise = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const days = new Intl.DateTimeFormat('en-GB', { day: '2-digit', month: 'short' });

/** Labels of a time axis, as exact as the distance between them asks. */
export function timeTicks(seconds: number[]): string[] {
  const step = (seconds[1] ?? 0) - (seconds[0] ?? 0);
  const format = step >= DAY_S ? days : step >= 60 || step <= 0 ? hours : precise;
  return seconds.map((second) => format.format(second * 1000));
}
