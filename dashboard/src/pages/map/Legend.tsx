import { scaleEnd } from '../../logic/metric';
import { Ramp } from '../../ui/Ramp';
import type { Colouring } from './usePicture';

export function Legend({ colouring }: { colouring: Colouring }) {
  return (
    <span className="legend">
      {colouring === 'RTT' ? <Ramp end={scaleEnd('p50')} /> : <span>green: up, amber: partly</span>}
      <span>each half: its own direction</span>
      <span>width: share of requests</span>
      <span>dashed: not whole, × down</span>
    </span>
  );
}
