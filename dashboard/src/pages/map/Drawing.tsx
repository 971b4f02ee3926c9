import { useMemo } from 'react';
import { pairsToDraw } from '../../logic/arcChoice';
import { useTheme } from '../../ui/useTheme';
import { type Colouring, Arcs } from './Arcs';
import { DownSigns } from './DownSigns';
import { GLOBE, HEIGHT, LAND, WIDTH, ringLayout, worldLayout } from './geometry';
import { Regions } from './Regions';
import type { Selection } from './selection';
import type { MapData } from './useMapData';
import { useViewport } from './useViewport';

interface Props {
  data: MapData;
  world: boolean;
  colouring: Colouring;
  selected: Selection;
  onHover: (selection: Selection | undefined) => void;
  onSelect: (selection: Selection) => void;
}

export function Drawing({ data, world, colouring, selected, onHover, onSelect }: Props) {
  const { view, svg, zoomIn, zoomOut, reset } = useViewport();
  const theme = useTheme();
  const layout = useMemo(() => (world ? worldLayout(data.places) : ringLayout(data.places)), [world, data.places]);
  const drawn = useMemo(
    () => pairsToDraw(data.pairs, data.shares, data.places.length, selected.region ?? ''),
    [data.pairs, data.shares, data.places.length, selected.region],
  );
  return (
    <div className="map">
      <svg
        ref={svg}
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        role="group"
        aria-label={world ? 'Map of the regions' : 'Graph of the regions'}
      >
        <g transform={`translate(${view.x} ${view.y}) scale(${view.k})`}>
          {world && (
            <g aria-hidden="true">
              <path className="land" d={LAND} />
              <path className="globe" d={GLOBE} vectorEffect="non-scaling-stroke" />
            </g>
          )}
          <Arcs
            pairs={drawn}
            shares={data.shares}
            layout={layout}
            colouring={colouring}
            theme={theme}
            selected={selected}
            onHover={onHover}
            onSelect={onSelect}
          />
          <DownSigns pairs={drawn} layout={layout} zoom={view.k} />
          <Regions layout={layout} health={data.health} zoom={view.k} selected={selected} onHover={onHover} onSelect={onSelect} />
        </g>
      </svg>
      <div className="zoom">
        <button type="button" aria-label="Closer" onClick={zoomIn}>
          +
        </button>
        <button type="button" aria-label="Further away" onClick={zoomOut}>
          −
        </button>
        <button type="button" aria-label="The whole map" onClick={reset}>
          ○
        </button>
      </div>
    </div>
  );
}
