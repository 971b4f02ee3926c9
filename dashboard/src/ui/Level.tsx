import type { Level as LevelName } from '../logic/tiles';

const WORD: Record<LevelName, string> = { ok: 'OK', warn: 'WARN', fail: 'FAIL', unknown: '–' };

// Each level has its own outline: circle, triangle, octagon, ring. Colour only repeats it.
const SIGN: Record<LevelName, string> = {
  ok: 'M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1Zm-1 10L3.8 7.9l1.1-1.1L7 8.8l4.1-4.2 1.1 1.1Z',
  warn: 'M8 1 .8 14.5h14.4Zm-.8 5h1.6v4.4H7.2Zm0 5.4h1.6V13H7.2Z',
  fail: 'M5 1h6l4 4v6l-4 4H5l-4-4V5Zm.9 3.8L4.8 5.9 6.9 8l-2.1 2.1 1.1 1.1L8 9.1l2.1 2.1 1.1-1.1L9.1 8l2.1-2.1-1.1-1.1L8 6.9Z',
  unknown: 'M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1Zm0 1.6a5.4 5.4 0 1 1 0 10.8A5.4 5.4 0 0 1 8 2.6ZM4.8 7.2h6.4v1.6H4.8Z',
};

interface Props {
  level: LevelName;
  word?: string;
}

export function Level({ level, word = WORD[level] }: Props) {
  return (
    <span className={`level ${level}`}>
      <svg viewBox="0 0 16 16" fill="currentColor" fillRule="evenodd" aria-hidden="true">
        <path d={SIGN[level]} />
      </svg>
      {word}
    </span>
  );
}

const OF_SEVERITY: Record<string, LevelName> = { info: 'unknown', warn: 'warn', error: 'fail' };

export function Severity({ severity }: { severity: string }) {
  return severity === 'info' ? (
    <span className="muted">info</span>
  ) : (
    <Level level={OF_SEVERITY[severity] ?? 'unknown'} word={severity} />
  );
}
