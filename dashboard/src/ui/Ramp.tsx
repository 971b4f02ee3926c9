import { css, heat } from '../logic/colour';
import { useTheme } from './useTheme';

/** The colours from good to bad. */
export function Ramp({ end }: { end: string }) {
  const theme = useTheme();
  const stops = [0, 0.25, 0.5, 0.75, 1].map((part) => css(heat(part, theme))).join(', ');
  return (
    <span className="row">
      0
      <span className="ramp" style={{ background: `linear-gradient(90deg, ${stops})` }} aria-hidden="true" />
      {end} and more
    </span>
  );
}
