import type { FormEvent } from 'react';
import type { Service, SimulateRequest } from '../../api/types';
import { regionsIn } from '../../logic/health';
import { Fields } from './Fields';
import { PathField } from './PathField';

interface Props {
  ask: SimulateRequest;
  services: Service[];
  onChange: (ask: SimulateRequest) => void;
  onAsk: () => void;
  busy: boolean;
  blocked: string;
}

export function QuestionForm({ ask, services, onChange, onAsk, busy, blocked }: Props) {
  const set = (change: Partial<SimulateRequest>) => onChange({ ...ask, ...change });
  const regions = regionsIn(services);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onAsk();
  };
  const toggle = (region: string) =>
    set({
      failRegions: ask.failRegions.includes(region)
        ? ask.failRegions.filter((name) => name !== region)
        : [...ask.failRegions, region],
    });
  return (
    <form className="stack" onSubmit={submit}>
      <label className="field">
        <span>Service</span>
        <select value={ask.service} onChange={(event) => set({ service: event.target.value })}>
          <option value="">each</option>
          {services.map(({ service }) => (
            <option key={service}>{service}</option>
          ))}
        </select>
      </label>
      <fieldset className="field checks">
        <legend>Regions whose servers die</legend>
        <div className="pick">
          {regions.map((region) => (
            <label key={region} className="row">
              <input type="checkbox" checked={ask.failRegions.includes(region)} onChange={() => toggle(region)} />
              {region}
            </label>
          ))}
        </div>
      </fieldset>
      <PathField
        label="Paths that are cut"
        regions={regions}
        paths={ask.failPaths}
        onChange={(failPaths) => set({ failPaths })}
      />
      <PathField
        label="Paths that get longer"
        regions={regions}
        paths={ask.addLatency}
        onChange={(addLatency) => set({ addLatency })}
        latency
      />
      <Fields ask={ask} set={set} />
      <div>
        <button type="submit" className="primary" disabled={busy || blocked !== ''} title={blocked || undefined}>
          {busy ? 'Simulating …' : 'What if?'}
        </button>
      </div>
    </form>
  );
}
