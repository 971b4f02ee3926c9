import { css, heat, inkOn } from '../logic/colour';
import { type Metric, badness, cellText, valueOf } from '../logic/metric';
import { type Cell, HEAD, cellSize } from '../logic/matrix';
import { type Pair, pairKey, stateOf } from '../logic/pairs';
import { type Palette, paletteOf } from '../ui/palette';
import type { Theme } from '../ui/useTheme';

export interface MatrixPicture {
  regions: string[];
  pairs: Map<string, Pair>;
  metric: Metric;
  theme: Theme;
  selected: Cell | undefined;
  hovered: Cell | undefined;
}

function fitted(ctx: CanvasRenderingContext2D, text: string, width: number): string {
  if (ctx.measureText(text).width <= width) return text;
  let end = text.length - 1;
  while (end > 1 && ctx.measureText(`${text.slice(0, end)}…`).width > width) end -= 1;
  return `${text.slice(0, end)}…`;
}

function drawHeads(ctx: CanvasRenderingContext2D, { regions, hovered, selected }: MatrixPicture, token: Palette): void {
  const { width, height, numbers } = cellSize(regions.length);
  const mark = hovered ?? selected;
  ctx.font = `${numbers ? 12 : 10.5}px ${token('--font')}`;
  ctx.textBaseline = 'middle';
  regions.forEach((name, index) => {
    ctx.fillStyle = token(mark?.row === index ? '--accent' : '--ink-2');
    ctx.textAlign = 'right';
    ctx.fillText(fitted(ctx, name, HEAD - 14), HEAD - 8, HEAD + index * height + height / 2);
    ctx.fillStyle = token(mark?.column === index ? '--accent' : '--ink-2');
    ctx.save();
    ctx.translate(HEAD + index * width + width / 2, HEAD - 8);
    // Columns with room lean, so that they can be read without turning the head all the way.
    ctx.rotate(width > 40 ? -Math.PI / 4 : -Math.PI / 2);
    ctx.textAlign = 'left';
    ctx.fillText(fitted(ctx, name, HEAD - 14), 0, 0);
    ctx.restore();
  });
}

function drawCell(
  ctx: CanvasRenderingContext2D,
  picture: MatrixPicture,
  row: number,
  column: number,
  token: Palette,
): void {
  const { regions, pairs, metric, theme } = picture;
  const { width, height, numbers } = cellSize(regions.length);
  const [x, y] = [HEAD + column * width, HEAD + row * height];
  const pair = pairs.get(pairKey(regions[row] ?? '', regions[column] ?? ''));
  const gap = numbers ? 2 : 1;
  if (!pair) {
    ctx.fillStyle = token(row === column ? '--line' : '--raised');
    ctx.fillRect(x, y, width - gap, height - gap);
    return;
  }
  const value = valueOf(pair, metric);
  if (value === undefined) {
    ctx.fillStyle = token('--fail-soft');
    ctx.fillRect(x, y, width - gap, height - gap);
    ctx.strokeStyle = token('--fail');
    ctx.lineWidth = 1.5;
    const [cx, cy, s] = [x + (width - gap) / 2, y + (height - gap) / 2, 4];
    ctx.beginPath();
    ctx.moveTo(cx - s, cy - s);
    ctx.lineTo(cx + s, cy + s);
    ctx.moveTo(cx - s, cy + s);
    ctx.lineTo(cx + s, cy - s);
    ctx.stroke();
    return;
  }
  const colour = heat(badness(value, metric), theme);
  ctx.fillStyle = css(colour);
  ctx.fillRect(x, y, width - gap, height - gap);
  ctx.fillStyle = inkOn(colour);
  if (numbers) ctx.fillText(cellText(value, metric), x + (width - gap) / 2, y + (height - gap) / 2 + 0.5);
  // A corner tells that some of the paths of the pair are down.
  if (stateOf(pair) === 'partly') ctx.fillRect(x + width - gap - 5, y, 5, 5);
}

function frame(ctx: CanvasRenderingContext2D, cell: Cell | undefined, regions: number, colour: string): void {
  if (!cell) return;
  const { width, height } = cellSize(regions);
  ctx.strokeStyle = colour;
  ctx.lineWidth = 2;
  ctx.strokeRect(HEAD + cell.column * width - 1, HEAD + cell.row * height - 1, width, height);
}

export function matrixSize(regions: number): { width: number; height: number } {
  const { width, height } = cellSize(regions);
  // The leaning heads reach beyond the last column.
  return { width: HEAD + regions * width + (width > 40 ? HEAD * 0.7 : 4), height: HEAD + regions * height + 4 };
}

export function drawMatrix(canvas: HTMLCanvasElement, picture: MatrixPicture): void {
  const ctx = canvas.getContext('2d');
  if (!ctx) return;
  const count = picture.regions.length;
  const { width, height } = matrixSize(count);
  const scale = window.devicePixelRatio || 1;
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  ctx.scale(scale, scale);
  const token = paletteOf(picture.theme);
  drawHeads(ctx, picture, token);
  ctx.font = `${count <= 16 ? 12 : 10}px ${token('--font')}`;
  ctx.textAlign = 'center';
  for (let row = 0; row < count; row += 1) {
    for (let column = 0; column < count; column += 1) drawCell(ctx, picture, row, column, token);
  }
  frame(ctx, picture.hovered, count, token('--ink-2'));
  frame(ctx, picture.selected, count, token('--accent'));
}
