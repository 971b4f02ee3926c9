import { post } from '../../api/client';
import type { PolicyStatus } from '../../api/types';
import { command } from '../../logic/commands';
import { ConfirmDialog } from '../../ui/ConfirmDialog';
import { WishList } from './WishList';

export function ConfirmWish({ policy, onClose }: { policy: PolicyStatus; onClose: () => void }) {
  return (
    <ConfirmDialog
      title={`What ${policy.steering || policy.policy} wishes for ${policy.service}`}
      verb="Make it the weights"
      command={command.confirm(policy.service)}
      onClose={onClose}
      apply={() => post('/policy/confirm', { service: policy.service })}
    >
      <WishList wishes={policy.wishes} />
      <p className="muted">What is wished at the moment of confirming counts; it may have moved a little since.</p>
    </ConfirmDialog>
  );
}
