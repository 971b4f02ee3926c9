export const CELL = 26;
export const WIDE_CELL = 54;
export const HEAD = 118;
const WIDE_UP_TO = 16;

/** Few regions have room for numbers, many only for colours. */
export function cellSize(regions: number): { width: number; height: number; numbers: boolean } {
  if (regions <= WIDE_UP_TO) return { width: WIDE_CELL, height: CELL + 4, numbers: true };
  return regions <= 30 ? { width: CELL + 4, height: CELL - 2, numbers: true } : { width: 15, height: 15, numbers: false };
}

export interface Cell {
  row: number;
  column: number;
}

/** The cell under a point of the canvas; undefined: a head or outside. */
export function cellAt(x: number, y: number, regions: number): Cell | undefined {
  const { width, height } = cellSize(regions);
  const column = Math.floor((x - HEAD) / width);
  const row = Math.floor((y - HEAD) / height);
  return row >= 0 && column >= 0 && row < regions && column < regions ? { row, column } : undefined;
}

const STEPS: Record<string, [number, number]> = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
};

/** Where a key moves the selection; undefined: it is not one of them. */
export function moved(cell: Cell | undefined, key: string, regions: number): Cell | undefined {
  const last = regions - 1;
  if (key === 'Home') return { row: cell?.row ?? 0, column: 0 };
  if (key === 'End') return { row: cell?.row ?? 0, column: last };
  const step = STEPS[key];
  if (!step) return undefined;
  if (!cell) return { row: 0, column: 0 };
  const within = (value: number) => Math.min(last, Math.max(0, value));
  return { row: within(cell.row + step[0]), column: within(cell.column + step[1]) };
}
