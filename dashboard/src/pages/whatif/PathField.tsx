import { useState } from 'react';
import type { SimulatedPath } from '../../api/types';
import { formatPath } from '../../logic/whatif';

interface Props {
  label: string;
  regions: string[];
  paths: SimulatedPath[];
  onChange: (paths: SimulatedPath[]) => void;
  latency?: boolean;
}

const USUAL_MS = 80;

export function PathField({ label, regions, paths, onChange, latency = false }: Props) {
  const [a, setA] = useState('');
  const [b, setB] = useState('');
  const [ms, setMs] = useState(USUAL_MS);
  const end = (value: string, choose: (value: string) => void, name: string) => (
    <select value={value} aria-label={`${label}: ${name}`} onChange={(event) => choose(event.target.value)}>
      <option value="">region</option>
      {regions.map((region) => (
        <option key={region}>{region}</option>
      ))}
    </select>
  );
  const add = () => {
    const others = paths.filter((path) => !(path.a === a && path.b === b) && !(path.a === b && path.b === a));
    onChange([...others, { a, b, addMs: latency ? ms : 0 }]);
    setA('');
    setB('');
  };
  return (
    <fieldset className="field checks">
      <legend>{label}</legend>
      {paths.map((path) => (
        <span key={formatPath(path)} className="row">
          <code>{formatPath(path)}</code>
          <button
            type="button"
            className="link"
            aria-label={`Take ${formatPath(path)} out`}
            onClick={() => onChange(paths.filter((other) => other !== path))}
          >
            Remove
          </button>
        </span>
      ))}
      <span className="row">
        {end(a, setA, 'one end')}
        {end(b, setB, 'other end')}
        {latency && (
          <input
            type="number"
            min={1}
            max={10_000}
            value={ms}
            aria-label="Milliseconds more"
            onChange={(event) => setMs(Number(event.target.value))}
          />
        )}
        <button type="button" disabled={!a || !b || a === b || (latency && !(ms > 0))} onClick={add}>
          Add
        </button>
      </span>
    </fieldset>
  );
}
