import { expect, it } from 'vitest';
import type { Problem } from '../src/logic/problems';
import type { Level, Tile } from '../src/logic/tiles';
import { verdictOf } from '../src/logic/verdict';

const tile = (level: Level): Tile => ({ name: '', level, says: '', page: '/' });
const problem = (level: 'warn' | 'fail'): Problem => ({ level, about: 'agents', what: '', next: '', page: '/' });

it.each([
  ['ok: All is well', [tile('ok'), tile('ok')], []],
  ['unknown: Nothing wrong in what is known', [tile('ok'), tile('unknown')], []],
  ['warn: Something needs a look', [tile('unknown'), tile('warn')], []],
  ['warn: 1 thing needs a look', [tile('warn')], [problem('warn')]],
  ['warn: 2 things need a look', [tile('ok')], [problem('warn'), problem('warn')]],
  ['fail: Something is broken', [tile('fail')], [problem('warn')]],
  ['fail: 1 thing broken, 2 problems in all', [tile('warn')], [problem('fail'), problem('warn')]],
])('%s', (words, tiles, problems) => {
  const { level, says } = verdictOf(tiles, problems);
  expect(`${level}: ${says}`).toBe(words);
});
