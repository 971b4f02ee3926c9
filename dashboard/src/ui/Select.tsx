interface Props {
  label: string;
  value: string;
  options: readonly string[];
  onChoose: (value: string) => void;
  /** What the empty value is called; without it there is none. */
  all?: string;
}

export function Select({ label, value, options, onChoose, all }: Props) {
  const missing = value !== '' && !options.includes(value);
  return (
    <label className="row">
      <span className="soft">{label}</span>
      <select value={value} onChange={(event) => onChoose(event.target.value)}>
        {all !== undefined && <option value="">{all}</option>}
        {missing && <option value={value}>{value}</option>}
        {options.map((option) => (
          <option key={option} value={option}>
            {option}
          </option>
        ))}
      </select>
    </label>
  );
}
