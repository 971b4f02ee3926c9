/** How many colours the tokens name for regions (--region-0 ...). */
export const REGION_COLOURS = 10;

/** A region keeps its colour on every page: its place in the sorted list of all regions says which. */
export function colourIndex(region: string, regions: string[]): number {
  const index = regions.indexOf(region);
  return index < 0 ? REGION_COLOURS - 1 : index % REGION_COLOURS;
}

type Rgb = [number, number, number];

function mix(a: Rgb, b: Rgb, part: number): Rgb {
  return [0, 1, 2].map((i) => Math.round(a[i as 0] + (b[i as 0] - a[i as 0]) * part)) as Rgb;
}

// Dark to bright and blue to orange: readable with any kind of colour blindness, and in grey.
const STEPS: Record<'light' | 'dark', Rgb[]> = {
  light: [
    [226, 240, 243],
    [150, 205, 214],
    [246, 214, 130],
    [232, 138, 66],
    [178, 58, 40],
  ],
  dark: [
    [28, 54, 64],
    [36, 104, 122],
    [146, 126, 52],
    [204, 112, 48],
    [224, 92, 72],
  ],
};

export function heat(part: number, theme: 'light' | 'dark'): Rgb {
  const steps = STEPS[theme];
  const place = Math.min(1, Math.max(0, part)) * (steps.length - 1);
  const index = Math.min(steps.length - 2, Math.floor(place));
  return mix(steps[index] as Rgb, steps[index + 1] as Rgb, place - index);
}

export function css([r, g, b]: Rgb): string {
  return `rgb(${r} ${g} ${b})`;
}

/** Black or white, whichever is read better on it. */
export function inkOn([r, g, b]: Rgb): string {
  return (r * 299 + g * 587 + b * 114) / 1000 > 140 ? '#10161c' : '#f4f7f9';
}
