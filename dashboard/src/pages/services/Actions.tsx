import { useState } from 'react';
import type { WeightRow } from '../../api/types';
import { useNow } from '../../api/useSnapshot';
import { Act } from '../../ui/Act';
import { ConfirmMode } from '../policy/ConfirmMode';
import { ConfirmWish } from '../policy/ConfirmWish';
import { PinDialog } from './PinDialog';
import { RollbackDialog } from './RollbackDialog';
import { UnpinDialog } from './UnpinDialog';

type Open = 'pin' | 'unpin' | 'rollback' | 'freeze' | 'mode' | 'confirm';

export function Actions({ service, row }: { service: string; row: WeightRow | undefined }) {
  const [open, setOpen] = useState<Open>();
  const policy = useNow('policies')?.policies.find((entry) => entry.service === service);
  const close = () => setOpen(undefined);
  return (
    <>
      {policy && <span className="badge">{policy.mode}</span>}
      {policy?.mode === 'assist' && policy.wishes.length > 0 && (
        <Act least="operator" kind="primary" onClick={() => setOpen('confirm')}>
          Confirm wish
        </Act>
      )}
      <Act least="operator" disabled={!row} onClick={() => setOpen('pin')}>
        Pin
      </Act>
      {row?.pinned && (
        <Act least="operator" onClick={() => setOpen('unpin')}>
          Unpin
        </Act>
      )}
      <Act least="operator" onClick={() => setOpen('rollback')}>
        Roll back
      </Act>
      <Act least="operator" onClick={() => setOpen('freeze')}>
        Freeze
      </Act>
      <Act least="operator" disabled={!policy} onClick={() => setOpen('mode')}>
        Mode
      </Act>
      {open === 'pin' && row && <PinDialog row={row} onClose={close} />}
      {open === 'unpin' && row && <UnpinDialog row={row} onClose={close} />}
      {(open === 'rollback' || open === 'freeze') && (
        <RollbackDialog service={service} freeze={open === 'freeze'} onClose={close} />
      )}
      {open === 'mode' && policy && <ConfirmMode policy={policy} onClose={close} />}
      {open === 'confirm' && policy && <ConfirmWish policy={policy} onClose={close} />}
    </>
  );
}
