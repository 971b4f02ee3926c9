import { useMemo } from 'react';
import { live } from '../../api/live';
import { useStore } from '../../api/store';
import { useNow, usePaths, useServices, useTraffic } from '../../api/useSnapshot';
import { useAt } from '../../app/moment';
import { problemsOf } from '../../logic/problems';
import { tilesOf } from '../../logic/tiles';
import { verdictOf } from '../../logic/verdict';
import { Level } from '../../ui/Level';
import { Empty, ErrorNote } from '../../ui/Note';
import { PageHead, Panel } from '../../ui/Panel';
import { useClock } from '../../ui/useClock';
import { useEvents } from '../events/useEvents';
import { useFailovers } from '../failover/useFailovers';
import { EventList } from './EventList';
import { FailoverList } from './FailoverList';
import { ProblemList } from './ProblemList';
import { ServiceLines } from './ServiceLines';
import { Tiles } from './Tiles';

const RECENT = 12;
const PROBLEMS = 5;

export function Overview() {
  const now = useClock();
  const past = useAt() !== undefined;
  const connection = useStore(live, (state) => state.connection);
  const status = useNow('status');
  const agents = useNow('agents');
  const policies = useNow('policies');
  const paths = usePaths();
  const services = useServices();
  const traffic = useTraffic();
  const failovers = useFailovers();
  const events = useEvents({ limit: 60 });

  // What is wrong changes with the data; how long ago something was, need not be exact to the second.
  const coarse = Math.floor(now / 10_000) * 10_000;
  const problems = useMemo(
    () =>
      problemsOf(
        { status, agents, paths: paths.data, services: services.data, traffic: traffic.data?.services, policies, failovers },
        coarse,
      ),
    [status, agents, paths.data, services.data, traffic.data, policies, failovers, coarse],
  );

  const tiles = tilesOf(
    { connection, status, agents, paths: paths.data, services: services.data, policies, failovers, past },
    problems,
    now,
  );
  const verdict = verdictOf(tiles, problems);

  return (
    <div className="stack">
      <PageHead title="Overview">
        <Level level={verdict.level} word={verdict.says} />
      </PageHead>
      <ErrorNote error={paths.error || services.error || traffic.error || events.error} />
      <Tiles tiles={tiles} />
      {agents?.length === 0 ? (
        <Panel title="First steps">
          <Empty
            title="No agent has joined yet"
            commands={['weirctl mesh token create --region REGION --cluster CLUSTER', 'weir-agent join']}
          >
            Make a token for a region, then join with it on a machine there.
          </Empty>
        </Panel>
      ) : (
        <div className="halves">
          <Panel title="Problems" flush>
            <ProblemList problems={problems} most={PROBLEMS} past={past} />
          </Panel>
          <Panel title="Active failovers" flush>
            <FailoverList failovers={failovers ?? []} now={now} />
          </Panel>
        </div>
      )}
      <Panel title="Services" flush>
        <ServiceLines lines={traffic.data?.services} services={services.data} />
      </Panel>
      <Panel title="Recent events" flush>
        <EventList events={events.data.slice(-RECENT)} />
      </Panel>
    </div>
  );
}
