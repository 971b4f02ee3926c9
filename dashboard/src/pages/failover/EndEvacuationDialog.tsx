import { useState } from 'react';
import { post } from '../../api/client';
import { command } from '../../logic/commands';
import { ConfirmDialog } from '../../ui/ConfirmDialog';
import { WhereField } from './WhereField';

interface Props {
  regions: string[];
  services: string[];
  onClose: () => void;
}

export function EndEvacuationDialog({ regions, services, onClose }: Props) {
  const [region, setRegion] = useState('');
  const [service, setService] = useState('');
  return (
    <ConfirmDialog
      title="Fill a region again"
      verb="Fill it again"
      ready={region !== ''}
      command={command.endEvacuation(region || 'REGION', service)}
      onClose={onClose}
      apply={() => post('/evacuate/end', { region, service })}
    >
      <p>The pins that emptied it are removed; weights go back to what policy and mode make of them.</p>
      <WhereField {...{ regions, services, region, service }} onRegion={setRegion} onService={setService} />
    </ConfirmDialog>
  );
}
