import type { FormEvent, ReactNode } from 'react';
import { Command } from './Command';
import { Dialog } from './Dialog';
import { ErrorNote } from './Note';
import { useAction } from './useAction';

interface Props {
  title: string;
  verb: string;
  command: string;
  children: ReactNode;
  danger?: boolean;
  ready?: boolean;
  onClose: () => void;
  /** The dialog closes by itself when it is done. */
  apply: () => Promise<unknown>;
}

export function ConfirmDialog({ title, verb, command, children, danger = false, ready = true, onClose, apply }: Props) {
  const { busy, error, run } = useAction();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void run(async () => {
      await apply();
      onClose();
    });
  };
  return (
    <Dialog title={title} onClose={onClose}>
      <form className="stack" onSubmit={submit}>
        {children}
        <ErrorNote error={error} />
        <Command text={command} />
        <div className="foot">
          <button type="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" className={danger ? 'danger' : 'primary'} disabled={busy || !ready}>
            {busy ? 'Working …' : verb}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
