/** Where in a message what has a value: "paths[].path.rttP50Us". What only an empty list could tell is not known. */
export function shapeOf(value, at = '') {
  if (Array.isArray(value)) return value.flatMap((one) => shapeOf(one, `${at}[]`));
  if (typeof value !== 'object' || value === null) return [`${at} ${typeof value}`];
  return Object.entries(value).flatMap(([key, member]) => shapeOf(member, at ? `${at}.${key}` : key));
}

/** What of `made` no message of `real` has. */
export function foreign(made, real) {
  const known = new Set(shapeOf(real));
  return [...new Set(shapeOf(made))].filter((place) => !known.has(place));
}
