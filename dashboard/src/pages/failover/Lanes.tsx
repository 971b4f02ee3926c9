import { useState } from 'react';
import type { Lane as LaneData, Span } from '../../logic/lanes';
import { dateTime, duration } from '../../logic/format';
import { timeTicks } from '../../logic/ticks';
import { Link } from '../../ui/Link';
import { Pager } from '../../ui/Pager';

const PAGE = 40;
const ROW_PX = 15;
const MARK_PX = 10;
const TICKS = 6;

interface Window {
  since: number;
  until: number;
}

function share(time: number, { since, until }: Window): number {
  return Math.min(100, Math.max(0, ((time - since) / (until - since)) * 100));
}

function Bar({ span, row, window }: { span: Span; row: number; window: Window }) {
  const [left, right] = [share(span.startUnixMs, window), share(span.endUnixMs ?? window.until, window)];
  const length = (span.endUnixMs ?? window.until) - span.startUnixMs;
  const ramp = span.rampUnixMs === undefined ? 0 : ((span.endUnixMs ?? window.until) - span.rampUnixMs) / length;
  const words = `${span.from} away from ${span.to} ${span.endUnixMs === undefined ? 'since' : 'from'} ${dateTime(span.startUnixMs)}, ${duration(length)}: ${span.why}`;
  return (
    <span
      role="img"
      aria-label={words}
      title={words}
      className={span.endUnixMs === undefined ? 'span active' : 'span'}
      style={{ left: `${left}%`, width: `${right - left}%`, top: row * ROW_PX }}
    >
      {ramp > 0 && <i className="ramp-part" style={{ width: `${Math.min(100, ramp * 100)}%` }} />}
    </span>
  );
}

function Lane({ lane, window }: { lane: LaneData; window: Window }) {
  // A row for each pair, so that stretches never cover each other.
  const pairs = [...new Set(lane.spans.map((span) => `${span.from} ${span.to}`))];
  return (
    <div className="lane" role="listitem">
      <span className="name" title={lane.service || 'paths and agents'}>
        {lane.service ? <Link to={`/services/${lane.service}`}>{lane.service}</Link> : <span className="soft">paths</span>}
      </span>
      <span className="pairs">
        {pairs.map((pair) => (
          <span key={pair}>{pair.replace(' ', ' ↛ ')}</span>
        ))}
      </span>
      <span className="track" style={{ height: pairs.length * ROW_PX + (lane.marks.length > 0 ? MARK_PX : 0) + 2 }}>
        {lane.spans.map((span) => (
          <Bar
            key={`${span.from} ${span.to} ${span.startUnixMs}`}
            span={span}
            row={pairs.indexOf(`${span.from} ${span.to}`)}
            window={window}
          />
        ))}
        {lane.marks.map((mark, index) => (
          <i
            key={index}
            className={`mark ${mark.severity}`}
            style={{ left: `${share(mark.unixMs, window)}%` }}
            title={`${dateTime(mark.unixMs)} ${mark.type} ${mark.region}: ${mark.message}`}
          />
        ))}
      </span>
    </div>
  );
}

export function Lanes({ lanes, since, until }: { lanes: LaneData[] } & Window) {
  const [page, setPage] = useState(0);
  const window = { since, until };
  if (lanes.length === 0) return <p className="empty">Nothing failed over within this range.</p>;
  const pages = Math.ceil(lanes.length / PAGE);
  const current = Math.min(page, pages - 1);
  const ticks = timeTicks(Array.from({ length: TICKS }, (_, i) => (since + ((until - since) * i) / (TICKS - 1)) / 1000));
  return (
    <>
      <div role="list" aria-label="Failovers by service">
        {lanes.slice(current * PAGE, (current + 1) * PAGE).map((lane) => (
          <Lane key={lane.service} lane={lane} window={window} />
        ))}
      </div>
      <div className="lane axis" aria-hidden="true">
        <span />
        <span className="pairs" />
        <span className="track">
          {ticks.map((tick, index) => (
            <span key={index}>{tick}</span>
          ))}
        </span>
      </div>
      <Pager page={current} pages={pages} total={lanes.length} onTurn={setPage} />
    </>
  );
}
