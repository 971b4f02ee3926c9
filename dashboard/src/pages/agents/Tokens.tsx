import { useMemo, useState } from 'react';
import { post } from '../../api/client';
import type { Agent, Token } from '../../api/types';
import { useReply } from '../../api/useReply';
import { command } from '../../logic/commands';
import { dateTime, duration } from '../../logic/format';
import { Act } from '../../ui/Act';
import { ConfirmDialog } from '../../ui/ConfirmDialog';
import { Empty, ErrorNote } from '../../ui/Note';
import { Panel } from '../../ui/Panel';
import { type Column, Table } from '../../ui/Table';
import { TokenDialog } from './TokenDialog';

const EVERY_MS = 10_000;

function columnsFor(revoke: (token: Token) => void): Column<Token>[] {
  return [
    { title: 'Token', cell: (token) => <code>{token.id}</code>, names: true },
    { title: 'Region', cell: (token) => token.region, sort: (token) => token.region },
    { title: 'Cluster', cell: (token) => token.cluster, sort: (token) => token.cluster },
    {
      title: 'State',
      cell: (token) => <span className={token.state === 'open' ? 'badge ok' : 'badge'}>{token.state}</span>,
      sort: (token) => token.state,
    },
    { title: 'Uses left', number: true, cell: (token) => token.usesLeft },
    { title: 'Redeemed by', cell: (token) => token.redeemedBy.join(', ') || '–' },
    {
      title: 'Good until',
      sort: (token) => token.expiresUnixMs,
      cell: (token) => (
        <span title={`good for ${duration(token.expiresUnixMs - token.createdUnixMs)}`}>{dateTime(token.expiresUnixMs)}</span>
      ),
    },
    {
      title: '',
      cell: (token) =>
        token.state === 'open' && (
          <Act least="admin" onClick={() => revoke(token)}>
            Revoke
          </Act>
        ),
    },
  ];
}

/** Join tokens, for admins. The secret itself is never listed. */
export function Tokens({ agents }: { agents: Agent[] }) {
  const reply = useReply<{ tokens?: Token[] }>('/tokens', {}, EVERY_MS);
  const [creating, setCreating] = useState(false);
  const [revoking, setRevoking] = useState<Token>();
  const columns = useMemo(() => columnsFor(setRevoking), []);
  const tokens = reply.data?.tokens ?? [];
  return (
    <Panel
      title="Join tokens"
      flush
      tools={
        <Act least="admin" kind="primary" onClick={() => setCreating(true)}>
          Create a token
        </Act>
      }
    >
      <ErrorNote error={reply.error} />
      {reply.data && tokens.length === 0 ? (
        <Empty title="No token was made yet">A token lets one machine become an agent of a region.</Empty>
      ) : (
        <Table caption="Join tokens" columns={columns} rows={tokens} rowKey={(token) => token.id} pageSize={25} />
      )}
      {creating && (
        <TokenDialog
          agents={agents}
          onClose={() => {
            setCreating(false);
            reply.again();
          }}
        />
      )}
      {revoking && (
        <ConfirmDialog
          title={`Revoke token ${revoking.id}`}
          verb="Revoke"
          danger
          command={command.revokeToken(revoking.id)}
          onClose={() => {
            setRevoking(undefined);
            reply.again();
          }}
          apply={() => post('/tokens/revoke', { id: revoking.id })}
        >
          <p>Nobody can join {revoking.region} with it any more. Agents that have joined stay.</p>
        </ConfirmDialog>
      )}
    </Panel>
  );
}
