import { describe, expect, it } from 'vitest';
import { toCsv } from '../src/logic/csv';

describe('csv', () => {
  it.each([
    [[['a', 1]], 'a,1\r\n'],
    [[['a,b', 'say "x"']], '"a,b","say ""x"""\r\n'],
    [[['=HYPERLINK(1)', -5]], "'=HYPERLINK(1),-5\r\n"],
  ])('%o', (rows, text) => expect(toCsv(rows)).toBe(text));
});
