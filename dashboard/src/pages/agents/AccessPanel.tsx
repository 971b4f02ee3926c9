import { useMemo, useState } from 'react';
import { post } from '../../api/client';
import type { Access } from '../../api/types';
import { useReply } from '../../api/useReply';
import { command } from '../../logic/commands';
import { dateTime } from '../../logic/format';
import { Act } from '../../ui/Act';
import { ConfirmDialog } from '../../ui/ConfirmDialog';
import { Empty, ErrorNote } from '../../ui/Note';
import { Panel } from '../../ui/Panel';
import { type Column, Table } from '../../ui/Table';
import { AccessDialog } from './AccessDialog';

function columnsFor(revoke: (access: Access) => void): Column<Access>[] {
  return [
    { title: 'Who', cell: (access) => access.name, sort: (access) => access.name, names: true },
    {
      title: 'Role',
      cell: (access) => <span className="badge">{access.role.toLowerCase()}</span>,
      sort: (access) => access.role,
    },
    { title: 'Token', cell: (access) => <code>{access.id}</code> },
    { title: 'Since', cell: (access) => dateTime(access.createdUnixMs), sort: (access) => access.createdUnixMs },
    { title: 'Good until', cell: (access) => dateTime(access.expiresUnixMs), sort: (access) => access.expiresUnixMs },
    {
      title: '',
      cell: (access) => (
        <Act least="admin" onClick={() => revoke(access)}>
          Revoke
        </Act>
      ),
    },
  ];
}

/** Who may sign in to these pages, for admins. */
export function AccessPanel() {
  const reply = useReply<{ tokens?: Access[] }>('/access');
  const [creating, setCreating] = useState(false);
  const [revoking, setRevoking] = useState<Access>();
  const columns = useMemo(() => columnsFor(setRevoking), []);
  const tokens = reply.data?.tokens ?? [];
  const close = () => {
    setCreating(false);
    setRevoking(undefined);
    reply.again();
  };
  return (
    <Panel
      title="Who may sign in"
      flush
      tools={
        <Act least="admin" onClick={() => setCreating(true)}>
          Let somebody in
        </Act>
      }
    >
      <ErrorNote error={reply.error} />
      {reply.data && tokens.length === 0 ? (
        <Empty title="Nobody has an access token">With one a person signs in to these pages.</Empty>
      ) : (
        <Table caption="Access tokens" columns={columns} rows={tokens} rowKey={(access) => access.id} pageSize={25} />
      )}
      {creating && <AccessDialog onClose={close} />}
      {revoking && (
        <ConfirmDialog
          title={`Revoke the access of ${revoking.name}`}
          verb="Revoke"
          danger
          command={command.revokeAccess(revoking.id)}
          onClose={close}
          apply={() => post('/access/revoke', { id: revoking.id })}
        >
          <p>Whoever is signed in with it is signed out at once.</p>
        </ConfirmDialog>
      )}
    </Panel>
  );
}
