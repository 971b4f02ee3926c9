import { type Theme, token } from './useTheme';

export type Palette = (name: string) => string;

const known = new Map<string, string>();

/** Tokens for a canvas, each read once: reading one makes the browser compute styles, too much for every cell of a drawing. */
export function paletteOf(theme: Theme): Palette {
  return (name) => {
    const key = `${theme} ${name}`;
    const kept = known.get(key);
    if (kept !== undefined) return kept;
    const value = token(name);
    if (value) known.set(key, value);
    return value;
  };
}
