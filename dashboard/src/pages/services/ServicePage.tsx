import { useCallback, useEffect, useMemo } from 'react';
import { look } from '../../api/session';
import type { Service } from '../../api/types';
import { useReply } from '../../api/useReply';
import { useServices, useWeights } from '../../api/useSnapshot';
import { useAt } from '../../app/moment';
import { useQueryParam } from '../../app/router';
import { RANGES } from '../../logic/moment';
import { Choice } from '../../ui/Choice';
import { Empty, ErrorNote, Waiting } from '../../ui/Note';
import { PageHead } from '../../ui/Panel';
import { Select } from '../../ui/Select';
import { Actions } from './Actions';
import { ChangeTable } from './ChangeTable';
import { Explain } from './Explain';
import { History } from './History';
import { Servers } from './Servers';
import { WeightTable } from './WeightTable';
import { useChanges } from './useChanges';

export function ServicePage({ service }: { service: string }) {
  const at = useAt();
  const weights = useWeights(service);
  const services = useServices();
  const [wish, setFrom] = useQueryParam('from');
  const [range, setRange] = useQueryParam('range', '1h');
  const [kind, setKind] = useQueryParam('weights', 'seen');
  const [revision, setRevision] = useQueryParam('revision');

  const explain = useCallback((generation: number) => setRevision(String(generation)), [setRevision]);

  useEffect(() => look(service), [service]);

  const known = services.data?.find((entry) => entry.service === service);
  const rows = weights.data;
  const sources = useMemo(() => (rows ?? []).map((row) => row.fromRegion).sort(), [rows]);
  const from = wish || sources[0] || '';
  const row = rows?.find((entry) => entry.fromRegion === from);
  const regions = useMemo(
    () =>
      [
        ...new Set([...(known?.regions ?? []).map((entry) => entry.region), ...(row?.to ?? []).map((cell) => cell.region)]),
      ].sort(),
    [known, row],
  );
  const changes = useChanges(service, from, range, row?.generation);
  // Endpoints come only when one service is asked for, and only of now.
  const detail = useReply<{ services?: Service[] }>(at === undefined ? '/services' : undefined, { service }, 5000);

  if (services.data && !known) {
    return (
      <Empty title={`There is no service ${service}`} commands={['weirctl services ls']}>
        It may have been taken out of the configuration.
      </Empty>
    );
  }
  return (
    <div className="stack">
      <PageHead title={service}>
        <Select label="Requests from" value={from} options={sources} onChoose={setFrom} />
        <Choice label="Range" options={Object.keys(RANGES)} value={range} onChoose={setRange} />
        <span className="push row">
          <Actions service={service} row={row} />
        </span>
      </PageHead>
      <ErrorNote error={weights.error || changes.error} />
      <div className="split">
        <History
          service={service}
          from={from}
          range={range}
          regions={regions}
          kind={kind === 'wanted' ? 'wanted' : 'seen'}
          onKind={setKind}
          changes={changes.data}
          onExplain={explain}
        />
        {from && <Explain service={service} from={from} revision={revision} inForce={row?.generation} onNewest={() => setRevision('')} />}
      </div>
      {row ? <WeightTable row={row} regions={regions} onExplain={explain} /> : <Waiting for="weights" />}
      <ChangeTable changes={changes.data} chosen={revision} onExplain={explain} />
      <Servers service={detail.data?.services?.[0] ?? known} />
    </div>
  );
}
