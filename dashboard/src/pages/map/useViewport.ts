import { type RefObject, useCallback, useEffect, useRef, useState } from 'react';
import { type Viewport, WHOLE, panned, zoomed } from '../../logic/viewport';
import { HEIGHT, WIDTH } from './geometry';

const STEP = 1.6;

interface Handle {
  view: Viewport;
  svg: RefObject<SVGSVGElement | null>;
  zoomIn: () => void;
  zoomOut: () => void;
  reset: () => void;
}

/** Wheel and buttons zoom, dragging moves. */
export function useViewport(): Handle {
  const svg = useRef<SVGSVGElement>(null);
  const [view, setView] = useState<Viewport>(WHOLE);
  const current = useRef(view);
  current.current = view;

  useEffect(() => {
    const element = svg.current;
    if (!element) return undefined;
    const scale = () => WIDTH / element.getBoundingClientRect().width;
    let drag: { id: number; x: number; y: number; moved: boolean } | undefined;
    const wheel = (event: WheelEvent) => {
      // The whole world is shown: who scrolls on wants to go down the page.
      if (event.deltaY > 0 && current.current.k === 1) return;
      event.preventDefault();
      const box = element.getBoundingClientRect();
      const [px, py] = [(event.clientX - box.left) * scale(), (event.clientY - box.top) * scale()];
      setView((before) => zoomed(before, Math.exp(-event.deltaY / 400), px, py, WIDTH, HEIGHT));
    };
    const down = (event: PointerEvent) => {
      if (event.button === 0) drag = { id: event.pointerId, x: event.clientX, y: event.clientY, moved: false };
    };
    const move = (event: PointerEvent) => {
      if (!drag || drag.id !== event.pointerId) return;
      const [dx, dy] = [event.clientX - drag.x, event.clientY - drag.y];
      if (!drag.moved && Math.hypot(dx, dy) < 4) return;
      // Only now: a captured pointer would take the click from the region under it.
      if (!drag.moved) element.setPointerCapture(event.pointerId);
      drag = { id: drag.id, x: event.clientX, y: event.clientY, moved: true };
      setView((before) => panned(before, dx * scale(), dy * scale(), WIDTH, HEIGHT));
    };
    const up = () => (drag = undefined);
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
  }, []);

  const step = (factor: number) => setView((before) => zoomed(before, factor, WIDTH / 2, HEIGHT / 2, WIDTH, HEIGHT));
  return {
    view,
    svg,
    zoomIn: useCallback(() => step(STEP), []),
    zoomOut: useCallback(() => step(1 / STEP), []),
    reset: useCallback(() => setView(WHOLE), []),
  };
}
