import { memo } from 'react';
import type { RegionHealth } from '../../logic/health';

interface Props {
  names: string[];
  health: Map<string, RegionHealth>;
  chosen: string;
  onFocus: (name: string) => void;
  onChoose: (name: string) => void;
}

/** What the canvas shows for those who use keys or listen: a button for each region. The one with the focus has a ring. */
export const RegionKeys = memo(function RegionKeys({ names, health, chosen, onFocus, onChoose }: Props) {
  return (
    <ul className="hidden-visually" aria-label="Regions">
      {names.map((name) => (
        <li key={name}>
          <button
            type="button"
            aria-pressed={chosen === name}
            onFocus={() => onFocus(name)}
            onBlur={() => onFocus('')}
            onClick={() => onChoose(name)}
          >
            {name}: {health.get(name)?.says ?? 'nothing known'}
          </button>
        </li>
      ))}
    </ul>
  );
});
