import type uPlot from 'uplot';
import { type Marker, type MarkerKind, nearest } from '../logic/markers';
import { token } from '../ui/useTheme';

const REACH_PX = 7;

/** Each kind has its own letter, so that colour is not all that tells them apart. */
export const LETTER: Record<MarkerKind, string> = { decision: 'D', pin: 'P', failover: 'F', mode: 'M' };
export const TOKEN: Record<MarkerKind, string> = { decision: '--ink-2', pin: '--accent', failover: '--fail', mode: '--past' };

export function markerAt(plot: uPlot, markers: Marker[], x: number): Marker | undefined {
  const perPixel = (plot.posToVal(1, 'x') - plot.posToVal(0, 'x')) * 1000;
  return nearest(markers, plot.posToVal(x, 'x') * 1000, REACH_PX * perPixel);
}

function draw(plot: uPlot, markers: Marker[]): void {
  const { ctx, bbox } = plot;
  const scale = devicePixelRatio;
  ctx.save();
  ctx.lineWidth = scale;
  ctx.font = `600 ${9 * scale}px ${token('--font')}`;
  ctx.textAlign = 'center';
  ctx.textBaseline = 'middle';
  for (const marker of markers) {
    const x = plot.valToPos(marker.unixMs / 1000, 'x', true);
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    const colour = token(TOKEN[marker.kind]);
    ctx.strokeStyle = colour;
    ctx.setLineDash([3 * scale, 3 * scale]);
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    ctx.fillStyle = colour;
    ctx.fillRect(x - 6 * scale, bbox.top, 12 * scale, 12 * scale);
    ctx.fillStyle = token('--panel');
    ctx.fillText(LETTER[marker.kind], x, bbox.top + 6.5 * scale);
  }
  ctx.restore();
}

export function markerPlugin(markers: () => Marker[]): uPlot.Plugin {
  return { hooks: { draw: (plot) => draw(plot, markers()) } };
}
