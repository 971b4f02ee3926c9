import { post } from '../../api/client';
import type { RunningEvacuation } from '../../api/types';
import { command } from '../../logic/commands';
import { ConfirmDialog } from '../../ui/ConfirmDialog';

/** Of one service only where it is about one: another drill in the same region goes on. */
export function CancelEvacuation({ evacuation, onClose }: { evacuation: RunningEvacuation; onClose: () => void }) {
  const { region, services } = evacuation;
  const service = services.length === 1 ? (services[0] ?? '') : '';
  return (
    <ConfirmDialog
      title={`Fill ${region} again`}
      verb="Fill it again"
      command={command.endEvacuation(region, service)}
      onClose={onClose}
      apply={() => post('/evacuate/end', { region, service })}
    >
      <p>
        The pins that emptied it{service && ` for ${service}`} are removed; weights go back to what policy and mode make of them.
      </p>
    </ConfirmDialog>
  );
}
