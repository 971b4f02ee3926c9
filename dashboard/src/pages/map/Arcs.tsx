import { memo } from 'react';
import { arcWidth } from '../../logic/arcs';
import { css, heat } from '../../logic/colour';
import { badness } from '../../logic/metric';
import { type Pair, stateOf } from '../../logic/pairs';
import type { Theme } from '../../ui/useTheme';
import type { Layout } from './geometry';
import type { Selection } from './selection';

export type Colouring = 'RTT' | 'state';

interface Props {
  pairs: [string, Pair][];
  shares: Map<string, number>;
  layout: Layout;
  colouring: Colouring;
  theme: Theme;
  selected: Selection;
  onHover: (selection: Selection | undefined) => void;
  onSelect: (selection: Selection) => void;
}

function colourOf(pair: Pair, colouring: Colouring, theme: Theme): string {
  const state = stateOf(pair);
  if (state === 'down') return 'var(--fail)';
  if (colouring === 'state') return state === 'up' ? 'var(--ok)' : 'var(--warn)';
  // The lightest steps of the scale would vanish on the map: it begins a little later here.
  return css(heat(0.18 + 0.82 * badness(pair.p50Us, 'p50'), theme));
}

function touches(pair: Pair, { region, from, to }: Selection): boolean {
  if (region) return pair.from === region || pair.to === region;
  return !from || (pair.from === from && pair.to === to) || (pair.from === to && pair.to === from);
}

/** Of each direction the half next to where it starts. */
export const Arcs = memo(function Arcs({ pairs, shares, layout, colouring, theme, selected, onHover, onSelect }: Props) {
  return (
    <g>
      {pairs.map(([key, pair]) => {
        const d = layout.half(pair.from, pair.to);
        if (!d) return null;
        const width = arcWidth(shares.get(key) ?? 0);
        const self: Selection = { from: pair.from, to: pair.to };
        const whole = stateOf(pair) === 'up';
        return (
          <g
            key={key}
            onPointerEnter={() => onHover(self)}
            onPointerLeave={() => onHover(undefined)}
            onClick={() => onSelect(self)}
          >
            <path className="arc" d={d} stroke="transparent" strokeWidth={Math.max(12, width)} />
            <path
              className={touches(pair, selected) ? 'arc' : 'arc faded'}
              d={d}
              stroke={colourOf(pair, colouring, theme)}
              strokeWidth={whole ? width : Math.max(2.5, width)}
              strokeDasharray={whole ? undefined : '7 5'}
            />
          </g>
        );
      })}
    </g>
  );
});
