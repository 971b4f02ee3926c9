import { type Pair, stateOf } from '../../logic/pairs';
import type { Layout } from './geometry';

/** A cross beside where a path that is down starts: red alone would be no sign. */
export function DownSigns({ pairs, layout, zoom }: { pairs: [string, Pair][]; layout: Layout; zoom: number }) {
  return (
    <g pointerEvents="none">
      {pairs.map(([key, pair]) => {
        const [a, b] = [layout.at.get(pair.from), layout.at.get(pair.to)];
        if (stateOf(pair) !== 'down' || !a || !b) return null;
        const length = Math.hypot(b[0] - a[0], b[1] - a[1]) || 1;
        const ahead = Math.min(20 / zoom, length / 4);
        const [x, y] = [a[0] + ((b[0] - a[0]) / length) * ahead, a[1] + ((b[1] - a[1]) / length) * ahead];
        const s = 4 / zoom;
        return (
          <path
            key={key}
            d={`M${x - s},${y - s}L${x + s},${y + s}M${x - s},${y + s}L${x + s},${y - s}`}
            stroke="var(--fail)"
            strokeWidth={2.5}
            vectorEffect="non-scaling-stroke"
          />
        );
      })}
    </g>
  );
}
