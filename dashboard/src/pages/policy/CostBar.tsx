import { money } from '../../logic/format';

interface Props {
  cost: number;
  /** 0: there is none. */
  ceiling: number;
  cut: string;
}

const BEYOND = 1.25;

/** The bar is the cost, the stroke the ceiling; a quarter more than the ceiling still fits in. */
export function CostBar({ cost, ceiling, cut }: Props) {
  if (cost === 0 && ceiling === 0) return <span className="muted">–</span>;
  if (ceiling === 0) return <span>{money(cost)}</span>;
  const scale = Math.max(cost, ceiling * BEYOND);
  const over = cost > ceiling;
  return (
    <span className="row" title={cut || undefined}>
      <span className="bar" aria-hidden="true" style={{ width: 90 }}>
        <i style={{ width: `${(cost / scale) * 100}%`, background: over ? 'var(--fail)' : undefined }} />
        <b style={{ left: `${(ceiling / scale) * 100}%` }} />
      </span>
      <span className={over ? 'fail' : ''}>
        {money(cost)} of {money(ceiling)}
      </span>
      {cut && <span className="badge warn">cut</span>}
    </span>
  );
}
