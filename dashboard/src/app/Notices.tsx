import { live } from '../api/live';
import { useStore } from '../api/store';
import { clock, dateTime } from '../logic/format';
import { Note } from '../ui/Note';
import { useAt } from './moment';

/** What is shown is not how things are: said above every page. */
export function Notices() {
  const at = useAt();
  const connection = useStore(live, (state) => state.connection);
  return (
    <section className="notices" aria-label="Notices">
      {at !== undefined && (
        <Note kind="past">
          <strong>The past is shown: {dateTime(at)}.</strong> Nothing can be changed here until you go back to live.
        </Note>
      )}
      {'since' in connection && at === undefined && (
        <Note kind={connection.state === 'unreachable' ? 'fail' : 'warn'}>
          <strong>What you see is of {clock(connection.since)}, not of now.</strong>
          Agents go on by what they were told last; this page tries again by itself.
        </Note>
      )}
    </section>
  );
}
