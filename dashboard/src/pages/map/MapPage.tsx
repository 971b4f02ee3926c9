import { useState } from 'react';
import { useQueryParam } from '../../app/router';
import { plural } from '../../logic/format';
import { pairKey } from '../../logic/pairs';
import { Choice } from '../../ui/Choice';
import { Empty, ErrorNote, Waiting } from '../../ui/Note';
import { PageHead, Panel } from '../../ui/Panel';
import { Select } from '../../ui/Select';
import { useAtMost } from '../../ui/useAtMost';
import { Drawing } from './Drawing';
import { Legend } from './Legend';
import { PairTable } from './PairTable';
import { type Selection, useSelection } from './selection';
import { Side } from './Side';
import { useMapData } from './useMapData';
import type { Colouring } from './usePicture';

const TABLE_ABOVE = 60;
const TABLE_EVERY_MS = 1000;
const VIEWS = ['world', 'graph', 'table'] as const;

export default function MapPage() {
  const [service, setService] = useQueryParam('service');
  const [wish, setView] = useQueryParam('view');
  const [colouring, setColouring] = useQueryParam('colour', 'RTT');
  const [selected, select] = useSelection();
  const [hovered, setHovered] = useState<Selection>();
  const data = useMapData(service);
  // The table below may lag a little behind the drawing: a large mesh has a thousand times what somebody moves.
  const settled = useAtMost(data, TABLE_EVERY_MS);
  const table = settled.loading || data.places.length !== settled.places.length ? data : settled;
  const unplaced = data.places.filter((place) => !place.point).length;
  const usual = data.places.length > TABLE_ABOVE ? 'table' : unplaced > 0 && unplaced === data.places.length ? 'graph' : 'world';
  const view = VIEWS.find((name) => name === wish) ?? usual;

  const chosen = selected.from && selected.to ? pairKey(selected.from, selected.to) : undefined;

  return (
    <div className="stack">
      <PageHead title="Map">
        <Choice label="View" options={VIEWS} value={view} onChoose={setView} />
        <Choice label="Colour" options={['RTT', 'state']} value={colouring} onChoose={setColouring} />
        <Select label="Traffic of" all="all services" value={service} options={data.services} onChoose={setService} />
      </PageHead>
      <ErrorNote error={data.error} />
      {data.loading && !data.error && <Waiting for="regions and paths" />}
      {!data.loading && data.places.length === 0 && (
        <Empty
          title="There is no region yet"
          commands={['weirctl mesh token create --region REGION --cluster CLUSTER', 'weir-agent join']}
        >
          Regions appear here with the first agent in each.
        </Empty>
      )}
      {data.places.length > 0 && view !== 'table' && (
        <div className="split">
          <Panel title={<Legend colouring={colouring as Colouring} />} flush>
            <Drawing
              key={view}
              data={data}
              world={view === 'world'}
              colouring={colouring as Colouring}
              selected={selected}
              onHover={setHovered}
              onSelect={select}
            />
          </Panel>
          <div className="stack">
            <Side selected={hovered ?? selected} data={data} />
            {view === 'world' && unplaced > 0 && (
              <p className="muted">
                {plural(unplaced, 'region has', 'regions have')} no coordinates and {unplaced === 1 ? 'is' : 'are'} only in the
                graph and the table.
              </p>
            )}
          </div>
        </div>
      )}
      {data.places.length > 0 && <PairTable data={table} region={selected.region ?? ''} chosen={chosen} />}
    </div>
  );
}
