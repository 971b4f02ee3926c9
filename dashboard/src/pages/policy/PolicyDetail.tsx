import { useEffect, useState } from 'react';
import { look } from '../../api/session';
import type { PolicyStatus } from '../../api/types';
import { useWeights } from '../../api/useSnapshot';
import { command } from '../../logic/commands';
import { Act } from '../../ui/Act';
import { Command } from '../../ui/Command';
import { Note } from '../../ui/Note';
import { Panel } from '../../ui/Panel';
import { ServiceLink } from '../services/ServiceLink';
import { ConfirmMode } from './ConfirmMode';
import { ConfirmWish } from './ConfirmWish';
import { WishList } from './WishList';

/** What the policy of one service wishes, against what is in force. */
export function PolicyDetail({ policy }: { policy: PolicyStatus }) {
  const [open, setOpen] = useState<'mode' | 'confirm'>();
  const weights = useWeights(policy.service);
  useEffect(() => look(policy.service), [policy.service]);
  const close = () => setOpen(undefined);
  return (
    <Panel
      title={`${policy.service}: wishes that differ from the weights in force`}
      tools={
        <>
          <ServiceLink service={policy.service} />
          {policy.mode === 'assist' && policy.wishes.length > 0 && (
            <Act least="operator" kind="primary" onClick={() => setOpen('confirm')}>
              Confirm
            </Act>
          )}
          <Act least="operator" onClick={() => setOpen('mode')}>
            Mode
          </Act>
        </>
      }
    >
      <div className="stack">
        {policy.lastFall && <Note kind="warn">Last fall: {policy.lastFall}</Note>}
        {policy.costCut && <Note kind="warn">{policy.costCut}</Note>}
        {policy.mode === 'static' ? (
          <p className="muted">In mode static no policy runs, so nothing is wished.</p>
        ) : (
          <WishList wishes={policy.wishes} rows={weights.data ?? []} columns />
        )}
        <Command text={command.report(policy.service)} />
      </div>
      {open === 'mode' && <ConfirmMode policy={policy} onClose={close} />}
      {open === 'confirm' && <ConfirmWish policy={policy} onClose={close} />}
    </Panel>
  );
}
