import { expect, it } from 'vitest';
import { backoffMs } from '../src/logic/backoff';

it.each([
  [0, 0, 250],
  [0, 1, 500],
  [3, 1, 4000],
  [50, 1, 15_000],
])('attempt %s with chance %s waits %s ms', (attempt, chance, ms) => expect(backoffMs(attempt, chance)).toBe(ms));
