import { type FormEvent, useState } from 'react';
import { post } from '../../api/client';
import type { Agent, Token } from '../../api/types';
import { command } from '../../logic/commands';
import { Command } from '../../ui/Command';
import { Dialog } from '../../ui/Dialog';
import { ErrorNote } from '../../ui/Note';
import { Secret } from '../../ui/Secret';
import { useAction } from '../../ui/useAction';

interface Created {
  token?: Token;
  secret: string;
}

export function TokenDialog({ agents, onClose }: { agents: Agent[]; onClose: () => void }) {
  const [region, setRegion] = useState('');
  const [cluster, setCluster] = useState('');
  const [replaces, setReplaces] = useState('');
  const [created, setCreated] = useState<Created>();
  const { busy, error, run } = useAction();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void run(async () => setCreated(await post<Created>('/tokens/create', { region, cluster, ttlS: 0, uses: 1, replaces })));
  };
  const line = command.createToken(region || 'REGION', cluster || 'CLUSTER') + (replaces ? ` --replaces ${replaces}` : '');
  return (
    <Dialog title="A join token for one new agent" onClose={onClose}>
      {created ? (
        <Secret secret={created.secret} expiresUnixMs={created.token?.expiresUnixMs} onClose={onClose} />
      ) : (
        <form className="stack" onSubmit={submit}>
          <label className="field">
            <span>Region it will be in</span>
            <input
              type="text"
              required
              list="known-regions"
              value={region}
              onChange={(event) => setRegion(event.target.value.trim())}
            />
          </label>
          <datalist id="known-regions">
            {[...new Set(agents.map((agent) => agent.region))].map((name) => (
              <option key={name} value={name} />
            ))}
          </datalist>
          <label className="field">
            <span>Cluster it speaks for</span>
            <input type="text" required value={cluster} onChange={(event) => setCluster(event.target.value.trim())} />
          </label>
          <label className="field">
            <span>In place of an agent whose machine is gone</span>
            <select value={replaces} onChange={(event) => setReplaces(event.target.value)}>
              <option value="">none</option>
              {agents
                .filter((agent) => region === '' || agent.region === region)
                .map((agent) => (
                  <option key={agent.agent}>{agent.agent}</option>
                ))}
            </select>
          </label>
          <ErrorNote error={error} />
          <Command text={line} />
          <div className="foot">
            <button type="button" onClick={onClose}>
              Cancel
            </button>
            <button type="submit" className="primary" disabled={busy || !region || !cluster}>
              {busy ? 'Working …' : 'Create'}
            </button>
          </div>
        </form>
      )}
    </Dialog>
  );
}
