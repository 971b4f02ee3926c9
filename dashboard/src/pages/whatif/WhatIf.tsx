import { useState } from 'react';
import { post } from '../../api/client';
import { live } from '../../api/live';
import { useStore } from '../../api/store';
import type { SimulateRequest, Simulation } from '../../api/types';
import { useAt } from '../../app/moment';
import { navigate, useSearch, withQuery } from '../../app/router';
import { command } from '../../logic/commands';
import { fromQuery, toQuery } from '../../logic/whatif';
import { useBlocked } from '../../ui/Act';
import { Command } from '../../ui/Command';
import { ErrorNote, Note } from '../../ui/Note';
import { PageHead, Panel } from '../../ui/Panel';
import { useAction } from '../../ui/useAction';
import { Answer } from './Answer';
import { QuestionForm } from './QuestionForm';

/** A change is tried on a model of the last minute before it is made. */
export default function WhatIf() {
  const search = useSearch();
  const past = useAt() !== undefined;
  const blocked = useBlocked();
  const services = useStore(live, (state) => state.services);
  const [answer, setAnswer] = useState<{ ask: SimulateRequest; reply: Simulation }>();
  const { busy, error, run } = useAction();
  const ask = fromQuery(search);

  const change = (next: SimulateRequest) =>
    navigate(window.location.pathname + withQuery(window.location.search, toQuery(next)), true);
  const simulate = () =>
    run(async () => {
      setAnswer({ ask, reply: await post<Simulation>('/simulate', ask) });
    });

  return (
    <div className="stack">
      <PageHead title="What if" />
      {past && <Note kind="past">The model is fitted to the last minute; go back to live to ask.</Note>}
      <div className="split ask">
        <Panel title="The question">
          <QuestionForm
            ask={ask}
            services={services ?? []}
            onChange={change}
            onAsk={() => void simulate()}
            busy={busy}
            blocked={blocked}
          />
        </Panel>
        <div className="stack">
          <ErrorNote error={error} />
          <Command text={command.simulate(ask)} />
          {busy && (
            <p role="status" className="muted">
              Simulating; this takes some seconds …
            </p>
          )}
          {answer ? (
            <Answer ask={answer.ask} reply={answer.reply} changed={JSON.stringify(answer.ask) !== JSON.stringify(ask)} />
          ) : (
            !busy && (
              <p className="empty">
                Choose what shall happen, then ask. Nothing of it touches traffic; the question stays in the address, so the link
                can be shared.
              </p>
            )
          )}
        </div>
      </div>
    </div>
  );
}
