import { plural } from './format';
import type { Problem } from './problems';
import type { Level, Tile } from './tiles';

export interface Verdict {
  level: Level;
  says: string;
}

/** The one sentence on top of the overview. */
export function verdictOf(tiles: Tile[], problems: Problem[]): Verdict {
  const failing = problems.filter((problem) => problem.level === 'fail').length;
  if (failing > 0)
    return { level: 'fail', says: `${plural(failing, 'thing')} broken, ${plural(problems.length, 'problem')} in all` };
  if (tiles.some((tile) => tile.level === 'fail')) return { level: 'fail', says: 'Something is broken' };
  if (problems.length > 0) return { level: 'warn', says: `${plural(problems.length, 'thing needs', 'things need')} a look` };
  if (tiles.some((tile) => tile.level === 'warn')) return { level: 'warn', says: 'Something needs a look' };
  if (tiles.some((tile) => tile.level === 'unknown')) return { level: 'unknown', says: 'Nothing wrong in what is known' };
  return { level: 'ok', says: 'All is well' };
}
