import { type PointerEvent, useCallback, useEffect, useRef, useState } from 'react';
import { MapLayer, type Placing, drawMap, mapUnder } from '../../charts/drawMap';
import { paletteOf } from '../../ui/palette';
import { useTheme } from '../../ui/useTheme';
import { useWidth } from '../../ui/useWidth';
import { HEIGHT, WIDTH } from './geometry';
import { RegionKeys } from './RegionKeys';
import type { Selection } from './selection';
import type { MapData } from './useMapData';
import { type Colouring, usePicture } from './usePicture';
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
  const theme = useTheme();
  const [frame, width] = useWidth<HTMLDivElement>();
  const canvas = useRef<HTMLCanvasElement>(null);
  const [focused, setFocused] = useState('');
  const picture = usePicture(data, world, colouring, selected);
  const paint = useRef<() => void>(() => {});
  const asked = useRef(0);
  const layer = useRef<MapLayer>(undefined);
  // However much changes, it is drawn at most once a frame.
  const changed = useCallback(() => {
    asked.current ||= requestAnimationFrame(() => {
      asked.current = 0;
      paint.current();
    });
  }, []);
  const { view, dragging, zoomIn, zoomOut, reset } = useViewport(canvas, width, changed);
  const placing = (): Placing => ({ view: view.current, unit: width / WIDTH });

  useEffect(() => {
    paint.current = () => {
      const element = canvas.current;
      const ctx = element?.getContext('2d');
      if (!element || !ctx || width === 0) return;
      const ratio = window.devicePixelRatio || 1;
      const size = [Math.round(width * ratio), Math.round(width * (HEIGHT / WIDTH) * ratio)] as const;
      if (element.width !== size[0] || element.height !== size[1]) [element.width, element.height] = size;
      layer.current ??= new MapLayer();
      drawMap(ctx, layer.current, { ...picture, focused }, placing(), ratio, paletteOf(theme));
    };
    changed();
  });
  useEffect(() => () => cancelAnimationFrame(asked.current), []);

  const under = (event: { nativeEvent: { offsetX: number; offsetY: number } }) => {
    const ctx = canvas.current?.getContext('2d');
    return ctx ? mapUnder(ctx, picture, placing(), event.nativeEvent.offsetX, event.nativeEvent.offsetY) : undefined;
  };
  const hovered = useRef('');
  const point = (event: PointerEvent) => {
    if (dragging.current || event.buttons !== 0) return;
    const found = under(event);
    const key = JSON.stringify(found ?? '');
    if (key === hovered.current) return;
    hovered.current = key;
    event.currentTarget.classList.toggle('over', found !== undefined);
    onHover(found);
  };
  const choose = useCallback(
    (name: string) => onSelect(selected.region === name ? {} : { region: name }),
    [selected.region, onSelect],
  );
  return (
    <div className="map" ref={frame}>
      <canvas
        ref={canvas}
        role="img"
        aria-label={`${world ? 'Map' : 'Graph'} of the regions. Its buttons follow; the paths are in the table.`}
        onPointerMove={point}
        onPointerLeave={() => {
          hovered.current = '';
          onHover(undefined);
        }}
        onClick={(event) => {
          if (dragging.current) return;
          const found = under(event);
          if (found && 'region' in found) choose(found.region);
          else if (found) onSelect(found);
        }}
      />
      <RegionKeys
        names={picture.regions.map(({ name }) => name)}
        health={data.health}
        chosen={selected.region ?? ''}
        onFocus={setFocused}
        onChoose={choose}
      />
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
