const CHOICES: [number, string][] = [
  [900, '15 minutes'],
  [3600, '1 hour'],
  [6 * 3600, '6 hours'],
  [24 * 3600, '1 day'],
  [0, 'until unpinned'],
];

export function TtlField({ value, onChoose }: { value: number; onChoose: (seconds: number) => void }) {
  return (
    <label className="field">
      <span>Unpin by itself after</span>
      <select value={value} onChange={(event) => onChoose(Number(event.target.value))}>
        {CHOICES.map(([seconds, name]) => (
          <option key={seconds} value={seconds}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}
