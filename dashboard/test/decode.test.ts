import { describe, expect, it } from 'vitest';
import { decode } from '../src/api/decode';

describe('64-bit integers', () => {
  it.each([
    ['{"unixMs":"1795728921832"}', { unixMs: 1795728921832 }],
    ['{"pinExpiresUnixMs":"0","generation":"7"}', { pinExpiresUnixMs: 0, generation: 7 }],
    ['{"seenBefore":{"ended":"1001","inObjective":"1000"}}', { seenBefore: { ended: 1001, inObjective: 1000 } }],
    // Of policies the same names are doubles.
    ['{"ended":0.5,"inObjective":0.25}', { ended: 0.5, inObjective: 0.25 }],
    // Names and texts stay what they are, whatever they look like.
    ['{"service":"12","message":"34","name":"5"}', { service: '12', message: '34', name: '5' }],
    // Uses all its 64 bits.
    ['{"seed":"18446744073709551615"}', { seed: '18446744073709551615' }],
    ['{"values":[0.5,"NaN"]}', { values: [0.5, 'NaN'] }],
    ['{"generation":"many"}', { generation: 'many' }],
  ])('%s', (text, value) => expect(decode(text)).toEqual(value));
});
