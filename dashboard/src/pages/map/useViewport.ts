import { type RefObject, useCallback, useEffect, useRef } from 'react';
import { type Viewport, WHOLE, panned, zoomed } from '../../logic/viewport';
import { HEIGHT, WIDTH } from './geometry';

const STEP = 1.6;

interface Handle {
  view: RefObject<Viewport>;
  dragging: RefObject<boolean>;
  zoomIn: () => void;
  zoomOut: () => void;
  reset: () => void;
}

/**
 * Wheel and buttons zoom, dragging moves. Where one looks is no state of the page: it changes with every frame, and only the
 * canvas is to be drawn again then, by `changed`.
 */
export function useViewport(canvas: RefObject<HTMLCanvasElement | null>, width: number, changed: () => void): Handle {
  const view = useRef<Viewport>(WHOLE);
  const dragging = useRef(false);
  const show = useCallback(
    (next: Viewport) => {
      view.current = next;
      changed();
    },
    [changed],
  );

  useEffect(() => {
    const element = canvas.current;
    if (!element) return undefined;
    // Not asked of the element with each movement: that would make the browser lay out the page there and then.
    const scale = WIDTH / Math.max(1, width);
    let drag: { id: number; x: number; y: number } | undefined;
    const wheel = (event: WheelEvent) => {
      // The whole world is shown: who scrolls on wants to go down the page.
      if (event.deltaY > 0 && view.current.k === 1) return;
      event.preventDefault();
      const [px, py] = [event.offsetX * scale, event.offsetY * scale];
      show(zoomed(view.current, Math.exp(-event.deltaY / 400), px, py, WIDTH, HEIGHT));
    };
    const down = (event: PointerEvent) => {
      if (event.button === 0) drag = { id: event.pointerId, x: event.clientX, y: event.clientY };
    };
    const move = (event: PointerEvent) => {
      if (!drag || drag.id !== event.pointerId) return;
      const [dx, dy] = [event.clientX - drag.x, event.clientY - drag.y];
      if (!dragging.current && Math.hypot(dx, dy) < 4) return;
      // Only now: until then it may be a click on what is under it.
      if (!dragging.current) element.setPointerCapture(event.pointerId);
      dragging.current = true;
      drag = { id: drag.id, x: event.clientX, y: event.clientY };
      show(panned(view.current, dx * scale, dy * scale, WIDTH, HEIGHT));
    };
    const up = () => {
      drag = undefined;
      // The click that ends a drag chooses nothing; it comes right after this.
      setTimeout(() => (dragging.current = false), 0);
    };
    element.addEventListener('wheel', wheel, { passive: false });
    element.addEventListener('pointerdown', down);
    element.addEventListener('pointermove', move);
    element.addEventListener('pointerup', up);
    element.addEventListener('pointercancel', up);
    return () => {
      element.removeEventListener('wheel', wheel);
      element.removeEventListener('pointerdown', down);
      element.removeEventListener('pointermove', move);
      element.removeEventListener('pointerup', up);
      element.removeEventListener('pointercancel', up);
    };
  }, [canvas, width, show]);

  const step = (factor: number) => show(zoomed(view.current, factor, WIDTH / 2, HEIGHT / 2, WIDTH, HEIGHT));
  return { view, dragging, zoomIn: () => step(STEP), zoomOut: () => step(1 / STEP), reset: () => show(WHOLE) };
}
