import type { MouseEvent, ReactNode } from 'react';
import { type Query, navigate, pageUrl, useSearch } from '../app/router';

interface Props {
  to: string;
  query?: Query;
  className?: string;
  children: ReactNode;
  current?: boolean;
  title?: string;
}

/** A real link, so that it can be opened in another tab; a plain click does not load the page anew. */
export function Link({ to, query, className, children, current, title }: Props) {
  useSearch();
  const [path = '', own = ''] = to.split('?');
  const href = pageUrl(path, { ...Object.fromEntries(new URLSearchParams(own)), ...query });
  const follow = (event: MouseEvent) => {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    navigate(href);
  };
  return (
    <a href={href} onClick={follow} className={className} title={title} aria-current={current ? 'page' : undefined}>
      {children}
    </a>
  );
}
