import { useState } from 'react';
import { post } from '../../api/client';
import type { WeightRow } from '../../api/types';
import { command } from '../../logic/commands';
import { ConfirmDialog } from '../../ui/ConfirmDialog';

export function UnpinDialog({ row, onClose }: { row: WeightRow; onClose: () => void }) {
  const [every, setEvery] = useState(false);
  const fromRegion = every ? '' : row.fromRegion;
  return (
    <ConfirmDialog
      title={`Unpin ${row.service}`}
      verb="Unpin"
      command={command.unpin(row.service, fromRegion)}
      onClose={onClose}
      apply={() => post('/unpin', { service: row.service, fromRegion })}
    >
      <p>The weights go back to what policy and mode make of them.</p>
      <label className="row">
        <input type="checkbox" checked={every} onChange={(event) => setEvery(event.target.checked)} />
        every source, not {row.fromRegion} alone
      </label>
    </ConfirmDialog>
  );
}
