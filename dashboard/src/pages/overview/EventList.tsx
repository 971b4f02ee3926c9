import type { WeirEvent } from '../../api/types';
import { dateTime } from '../../logic/format';
import { Link } from '../../ui/Link';
import { Severity } from '../../ui/Level';

/** The newest on top. */
export function EventList({ events }: { events: WeirEvent[] }) {
  if (events.length === 0) return <div className="empty">Nothing has happened yet.</div>;
  return (
    <div className="scroll">
      <table>
        <caption className="hidden-visually">Recent events</caption>
        <tbody>
          {[...events].reverse().map((event, index) => (
            <tr key={`${event.unixMs} ${index}`}>
              <td className="nowrap muted">{dateTime(event.unixMs)}</td>
              <td className="nowrap">
                <Severity severity={event.severity} />
              </td>
              <td className="nowrap">
                <Link to="/events" query={{ type: event.type }}>
                  {event.type}
                </Link>
              </td>
              <td>
                {[
                  event.service,
                  event.fromRegion && event.fromRegion !== event.region ? `${event.fromRegion} → ${event.region}` : event.region,
                ]
                  .filter(Boolean)
                  .join(', ')}
              </td>
              <td className="soft">{event.message}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
