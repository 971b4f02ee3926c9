import { useState } from 'react';
import { post } from '../../api/client';
import type { Evacuation } from '../../api/types';
import { command } from '../../logic/commands';
import { Command } from '../../ui/Command';
import { PlanDialog } from '../../ui/PlanDialog';
import { TtlField } from '../services/TtlField';
import { EvacuationPlan } from './EvacuationPlan';
import { WhereField } from './WhereField';

interface Props {
  regions: string[];
  services: string[];
  onClose: () => void;
}

export function EvacuateDialog({ regions, services, onClose }: Props) {
  const [region, setRegion] = useState('');
  const [service, setService] = useState('');
  const [ttlS, setTtl] = useState(3600);
  const send = (dryRun: boolean) => post<Evacuation>('/evacuate', { region, service, ttlS, dryRun });
  return (
    <PlanDialog<Evacuation>
      title="Empty a region"
      verb="Send them elsewhere"
      command={command.evacuate(region || 'REGION', service, ttlS)}
      ready={region !== ''}
      onClose={onClose}
      plan={() => send(true)}
      apply={() => send(false)}
      form={
        <>
          <p className="soft">Each source that sends requests there is pinned to its other regions.</p>
          <WhereField {...{ regions, services, region, service }} onRegion={setRegion} onService={setService} />
          <TtlField value={ttlS} onChoose={setTtl} />
        </>
      }
      show={(plan) => (
        <div className="stack">
          <EvacuationPlan plan={plan} />
          <p>Taken back with:</p>
          <Command text={command.endEvacuation(region, service)} />
        </div>
      )}
    />
  );
}
