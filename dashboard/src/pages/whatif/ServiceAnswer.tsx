import type { Outcome, SimulatedService } from '../../api/types';
import { latency, money, ppm, rate } from '../../logic/format';
import { shareOf } from '../../logic/whatif';
import { Panel } from '../../ui/Panel';
import { BackTestLine } from './BackTestLine';
import { ShareRows } from './ShareRows';

interface Line {
  name: string;
  text: (outcome: Outcome) => string;
  /** What is compared with "now", and whether more of it is better. */
  value?: (outcome: Outcome) => number;
  moreIsBetter?: boolean;
}

const LINES: Line[] = [
  { name: 'In objective', text: (one) => ppm(one.inObjectivePpm, 2), value: (one) => one.inObjectivePpm, moreIsBetter: true },
  { name: 'p50', text: (one) => latency(one.p50Us), value: (one) => one.p50Us },
  { name: 'p99', text: (one) => latency(one.p99Us), value: (one) => one.p99Us },
  { name: 'Failed', text: (one) => ppm(one.failedPpm, 2), value: (one) => one.failedPpm },
];

const COST: Line = { name: 'Cost an hour', text: (one) => money(one.costPerHour), value: (one) => one.costPerHour };
// Less than a fiftieth is within what two runs differ by.
const NOISE = 0.02;

function verdict(line: Line, outcome: Outcome, now: Outcome | undefined): string {
  if (!line.value || !now || outcome === now) return 'number';
  const [was, is] = [line.value(now), line.value(outcome)];
  const change = line.moreIsBetter ? 1e6 - is - (1e6 - was) : is - was;
  const base = Math.max(1, line.moreIsBetter ? 1e6 - was : was);
  if (Math.abs(change) / base < NOISE) return 'number';
  return change < 0 ? 'number ok' : 'number fail';
}

function lineOfRegion(outcome: Outcome, region: string): string {
  const entry = outcome.regions.find((one) => one.region === region);
  return entry ? `${rate(entry.requestsPerSecond)}, load ${ppm(entry.loadPpm, 0)}` : '–';
}

export function ServiceAnswer({ service }: { service: SimulatedService }) {
  const { outcomes } = service;
  const now = outcomes.find((outcome) => outcome.name === 'now');
  const lines = outcomes.some((outcome) => outcome.costPerHour > 0) ? [...LINES, COST] : LINES;
  const regions = [...new Set(outcomes.flatMap((outcome) => outcome.regions.map((region) => region.region)))];
  const sources = [...new Set(outcomes.flatMap((outcome) => outcome.sources.map((source) => source.fromRegion)))];
  return (
    <Panel title={service.service} tools={<span className="muted">model of the last {service.fittedS} s</span>} flush>
      <div className="scroll">
        <table>
          <caption className="hidden-visually">Outcomes side by side</caption>
          <thead>
            <tr>
              <td />
              {outcomes.map((outcome) => (
                <th key={outcome.name} scope="col" className="number">
                  {outcome.name}
                  {outcome.inForce && ' (in force)'}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {lines.map((line) => (
              <tr key={line.name}>
                <th scope="row">{line.name}</th>
                {outcomes.map((outcome) => (
                  <td key={outcome.name} className={verdict(line, outcome, now)}>
                    {line.text(outcome)}
                  </td>
                ))}
              </tr>
            ))}
            {regions.map((region) => (
              <tr key={region}>
                <th scope="row">to {region}</th>
                {outcomes.map((outcome) => (
                  <td key={outcome.name} className="number">
                    {lineOfRegion(outcome, region)}
                  </td>
                ))}
              </tr>
            ))}
            <ShareRows outcomes={outcomes} sources={sources} regions={regions} shareOf={shareOf} />
          </tbody>
        </table>
      </div>
      <div className="body stack">
        <BackTestLine service={service} />
        {service.notes.length > 0 && (
          <ul className="muted">
            {service.notes.map((note) => (
              <li key={note}>Note: {note}</li>
            ))}
          </ul>
        )}
      </div>
    </Panel>
  );
}
