import type { ReactNode } from 'react';
import { Command } from './Command';

export function Note({ kind = '', children }: { kind?: '' | 'warn' | 'fail' | 'past'; children: ReactNode }) {
  return (
    <div className={`note ${kind}`} role={kind === 'fail' ? 'alert' : undefined}>
      {children}
    </div>
  );
}

export function ErrorNote({ error }: { error: string }) {
  return error ? <Note kind="fail">{error}</Note> : null;
}

interface EmptyProps {
  title: string;
  children?: ReactNode;
  commands?: string[];
}

/** Where nothing is yet: what to do next. */
export function Empty({ title, children, commands = [] }: EmptyProps) {
  return (
    <div className="empty">
      <strong>{title}</strong>
      {children && <p>{children}</p>}
      {commands.map((text) => (
        <Command key={text} text={text} />
      ))}
    </div>
  );
}

export function Waiting({ for: what }: { for: string }) {
  return (
    <div className="empty" role="status">
      Waiting for {what} …
    </div>
  );
}
