import { dateTime } from '../logic/format';
import { CopyButton } from './Command';

interface Props {
  secret: string;
  expiresUnixMs: number | undefined;
  onClose: () => void;
}

export function Secret({ secret, expiresUnixMs, onClose }: Props) {
  return (
    <>
      <p>
        <strong>This is shown once.</strong> Copy it now; the controller keeps no copy.
        {expiresUnixMs !== undefined && ` It is good until ${dateTime(expiresUnixMs)}.`}
      </p>
      <code className="secret">{secret}</code>
      <div className="foot">
        <CopyButton text={secret} label="Copy the token" />
        <button type="button" className="primary" onClick={onClose}>
          I have it
        </button>
      </div>
    </>
  );
}
