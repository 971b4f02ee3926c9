import type { Level } from '../logic/tiles';
import type { Point } from '../logic/arcs';
import { type Label, roomFor } from '../logic/labels';
import type { Viewport } from '../logic/viewport';
import type { Palette } from '../ui/palette';

export interface MapArc {
  from: string;
  to: string;
  /** Where it starts, in the drawing; and towards what. */
  start: Point;
  end: Point;
  line: Path2D;
  width: number;
  colour: string;
  state: 'up' | 'partly' | 'down';
  faded: boolean;
}

export interface MapRegion {
  name: string;
  at: Point;
  level: Level;
  chosen: boolean;
  /** What of all requests starts or is served here: the busiest get their names first. */
  weight: number;
}

export interface MapPicture {
  /** Of the whole drawing, before it is moved and scaled. */
  width: number;
  height: number;
  land: Path2D | undefined;
  globe: Path2D | undefined;
  arcs: MapArc[];
  regions: MapRegion[];
  focused: string;
}

const FILL: Record<Level, string> = { ok: '--ok', warn: '--warn', fail: '--fail', unknown: '--ink-3' };
const SIGN: Record<Level, string> = { ok: '', warn: '!', fail: '×', unknown: '?' };
const DASH: [number, number] = [7, 5];

/** From the drawing to pixels of the screen: `unit` of them for one of the drawing. */
export interface Placing {
  view: Viewport;
  unit: number;
}

export function onScreen([x, y]: Point, { view, unit }: Placing): Point {
  return [(x * view.k + view.x) * unit, (y * view.k + view.y) * unit];
}

function drawGround(ctx: CanvasRenderingContext2D, { land, globe }: MapPicture, pixel: number, colour: Palette): void {
  if (land) {
    ctx.fillStyle = colour('--land');
    ctx.fill(land);
  }
  if (globe) {
    ctx.strokeStyle = colour('--line');
    ctx.lineWidth = pixel;
    ctx.stroke(globe);
  }
}

/** Of each direction the half next to where it starts. */
function drawArcs(ctx: CanvasRenderingContext2D, arcs: MapArc[], pixel: number): void {
  for (const arc of arcs) {
    ctx.globalAlpha = arc.faded ? 0.15 : 1;
    ctx.strokeStyle = arc.colour;
    ctx.lineWidth = (arc.state === 'up' ? arc.width : Math.max(2.5, arc.width)) * pixel;
    ctx.setLineDash(arc.state === 'up' ? [] : DASH.map((length) => length * pixel));
    ctx.stroke(arc.line);
  }
  ctx.globalAlpha = 1;
  ctx.setLineDash([]);
}

/** A cross beside where a path that is down starts: red alone would be no sign. */
function drawCrosses(ctx: CanvasRenderingContext2D, arcs: MapArc[], pixel: number, colour: Palette): void {
  ctx.strokeStyle = colour('--fail');
  ctx.lineWidth = 2.5 * pixel;
  ctx.beginPath();
  for (const { state, start, end } of arcs) {
    if (state !== 'down') continue;
    const length = Math.hypot(end[0] - start[0], end[1] - start[1]) || 1;
    const ahead = Math.min(20 * pixel, length / 4);
    const [x, y] = [start[0] + ((end[0] - start[0]) / length) * ahead, start[1] + ((end[1] - start[1]) / length) * ahead];
    const s = 4 * pixel;
    ctx.moveTo(x - s, y - s);
    ctx.lineTo(x + s, y + s);
    ctx.moveTo(x - s, y + s);
    ctx.lineTo(x + s, y - s);
  }
  ctx.stroke();
}

function drawDots(ctx: CanvasRenderingContext2D, picture: MapPicture, placing: Placing, colour: Palette): void {
  ctx.textAlign = 'center';
  ctx.textBaseline = 'middle';
  ctx.font = `700 11px ${colour('--font')}`;
  for (const { name, at, level, chosen } of picture.regions) {
    const [x, y] = onScreen(at, placing);
    ctx.beginPath();
    ctx.arc(x, y, chosen ? 9 : 7, 0, 2 * Math.PI);
    ctx.fillStyle = colour(FILL[level]);
    ctx.fill();
    ctx.strokeStyle = colour(name === picture.focused || chosen ? '--ink' : '--panel');
    ctx.lineWidth = name === picture.focused ? 3 : 2;
    ctx.stroke();
    if (!SIGN[level]) continue;
    ctx.fillStyle = colour('--panel');
    ctx.fillText(SIGN[level], x, y + 0.5);
  }
}

// Measuring a text costs as much as drawing it; names do not change.
const widths = new Map<string, number>();

function widthOf(ctx: CanvasRenderingContext2D, text: string): number {
  const known = widths.get(text) ?? ctx.measureText(text).width;
  widths.set(text, known);
  return known;
}

function drawNames(ctx: CanvasRenderingContext2D, picture: MapPicture, placing: Placing, colour: Palette): void {
  ctx.font = `550 12px ${colour('--font')}`;
  ctx.textBaseline = 'alphabetic';
  ctx.lineJoin = 'round';
  ctx.lineWidth = 3;
  ctx.strokeStyle = colour('--sea');
  ctx.fillStyle = colour('--ink');
  const right = picture.width * placing.unit;
  const labels = picture.regions.map((region): Label => {
    const [x, y] = onScreen(region.at, placing);
    const width = widthOf(ctx, region.name);
    const middle = x < 0 || x > right ? x : Math.min(right - width / 2 - 4, Math.max(width / 2 + 4, x));
    const always = region.chosen || region.level === 'fail' || region.name === picture.focused;
    return { name: region.name, at: [middle, y - 12], width, weight: region.weight, always };
  });
  const inside = labels.filter(({ at: [x, y] }) => x > -40 && x < right + 40 && y > 0 && y < picture.height * placing.unit + 12);
  for (const { name, at } of roomFor(inside)) {
    ctx.strokeText(name, at[0], at[1]);
    ctx.fillText(name, at[0], at[1]);
  }
}

const MARGIN = 0.2; // of the width, on each side

/**
 * Ground and paths as they were drawn last, with some of what lies beyond the frame: while somebody drags, they are only moved.
 * Drawing them is most of the work, and a machine without a GPU has no time for it sixty times a second.
 */
export class MapLayer {
  private readonly canvas = document.createElement('canvas');
  private arcs: MapArc[] | undefined;
  private land: Path2D | undefined;
  private view: Viewport = { x: 0, y: 0, k: 0 };
  private unit = 0;
  private ratio = 0;

  /** On a context of the device's pixels. */
  put(ctx: CanvasRenderingContext2D, picture: MapPicture, placing: Placing, ratio: number, colour: Palette): void {
    const { view, unit } = placing;
    const margin = Math.round(MARGIN * picture.width * unit * ratio);
    const moved = () => [(view.x - this.view.x) * unit * ratio, (view.y - this.view.y) * unit * ratio] as const;
    const same = this.arcs === picture.arcs && this.land === picture.land && this.unit === unit && this.ratio === ratio;
    if (!same || this.view.k !== view.k || moved().some((pixels) => Math.abs(pixels) > margin)) {
      this.arcs = picture.arcs;
      this.land = picture.land;
      [this.view, this.unit, this.ratio] = [view, unit, ratio];
      this.draw(picture, margin, colour);
    }
    const [dx, dy] = moved();
    ctx.drawImage(this.canvas, Math.round(dx) - margin, Math.round(dy) - margin);
  }

  private draw(picture: MapPicture, margin: number, colour: Palette): void {
    const scale = this.unit * this.ratio;
    const size = [picture.width, picture.height].map((length) => Math.round(length * scale) + 2 * margin) as [number, number];
    if (this.canvas.width !== size[0] || this.canvas.height !== size[1]) [this.canvas.width, this.canvas.height] = size;
    const ctx = this.canvas.getContext('2d');
    if (!ctx) return;
    const { x, y, k } = this.view;
    const pixel = 1 / (k * this.unit);
    ctx.setTransform(1, 0, 0, 1, 0, 0);
    ctx.clearRect(0, 0, ...size);
    ctx.setTransform(scale * k, 0, 0, scale * k, scale * x + margin, scale * y + margin);
    drawGround(ctx, picture, pixel, colour);
    drawArcs(ctx, picture.arcs, pixel);
    drawCrosses(ctx, picture.arcs, pixel, colour);
  }
}

/** The whole of it. `ratio`: pixels of the device for one of the screen. */
export function drawMap(
  ctx: CanvasRenderingContext2D,
  layer: MapLayer,
  picture: MapPicture,
  placing: Placing,
  ratio: number,
  colour: Palette,
): void {
  ctx.setTransform(1, 0, 0, 1, 0, 0);
  ctx.clearRect(0, 0, ctx.canvas.width, ctx.canvas.height);
  layer.put(ctx, picture, placing, ratio, colour);
  ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
  drawDots(ctx, picture, placing, colour);
  drawNames(ctx, picture, placing, colour);
}

const REGION_REACH = 12;
const ARC_REACH = 12;

/** What lies under a point of the screen: a region before a path. */
export function mapUnder(
  ctx: CanvasRenderingContext2D,
  { arcs, regions }: MapPicture,
  placing: Placing,
  x: number,
  y: number,
): { region: string } | { from: string; to: string } | undefined {
  let nearest: string | undefined;
  let reach = REGION_REACH;
  for (const { name, at } of regions) {
    const [rx, ry] = onScreen(at, placing);
    const away = Math.hypot(rx - x, ry - y);
    if (away < reach) [nearest, reach] = [name, away];
  }
  if (nearest) return { region: nearest };
  const { view, unit } = placing;
  ctx.setTransform(1, 0, 0, 1, 0, 0);
  const [px, py] = [(x / unit - view.x) / view.k, (y / unit - view.y) / view.k];
  const pixel = 1 / (view.k * unit);
  // What is drawn last lies above.
  for (let i = arcs.length - 1; i >= 0; i -= 1) {
    const arc = arcs[i];
    if (!arc) continue;
    ctx.lineWidth = Math.max(ARC_REACH, arc.width) * pixel;
    if (ctx.isPointInStroke(arc.line, px, py)) return { from: arc.from, to: arc.to };
  }
  return undefined;
}
