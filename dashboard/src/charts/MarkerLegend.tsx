import type { MarkerKind } from '../logic/markers';
import { LETTER, TOKEN } from './markerPlugin';

export function MarkerLegend() {
  return (
    <span className="legend wide-only">
      {(Object.keys(LETTER) as MarkerKind[]).map((kind) => (
        <span key={kind}>
          <b style={{ color: `var(${TOKEN[kind]})` }}>{LETTER[kind]}</b> {kind}
        </span>
      ))}
    </span>
  );
}
