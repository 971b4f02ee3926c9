import { type FormEvent, type ReactNode, useState } from 'react';
import { Command } from './Command';
import { Dialog } from './Dialog';
import { ErrorNote } from './Note';
import { useAction } from './useAction';

interface Props<Plan> {
  title: string;
  verb: string;
  command: string;
  /** What can be chosen before the plan is asked for. */
  form: ReactNode;
  ready?: boolean;
  plan: () => Promise<Plan>;
  show: (plan: Plan) => ReactNode;
  apply: () => Promise<unknown>;
  onClose: () => void;
}

/** First what would happen, as the controller tells it without doing it; then the question. */
export function PlanDialog<Plan>({ title, verb, command, form, ready = true, plan, show, apply, onClose }: Props<Plan>) {
  const [planned, setPlanned] = useState<Plan>();
  const { busy, error, run } = useAction();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void run(async () => {
      if (planned === undefined) return setPlanned(await plan());
      await apply();
      onClose();
    });
  };
  return (
    <Dialog title={title} onClose={onClose}>
      <form className="stack" onSubmit={submit}>
        {planned === undefined ? form : <div aria-live="polite">{show(planned)}</div>}
        <ErrorNote error={error} />
        <Command text={command} />
        <div className="foot">
          {planned === undefined ? (
            <button type="button" onClick={onClose}>
              Cancel
            </button>
          ) : (
            <button type="button" onClick={() => setPlanned(undefined)}>
              Back
            </button>
          )}
          <button type="submit" className="primary" disabled={busy || !ready}>
            {busy ? 'Working …' : planned === undefined ? 'Show the plan' : verb}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
