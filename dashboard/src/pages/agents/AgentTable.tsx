import { useMemo, useState } from 'react';
import { post } from '../../api/client';
import type { Agent, Status } from '../../api/types';
import { command } from '../../logic/commands';
import { ago, duration } from '../../logic/format';
import { Act, useMay } from '../../ui/Act';
import { ConfirmDialog } from '../../ui/ConfirmDialog';
import { Level } from '../../ui/Level';
import { type Column, Table } from '../../ui/Table';
import { useClock } from '../../ui/useClock';

const SOON_MS = 3600_000;

function Certificate({ expires, now }: { expires: number; now: number }) {
  const left = expires - now;
  if (left <= 0) return <Level level="fail" word="has run out" />;
  return left < SOON_MS ? <Level level="warn" word={`in ${duration(left)}`} /> : <span>in {duration(left)}</span>;
}

function Revision({ agent, status }: { agent: Agent; status: Status | undefined }) {
  const acked = `${agent.ackedEpoch}.${agent.ackedGeneration}`;
  if (agent.nack) return <Level level="fail" word={`refuses the newest: ${agent.nack}`} />;
  return (
    <span>
      {acked}
      {status && agent.ackedEpoch === status.epoch && agent.ackedGeneration > status.generation && (
        <span className="muted"> (newer)</span>
      )}
    </span>
  );
}

function Name({ agent }: { agent: Agent }) {
  return (
    <>
      {agent.agent}
      <br />
      <code className="muted">
        {agent.overlayAddress} at {agent.endpoint}
      </code>
    </>
  );
}

function columnsFor(now: number, status: Status | undefined, remove: ((agent: Agent) => void) | undefined): Column<Agent>[] {
  return [
    { title: 'Agent', cell: (agent) => <Name agent={agent} />, sort: (agent) => agent.agent, names: true },
    { title: 'Region', cell: (agent) => agent.region, sort: (agent) => agent.region, wideOnly: true },
    { title: 'Cluster', cell: (agent) => agent.cluster, sort: (agent) => agent.cluster, wideOnly: true },
    {
      title: 'State',
      cell: (agent) => <Level level={agent.connected ? 'ok' : 'fail'} word={agent.connected ? 'connected' : 'not connected'} />,
      sort: (agent) => Number(agent.connected),
    },
    {
      title: 'Last seen',
      cell: (agent) => <span className="nowrap">{ago(agent.lastSeenUnixMs, now)}</span>,
      sort: (agent) => agent.lastSeenUnixMs,
    },
    { title: 'Revision', cell: (agent) => <Revision agent={agent} status={status} />, sort: (agent) => agent.ackedGeneration },
    {
      title: 'Certificate ends',
      cell: (agent) => <Certificate expires={agent.certificateExpiresUnixMs} now={now} />,
      sort: (agent) => agent.certificateExpiresUnixMs,
      wideOnly: true,
    },
    { title: 'Version', cell: (agent) => agent.version, sort: (agent) => agent.version },
    ...(remove
      ? [
          {
            title: '',
            cell: (agent: Agent) => (
              <Act least="admin" onClick={() => remove(agent)}>
                Remove
              </Act>
            ),
          },
        ]
      : []),
  ];
}

export function AgentTable({ agents, status }: { agents: Agent[]; status: Status | undefined }) {
  const now = useClock();
  const admin = useMay('admin');
  const [leaving, setLeaving] = useState<Agent>();
  const [typed, setTyped] = useState('');
  const columns = useMemo(() => columnsFor(now, status, admin ? setLeaving : undefined), [now, status, admin]);
  const close = () => {
    setLeaving(undefined);
    setTyped('');
  };
  return (
    <>
      <Table caption="Agents" columns={columns} rows={agents} rowKey={(agent) => agent.agent} />
      {leaving && (
        <ConfirmDialog
          title={`Remove ${leaving.agent}`}
          verb="Remove"
          danger
          ready={typed === leaving.agent}
          command={command.removeAgent(leaving.agent)}
          onClose={close}
          apply={() => post('/agents/remove', { agent: leaving.agent })}
        >
          <p>It leaves the mesh at once: no other agent takes or sends it traffic. To come back it must join with a new token.</p>
          <label className="field">
            <span>Type its name to be sure</span>
            <input
              type="text"
              autoComplete="off"
              value={typed}
              placeholder={leaving.agent}
              onChange={(event) => setTyped(event.target.value)}
            />
          </label>
        </ConfirmDialog>
      )}
    </>
  );
}
