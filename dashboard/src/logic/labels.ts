import type { Point } from './arcs';

export interface Label {
  name: string;
  /** The middle of its foot, in pixels of the screen. */
  at: Point;
  width: number;
  /** The larger, the sooner it gets its room. */
  weight: number;
  /** Shown even over others: what is chosen, and what has failed. */
  always: boolean;
}

const HEIGHT = 13;
const GAP = 3;

interface Box {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

const boxOf = ({ at: [x, y], width }: Label): Box => ({
  left: x - width / 2 - GAP,
  right: x + width / 2 + GAP,
  top: y - HEIGHT,
  bottom: y + GAP,
});
const overlap = (a: Box, b: Box) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;

/** Which names have room beside each other, the weightiest first. */
export function roomFor(labels: Label[]): Label[] {
  const inOrder = [...labels].sort(
    (a, b) => Number(b.always) - Number(a.always) || b.weight - a.weight || (a.name < b.name ? -1 : 1),
  );
  const taken: Box[] = [];
  return inOrder.filter((label) => {
    const box = boxOf(label);
    if (!label.always && taken.some((other) => overlap(box, other))) return false;
    taken.push(box);
    return true;
  });
}
