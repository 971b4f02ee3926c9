import type { SimulatedService } from '../../api/types';
import { latency, ppm } from '../../logic/format';

/** How far off the model was on what has already happened. */
export function BackTestLine({ service }: { service: SimulatedService }) {
  const test = service.backTest;
  if (!test) return <p className="muted">No back-test: {service.noBackTest || 'nothing to compare with'}.</p>;
  return (
    <p>
      <strong>Back-test</strong> over the last {test.predictedS} s: in objective {ppm(test.seenInObjectivePpm, 2)} seen,{' '}
      {ppm(test.modelInObjectivePpm, 2)} by the model; p50 {latency(test.seenP50Us)} and {latency(test.modelP50Us)}; p99{' '}
      {latency(test.seenP99Us)} and {latency(test.modelP99Us)}.
    </p>
  );
}
