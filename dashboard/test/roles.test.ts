import { describe, expect, it } from 'vitest';
import { atLeast } from '../src/logic/roles';

describe('roles', () => {
  it.each([
    ['viewer', 'viewer', true],
    ['viewer', 'operator', false],
    ['admin', 'operator', true],
    ['none', 'viewer', false],
    [undefined, 'viewer', false],
  ] as const)('%s may what a %s may: %s', (role, least, may) => expect(atLeast(role, least)).toBe(may));
});
