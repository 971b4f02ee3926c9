import type { RegionPlace } from '../api/types';
import { CLOUD_PLACES } from './cloudPlaces';

export interface Place {
  name: string;
  /** Longitude first, as d3-geo wants it. */
  point: [number, number] | undefined;
}

/** Configuration first; else the well-known place of a cloud region of that name, also with a zone or suffix behind it. */
export function placeOf(region: RegionPlace): Place {
  if (region.latitude !== undefined && region.longitude !== undefined) {
    return { name: region.name, point: [region.longitude, region.latitude] };
  }
  const name = region.name.toLowerCase().replace(/^(aws|gcp|azure)[-_/]/, '');
  const known = CLOUD_PLACES[name] ?? CLOUD_PLACES[name.replace(/-?[a-f]$/, '')];
  return { name: region.name, point: known ? [known[1], known[0]] : undefined };
}

/** Regions that are named, with those that only paths know of. */
export function placesOf(regions: RegionPlace[], seen: string[]): Place[] {
  const named = new Map(regions.map((region) => [region.name, region]));
  for (const name of seen) if (!named.has(name)) named.set(name, { name });
  return [...named.values()].sort((a, b) => (a.name < b.name ? -1 : 1)).map(placeOf);
}

/** On a circle, in the order of names: the same mesh looks the same every time. */
export function ringPlace(index: number, count: number, width: number, height: number): [number, number] {
  const angle = (2 * Math.PI * index) / Math.max(1, count) - Math.PI / 2;
  const radius = Math.min(width, height) / 2 - 70;
  return [width / 2 + radius * 1.35 * Math.cos(angle), height / 2 + radius * Math.sin(angle)];
}
