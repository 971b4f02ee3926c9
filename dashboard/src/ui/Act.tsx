import type { ReactNode } from 'react';
import { live } from '../api/live';
import { session } from '../api/session';
import { useStore } from '../api/store';
import type { Role } from '../api/types';
import { useAt } from '../app/moment';
import { atLeast } from '../logic/roles';

/** Whether the signed-in role may do it; what it may not is not offered at all. */
export function useMay(least: Role): boolean {
  return atLeast(
    useStore(session, (state) => state.me?.role),
    least,
  );
}

/** Why nothing can be changed just now; empty: it can. */
export function useBlocked(): string {
  const at = useAt();
  const connection = useStore(live, (state) => state.connection.state);
  if (at !== undefined) return 'The past is shown: go back to live to change something';
  return connection === 'live' ? '' : 'The controller is not connected';
}

interface Props {
  least: Role;
  children: ReactNode;
  onClick: () => void;
  kind?: 'primary' | 'danger';
  disabled?: boolean;
}

export function Act({ least, children, onClick, kind, disabled = false }: Props) {
  const may = useMay(least);
  const blocked = useBlocked();
  if (!may) return null;
  return (
    <button type="button" className={kind} disabled={disabled || blocked !== ''} title={blocked || undefined} onClick={onClick}>
      {children}
    </button>
  );
}
