import { type GeoProjection, geoNaturalEarth1, geoPath } from 'd3-geo';
import { feature } from 'topojson-client';
import atlas from 'world-atlas/land-110m.json';
import { type Point, halfCurve, midway } from '../../logic/arcs';
import { type Place, ringPlace } from '../../logic/places';

export const WIDTH = 960;
export const HEIGHT = 480;

/** Where regions lie in the drawing, and how the half of a path next to `from` goes. */
export interface Layout {
  at: Map<string, Point>;
  half: (from: string, to: string) => string | undefined;
}

const projection: GeoProjection = geoNaturalEarth1().fitExtent(
  [
    [6, 6],
    [WIDTH - 6, HEIGHT - 6],
  ],
  { type: 'Sphere' },
);
const draw = geoPath(projection).digits(1);

export const LAND = draw(feature(atlas, atlas.objects.land)) ?? '';
export const GLOBE = draw({ type: 'Sphere' }) ?? '';

export function worldLayout(places: Place[]): Layout {
  const points = new Map(places.flatMap(({ name, point }) => (point ? [[name, point] as const] : [])));
  const at = new Map([...points].map(([name, point]) => [name, (projection(point) ?? [0, 0]) as Point]));
  return {
    at,
    half: (from, to) => {
      const [a, b] = [points.get(from), points.get(to)];
      return a && b ? (draw({ type: 'LineString', coordinates: [a, midway(a, b)] }) ?? undefined) : undefined;
    },
  };
}

export function ringLayout(places: Place[]): Layout {
  const at = new Map(places.map(({ name }, index) => [name, ringPlace(index, places.length, WIDTH, HEIGHT)]));
  return {
    at,
    half: (from, to) => {
      const [a, b] = [at.get(from), at.get(to)];
      return a && b ? halfCurve(a, b) : undefined;
    },
  };
}
