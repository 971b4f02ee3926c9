import { useState } from 'react';
import { post } from '../../api/client';
import type { Rollout, SeenRequests } from '../../api/types';
import { command } from '../../logic/commands';
import { count, dateTime, duration, latency, percent, plural } from '../../logic/format';
import { Act } from '../../ui/Act';
import { ConfirmDialog } from '../../ui/ConfirmDialog';
import { Panel } from '../../ui/Panel';

const STAGES = ['shadow', 'canary', 'everywhere', 'settled'];
const OVER = new Set(['settled', 'withdrawn']);

function Row({ name, seen, before }: { name: string; seen: SeenRequests | undefined; before: SeenRequests | undefined }) {
  const share = (requests: SeenRequests | undefined) =>
    requests && requests.ended > 0 ? percent(requests.inObjective / requests.ended, 2) : '–';
  return (
    <tr>
      <th scope="row">{name}</th>
      <td className="number">{share(before)}</td>
      <td className="number">{share(seen)}</td>
      <td className="number">{seen ? latency(seen.p99Us) : '–'}</td>
      <td className="number">{seen ? count(seen.ended) : '–'}</td>
    </tr>
  );
}

function Stages({ stage }: { stage: string }) {
  return (
    <ol className="row" aria-label="Stages">
      {STAGES.map((name) => (
        <li key={name} aria-current={name === stage ? 'step' : undefined}>
          <span className={name === stage ? 'badge accent' : 'badge'}>{name}</span>
        </li>
      ))}
      {stage === 'withdrawn' && (
        <li aria-current="step">
          <span className="badge fail">withdrawn</span>
        </li>
      )}
    </ol>
  );
}

/** How far a checkpoint has come, and how it does against the services it does not steer. */
export function RolloutPanel({ rollout }: { rollout: Rollout }) {
  const [open, setOpen] = useState<'advance' | 'withdraw'>();
  const running = !OVER.has(rollout.stage);
  return (
    <Panel
      title={`Rollout of checkpoint ${rollout.name}`}
      tools={
        running && (
          <>
            <Act least="admin" onClick={() => setOpen('advance')}>
              Next stage
            </Act>
            <Act least="admin" kind="danger" onClick={() => setOpen('withdraw')}>
              Withdraw
            </Act>
          </>
        )
      }
    >
      <div className="stack">
        <div className="row">
          <Stages stage={rollout.stage} />
          <span className="muted">
            by {rollout.by}, {dateTime(rollout.unixMs)}
            {running && rollout.leftS > 0 && `; next stage in ${duration(rollout.leftS * 1000)}`}
          </span>
        </div>
        {rollout.why && <p className="fail">{rollout.why}</p>}
        {rollout.canaries.length > 0 && (
          <p>
            <span className="muted">{plural(rollout.canaries.length, 'canary', 'canaries')}:</span> {rollout.canaries.join(', ')}
          </p>
        )}
        <table>
          <caption className="hidden-visually">Requests within the objective</caption>
          <thead>
            <tr>
              <th scope="col">Services</th>
              <th scope="col" className="number">
                In shadow
              </th>
              <th scope="col" className="number">
                In this stage
              </th>
              <th scope="col" className="number">
                p99
              </th>
              <th scope="col" className="number">
                Requests
              </th>
            </tr>
          </thead>
          <tbody>
            <Row name="it steers" seen={rollout.candidate} before={rollout.before} />
            <Row name="others" seen={rollout.control} before={rollout.controlBefore} />
          </tbody>
        </table>
      </div>
      {open && (
        <ConfirmDialog
          title={open === 'advance' ? 'To the next stage, now' : 'Withdraw the checkpoint'}
          verb={open === 'advance' ? 'Next stage' : 'Withdraw'}
          danger={open === 'withdraw'}
          command={open === 'advance' ? command.advance() : command.withdraw()}
          onClose={() => setOpen(undefined)}
          apply={() => post('/policy/promote', { action: open })}
        >
          <p>
            {open === 'advance'
              ? `Checkpoint ${rollout.name} leaves stage ${rollout.stage} before its time is over.`
              : `Checkpoint ${rollout.name} steers nothing any more; the one before it does.`}
          </p>
        </ConfirmDialog>
      )}
    </Panel>
  );
}
