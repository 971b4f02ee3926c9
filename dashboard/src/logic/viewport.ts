/** How a drawing is moved and scaled: screen = drawing * k + (x, y). */
export interface Viewport {
  x: number;
  y: number;
  k: number;
}

export const WHOLE: Viewport = { x: 0, y: 0, k: 1 };
const CLOSEST = 12;

/** Never so far that the drawing leaves the frame. */
function bounded({ x, y, k }: Viewport, width: number, height: number): Viewport {
  return { k, x: Math.min(0, Math.max(width - width * k, x)), y: Math.min(0, Math.max(height - height * k, y)) };
}

/** The point (px, py) of the screen stays where it is. */
export function zoomed(view: Viewport, factor: number, px: number, py: number, width: number, height: number): Viewport {
  const k = Math.min(CLOSEST, Math.max(1, view.k * factor));
  const ratio = k / view.k;
  return bounded({ k, x: px - (px - view.x) * ratio, y: py - (py - view.y) * ratio }, width, height);
}

export function panned(view: Viewport, dx: number, dy: number, width: number, height: number): Viewport {
  return bounded({ k: view.k, x: view.x + dx, y: view.y + dy }, width, height);
}
