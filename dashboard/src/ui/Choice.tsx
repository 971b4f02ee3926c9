interface Props<T extends string> {
  label: string;
  options: readonly T[];
  value: T;
  onChoose: (value: T) => void;
}

/** A few alternatives side by side. */
export function Choice<T extends string>({ label, options, value, onChoose }: Props<T>) {
  return (
    <div className="choice" role="group" aria-label={label}>
      {options.map((option) => (
        <button key={option} type="button" aria-pressed={option === value} onClick={() => onChoose(option)}>
          {option}
        </button>
      ))}
    </div>
  );
}
