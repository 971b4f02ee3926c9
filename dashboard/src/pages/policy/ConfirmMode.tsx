import { useState } from 'react';
import { post } from '../../api/client';
import { MODES, type PolicyStatus } from '../../api/types';
import { command } from '../../logic/commands';
import { ConfirmDialog } from '../../ui/ConfirmDialog';

const MEANS: Record<string, string> = {
  static: 'No policy runs; the configured weights hold.',
  shadow: 'The policy runs and shows what it would do; nothing moves.',
  assist: 'A wish becomes weights when a person confirms it.',
  auto: 'Wishes become weights once they have passed the guards.',
  '': 'As the configuration says.',
};

export function ConfirmMode({ policy, onClose }: { policy: PolicyStatus; onClose: () => void }) {
  const [mode, setMode] = useState(policy.mode);
  return (
    <ConfirmDialog
      title={`Mode of ${policy.service}`}
      verb="Set the mode"
      command={command.mode(policy.service, mode)}
      ready={mode !== policy.mode || policy.modeBy === ''}
      onClose={onClose}
      apply={() => post('/policy/mode', { service: policy.service, mode })}
    >
      <fieldset className="stack" style={{ border: 0, margin: 0, padding: 0 }}>
        <legend className="soft">
          Now {policy.mode}, {policy.modeBy ? `set by ${policy.modeBy}` : 'as configured'}
        </legend>
        {[...MODES, ''].map((option) => (
          <label key={option} className="row">
            <input type="radio" name="mode" checked={mode === option} onChange={() => setMode(option)} />
            <strong>{option || 'config'}</strong>
            <span className="soft">{MEANS[option]}</span>
          </label>
        ))}
      </fieldset>
    </ConfirmDialog>
  );
}
