import { useEffect, useState } from 'react';

export function CopyButton({ text, label = 'Copy' }: { text: string; label?: string }) {
  const [copied, setCopied] = useState<'' | 'Copied' | 'Select and copy by hand'>('');
  useEffect(() => {
    if (!copied) return undefined;
    const timer = setTimeout(() => setCopied(''), 2000);
    return () => clearTimeout(timer);
  }, [copied]);
  const copy = async () => {
    try {
      // Not there on plain HTTP from another machine.
      await navigator.clipboard.writeText(text);
      setCopied('Copied');
    } catch {
      setCopied('Select and copy by hand');
    }
  };
  return (
    <button type="button" className="quiet" onClick={() => void copy()}>
      <span aria-live="polite">{copied || label}</span>
    </button>
  );
}

/** The same as a line for the terminal. */
export function Command({ text }: { text: string }) {
  return (
    <div className="command">
      <code>{text}</code>
      <CopyButton text={text} />
    </div>
  );
}
