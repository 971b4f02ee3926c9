export type Point = [number, number];

const RAD = Math.PI / 180;

function vector([longitude, latitude]: Point): [number, number, number] {
  const c = Math.cos(latitude * RAD);
  return [c * Math.cos(longitude * RAD), c * Math.sin(longitude * RAD), Math.sin(latitude * RAD)];
}

/** The middle of the great circle between two places: where the half of one direction ends and the other begins. */
export function midway(a: Point, b: Point): Point {
  const [u, v] = [vector(a), vector(b)];
  const [x, y, z] = [u[0] + v[0], u[1] + v[1], u[2] + v[2]];
  // Opposite points of the globe have no middle: any will do.
  if (Math.hypot(x, y, z) < 1e-9) return [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];
  return [Math.atan2(y, x) / RAD, Math.atan2(z, Math.hypot(x, y)) / RAD];
}

/** Of a path with that share of all requests; the root, since one pair may carry a hundred times what another does. */
export function arcWidth(share: number): number {
  return 1.25 + 7 * Math.sqrt(Math.min(1, Math.max(0, share)));
}

/** A bent line from a towards b that ends halfway, where the one from b towards a ends too. */
export function halfCurve(a: Point, b: Point, size = 0.12): string {
  const bend = a[0] < b[0] || (a[0] === b[0] && a[1] < b[1]) ? size : -size;
  const [dx, dy] = [b[0] - a[0], b[1] - a[1]];
  const control: Point = [(a[0] + b[0]) / 2 - dy * bend, (a[1] + b[1]) / 2 + dx * bend];
  // De Casteljau at one half: the first half of the quadratic curve.
  const c1: Point = [(a[0] + control[0]) / 2, (a[1] + control[1]) / 2];
  const c2: Point = [(control[0] + b[0]) / 2, (control[1] + b[1]) / 2];
  const middle: Point = [(c1[0] + c2[0]) / 2, (c1[1] + c2[1]) / 2];
  const f = (value: number) => value.toFixed(1);
  return `M${f(a[0])},${f(a[1])}Q${f(c1[0])},${f(c1[1])} ${f(middle[0])},${f(middle[1])}`;
}
