import { describe, expect, it } from 'vitest';
import { withQuery } from '../src/app/router';

describe('queries', () => {
  it.each([
    ['?a=1', { b: '2' }, '?a=1&b=2'],
    ['?a=1', { a: undefined }, ''],
    ['?a=1', { a: '' }, ''],
    ['', { q: 'shop/web' }, '?q=shop%2Fweb'],
  ])('%s with %o is %s', (search, change, expected) => expect(withQuery(search, change)).toBe(expected));
});
