import { useMemo } from 'react';
import { MODES } from '../../api/types';
import { useNow } from '../../api/useSnapshot';
import { useAt } from '../../app/moment';
import { useQueryParam } from '../../app/router';
import { plural } from '../../logic/format';
import { Choice } from '../../ui/Choice';
import { Link } from '../../ui/Link';
import { Empty, Note, Waiting } from '../../ui/Note';
import { PageHead, Panel } from '../../ui/Panel';
import { Search } from '../../ui/Search';
import { PolicyDetail } from './PolicyDetail';
import { PolicyTable } from './PolicyTable';
import { RolloutPanel } from './RolloutPanel';

export default function Policy() {
  const past = useAt() !== undefined;
  const reply = useNow('policies');
  const [query, setQuery] = useQueryParam('q');
  const [mode, setMode] = useQueryParam('mode', 'all');
  const [chosen, setChosen] = useQueryParam('service');
  const all = reply?.policies;
  const rows = useMemo(
    () => (all ?? []).filter((entry) => entry.service.includes(query) && (mode === 'all' || entry.mode === mode)),
    [all, query, mode],
  );
  const one = all?.find((entry) => entry.service === chosen) ?? (rows.length === 1 ? rows[0] : undefined);

  return (
    <div className="stack">
      <PageHead title="Policy">
        <Choice label="Mode" options={['all', ...MODES]} value={mode} onChoose={setMode} />
        <Search label="Find a service" value={query} onSearch={(value) => setQuery(value, true)} />
        {reply && <span className="muted">{plural(rows.length, 'service')}</span>}
      </PageHead>
      {past && (
        <Note>
          Modes and how policies did are not kept for the past: nothing is shown here. What they changed, and why, is on the page of
          each <Link to="/services">service</Link>, at any moment.
        </Note>
      )}
      {!past && !reply && <Waiting for="policies" />}
      {reply?.rollout && <RolloutPanel rollout={reply.rollout} />}
      {reply && (
        <Panel title="Who steers" flush>
          {rows.length > 0 ? (
            <PolicyTable rows={rows} chosen={one?.service ?? ''} onChoose={setChosen} />
          ) : (
            <Empty title="No service fits">Choose another mode, or part of another name.</Empty>
          )}
        </Panel>
      )}
      {one && <PolicyDetail policy={one} />}
    </div>
  );
}
