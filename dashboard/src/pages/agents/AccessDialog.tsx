import { type FormEvent, useState } from 'react';
import { post } from '../../api/client';
import type { Access } from '../../api/types';
import { command } from '../../logic/commands';
import { Command } from '../../ui/Command';
import { Dialog } from '../../ui/Dialog';
import { ErrorNote } from '../../ui/Note';
import { Secret } from '../../ui/Secret';
import { useAction } from '../../ui/useAction';

const ROLES: [string, string][] = [
  ['viewer', 'looks, and asks what if'],
  ['operator', 'moves traffic'],
  ['admin', 'says who belongs to the mesh and who may do what'],
];
const LASTS: [number, string][] = [
  [24 * 3600, '1 day'],
  [7 * 24 * 3600, '7 days'],
  [0, '30 days'],
];

export function AccessDialog({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState('');
  const [role, setRole] = useState('viewer');
  const [ttlS, setTtl] = useState(0);
  const [created, setCreated] = useState<{ access?: Access; secret: string }>();
  const { busy, error, run } = useAction();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void run(async () => setCreated(await post('/access/create', { name, role: role.toUpperCase(), ttlS })));
  };
  return (
    <Dialog title="Let somebody in" onClose={onClose}>
      {created ? (
        <Secret secret={created.secret} expiresUnixMs={created.access?.expiresUnixMs} onClose={onClose} />
      ) : (
        <form className="stack" onSubmit={submit}>
          <label className="field">
            <span>Name</span>
            <input type="text" required value={name} onChange={(event) => setName(event.target.value.trim())} />
          </label>
          <label className="field">
            <span>Role</span>
            <select value={role} onChange={(event) => setRole(event.target.value)}>
              {ROLES.map(([value, does]) => (
                <option key={value} value={value}>
                  {value}: {does}
                </option>
              ))}
            </select>
          </label>
          <label className="field">
            <span>Good for</span>
            <select value={ttlS} onChange={(event) => setTtl(Number(event.target.value))}>
              {LASTS.map(([seconds, words]) => (
                <option key={seconds} value={seconds}>
                  {words}
                </option>
              ))}
            </select>
          </label>
          <ErrorNote error={error} />
          <Command text={command.createAccess(name || 'NAME', role, ttlS)} />
          <div className="foot">
            <button type="button" onClick={onClose}>
              Cancel
            </button>
            <button type="submit" className="primary" disabled={busy || !name}>
              {busy ? 'Working …' : 'Create'}
            </button>
          </div>
        </form>
      )}
    </Dialog>
  );
}
