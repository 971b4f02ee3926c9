import { useState } from 'react';
import { Act } from '../../ui/Act';
import { EndEvacuationDialog } from './EndEvacuationDialog';
import { EvacuateDialog } from './EvacuateDialog';

/** What a person can do: send requests away from a region before something else does. */
export function WaysOut({ regions, services }: { regions: string[]; services: string[] }) {
  const [open, setOpen] = useState<'evacuate' | 'end'>();
  const close = () => setOpen(undefined);
  return (
    <>
      <Act least="operator" disabled={regions.length === 0} onClick={() => setOpen('evacuate')}>
        Empty a region
      </Act>
      <Act least="operator" disabled={regions.length === 0} onClick={() => setOpen('end')}>
        Fill it again
      </Act>
      {open === 'evacuate' && <EvacuateDialog regions={regions} services={services} onClose={close} />}
      {open === 'end' && <EndEvacuationDialog regions={regions} services={services} onClose={close} />}
    </>
  );
}
