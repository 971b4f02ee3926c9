import { describe, expect, it } from 'vitest';
import { healthOf } from '../src/logic/health';
import { agent, service } from './samples';

describe('health of a region', () => {
  it.each([
    [[agent('a')], [service('s', { a: [2, 2] })], 'ok'],
    [[agent('a', { connected: false })], [service('s', { a: [2, 2] })], 'fail'],
    [[agent('a')], [service('s', { a: [0, 2] })], 'fail'],
    [[agent('a')], [service('s', { a: [1, 2] })], 'warn'],
    [[agent('a'), agent('a', { connected: false })], [], 'warn'],
  ] as const)('%#', (agents, services, level) => expect(healthOf([...agents], [...services], '').get('a')?.level).toBe(level));
  it('is of one service when one is chosen', () => {
    const services = [service('s', { a: [0, 2] }), service('t', { a: [2, 2] })];
    expect(healthOf([agent('a')], services, 't').get('a')?.level).toBe('ok');
  });
});
