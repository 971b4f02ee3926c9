import type { RegionHealth } from '../../logic/health';
import type { Level } from '../../logic/tiles';
import type { Layout } from './geometry';
import type { Selection } from './selection';

const FILL: Record<Level, string> = { ok: 'var(--ok)', warn: 'var(--warn)', fail: 'var(--fail)', unknown: 'var(--ink-3)' };
const SIGN: Record<Level, string> = { ok: '', warn: '!', fail: '×', unknown: '?' };
// With more names than this they cover each other; then only what matters has one until one zooms in.
const NAMES_UP_TO = 24;

interface Props {
  layout: Layout;
  health: Map<string, RegionHealth>;
  zoom: number;
  selected: Selection;
  onHover: (selection: Selection | undefined) => void;
  onSelect: (selection: Selection) => void;
}

export function Regions({ layout, health, zoom, selected, onHover, onSelect }: Props) {
  const all = [...layout.at];
  return (
    <g>
      {all.map(([name, [x, y]]) => {
        const state = health.get(name);
        const level = state?.level ?? 'unknown';
        const chosen = selected.region === name || selected.from === name || selected.to === name;
        const named = all.length <= NAMES_UP_TO || zoom > 2.4 || chosen || level === 'fail';
        const r = (chosen ? 8.5 : 6.5) / zoom;
        return (
          <g
            key={name}
            className="region"
            role="button"
            tabIndex={0}
            aria-pressed={selected.region === name}
            aria-label={`${name}: ${state?.says ?? 'nothing known'}`}
            onPointerEnter={() => onHover({ region: name })}
            onPointerLeave={() => onHover(undefined)}
            onClick={() => onSelect(selected.region === name ? {} : { region: name })}
            onKeyDown={(event) => {
              if (event.key === 'Enter' || event.key === ' ') {
                event.preventDefault();
                onSelect(selected.region === name ? {} : { region: name });
              }
            }}
          >
            <circle cx={x} cy={y} r={r} fill={FILL[level]} />
            {SIGN[level] && (
              <text
                x={x}
                y={y + 3.4 / zoom}
                fontSize={10 / zoom}
                textAnchor="middle"
                style={{ fill: 'var(--panel)', stroke: 'none' }}
                aria-hidden="true"
              >
                {SIGN[level]}
              </text>
            )}
            {named && (
              <text x={x} y={y - 11 / zoom} fontSize={11.5 / zoom} textAnchor="middle" style={{ strokeWidth: 3 / zoom }}>
                {name}
              </text>
            )}
          </g>
        );
      })}
    </g>
  );
}
