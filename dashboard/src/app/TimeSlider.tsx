import { useEffect, useState } from 'react';
import { live } from '../api/live';
import { useStore } from '../api/store';
import { dateTime } from '../logic/format';
import { RANGES, clampMoment, toLocalInput } from '../logic/moment';
import { lookAt, useAt } from './moment';
import { useQueryParam } from './router';

const STEPS = 1000;
const SETTLE_MS = 250;

/** The right end is live. How far the left end lies back is chosen beside it, so that a step is never too coarse. */
export function TimeSlider() {
  const at = useAt();
  const connected = useStore(live, (state) => state.connection.state === 'live');
  const [reach, setReach] = useQueryParam('reach', '1h');
  const span = RANGES[reach] ?? 3600_000;
  const [now, setNow] = useState(() => Date.now());
  const [drag, setDrag] = useState<number>();

  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 5000);
    return () => clearInterval(timer);
  }, []);

  // Each step while dragging would be a question to the controller and an entry in the history.
  useEffect(() => {
    if (drag === undefined) return undefined;
    const timer = setTimeout(() => {
      lookAt(drag >= STEPS ? undefined : Date.now() - span * (1 - drag / STEPS), at !== undefined);
      setDrag(undefined);
    }, SETTLE_MS);
    return () => clearTimeout(timer);
  }, [drag, span, at]);

  const place = at === undefined ? STEPS : Math.max(0, STEPS * (1 - (now - at) / span));
  const shown = drag ?? place;
  const moment = shown >= STEPS ? undefined : drag === undefined && at !== undefined ? at : now - span * (1 - shown / STEPS);
  const newest = connected ? 'Live' : 'Last known';
  const pick = (text: string) => {
    const time = Date.parse(text);
    if (Number.isFinite(time)) lookAt(clampMoment(time, Date.now()));
  };
  return (
    <div className={`time ${at === undefined ? '' : 'past'}`} role="group" aria-label="The moment that is shown">
      <select
        className="wide-only"
        aria-label="How far back the slider reaches"
        value={reach}
        onChange={(event) => setReach(event.target.value, true)}
      >
        {Object.keys(RANGES).map((name) => (
          <option key={name}>{name}</option>
        ))}
      </select>
      <input
        type="range"
        min={0}
        max={STEPS}
        value={shown}
        aria-label="Moment"
        aria-valuetext={moment === undefined ? newest : dateTime(moment)}
        onChange={(event) => setDrag(Number(event.target.value))}
      />
      <span className="moment nowrap">{moment === undefined ? newest : dateTime(moment)}</span>
      {at !== undefined && (
        <>
          <input
            className="wide-only"
            type="datetime-local"
            step={1}
            aria-label="Exact moment"
            value={toLocalInput(at)}
            onChange={(event) => pick(event.target.value)}
          />
          <button type="button" onClick={() => lookAt(undefined)}>
            Back to live
          </button>
        </>
      )}
    </div>
  );
}
