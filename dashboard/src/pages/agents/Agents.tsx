import { useMemo } from 'react';
import { useNow } from '../../api/useSnapshot';
import { useAt } from '../../app/moment';
import { useQueryParam } from '../../app/router';
import { plural } from '../../logic/format';
import { useMay } from '../../ui/Act';
import { Link } from '../../ui/Link';
import { Empty, Note, Waiting } from '../../ui/Note';
import { PageHead, Panel } from '../../ui/Panel';
import { Search } from '../../ui/Search';
import { AccessPanel } from './AccessPanel';
import { AgentTable } from './AgentTable';
import { Tokens } from './Tokens';

export default function Agents() {
  const past = useAt() !== undefined;
  const agents = useNow('agents');
  const status = useNow('status');
  const admin = useMay('admin');
  const [query, setQuery] = useQueryParam('q');
  const rows = useMemo(
    () =>
      (agents ?? [])
        .filter((agent) => `${agent.agent} ${agent.cluster}`.includes(query))
        .sort((a, b) => Number(a.connected) - Number(b.connected)),
    [agents, query],
  );
  return (
    <div className="stack">
      <PageHead title="Agents">
        <Search label="Find an agent" value={query} onSearch={(value) => setQuery(value, true)} />
        {agents && <span className="muted">{plural(rows.length, 'agent')}</span>}
      </PageHead>
      {past && (
        <Note>
          Which agents there were is not kept for the past: nothing is shown here. <Link to="/events">Events</Link> tell when agents
          came and went, and the <Link to="/map">map</Link> which paths were up.
        </Note>
      )}
      {!past && (
        <Panel
          title="Who belongs to the mesh"
          flush
          tools={
            status && (
              <span className="muted">
                newest revision {status.epoch}.{status.generation}
              </span>
            )
          }
        >
          {!agents ? (
            <Waiting for="agents" />
          ) : agents.length === 0 ? (
            <Empty
              title="No agent has joined yet"
              commands={['weirctl mesh token create --region REGION --cluster CLUSTER', 'weir-agent join']}
            >
              Make a token for a region, then join with it on a machine there.
            </Empty>
          ) : rows.length === 0 ? (
            <Empty title={`No agent has “${query}” in its name`} />
          ) : (
            <AgentTable agents={rows} status={status} />
          )}
        </Panel>
      )}
      {admin && !past && <Tokens agents={agents ?? []} />}
      {admin && !past && <AccessPanel />}
    </div>
  );
}
