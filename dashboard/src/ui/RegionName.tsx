import { colourIndex } from '../logic/colour';

/** With the colour the region has in charts. */
export function RegionName({ region, regions }: { region: string; regions: string[] }) {
  return (
    <span className="nowrap">
      <i className="dot" aria-hidden="true" style={{ background: `var(--region-${colourIndex(region, regions)})` }} />
      {region}
    </span>
  );
}
