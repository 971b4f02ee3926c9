import { type ReactNode, useId } from 'react';

interface Props {
  title: ReactNode;
  tools?: ReactNode;
  children: ReactNode;
  /** Tables and charts come up to the edge. */
  flush?: boolean;
}

export function Panel({ title, tools, children, flush = false }: Props) {
  const id = useId();
  return (
    <section className="panel" aria-labelledby={id}>
      <header>
        <h2 id={id}>{title}</h2>
        {tools && <div className="push row">{tools}</div>}
      </header>
      {flush ? children : <div className="body">{children}</div>}
    </section>
  );
}

export function PageHead({ title, children }: { title: ReactNode; children?: ReactNode }) {
  return (
    <div className="page-head">
      <h1>{title}</h1>
      {children}
    </div>
  );
}
