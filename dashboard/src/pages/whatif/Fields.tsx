import type { SimulateRequest } from '../../api/types';

interface Props {
  ask: SimulateRequest;
  set: (change: Partial<SimulateRequest>) => void;
}

const REPLAYS: [number, string][] = [
  [0, 'its mean of the last minute'],
  [60, 'as it was in the last minute'],
  [120, 'as it was in the last 2 minutes'],
  [300, 'as it was in the last 5 minutes'],
];

export function Fields({ ask, set }: Props) {
  return (
    <>
      <label className="field">
        <span>Demand</span>
        <select value={ask.replayFromS} onChange={(event) => set({ replayFromS: Number(event.target.value), replayToS: 0 })}>
          {!REPLAYS.some(([seconds]) => seconds === ask.replayFromS) && (
            <option value={ask.replayFromS}>as it was {ask.replayFromS} s ago</option>
          )}
          {REPLAYS.map(([seconds, name]) => (
            <option key={seconds} value={seconds}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <div className="row">
        <label className="field">
          <span>Traffic, times</span>
          <input
            type="number"
            min={0.1}
            max={10}
            step={0.1}
            placeholder="1"
            value={ask.trafficScale || ''}
            onChange={(event) => set({ trafficScale: Number(event.target.value) || 0 })}
          />
        </label>
        <label className="field">
          <span>For, seconds</span>
          <input
            type="number"
            min={10}
            max={3600}
            placeholder="60"
            value={ask.forS || ''}
            onChange={(event) => set({ forS: Math.round(Number(event.target.value)) || 0 })}
          />
        </label>
        <label className="field">
          <span>Policy</span>
          <input
            type="text"
            size={14}
            placeholder="the configured one"
            value={ask.policy}
            onChange={(event) => set({ policy: event.target.value.trim() })}
          />
        </label>
      </div>
    </>
  );
}
