interface Props {
  value: string;
  onSearch: (value: string) => void;
  label: string;
}

/** `/` moves the focus here. */
export function Search({ value, onSearch, label }: Props) {
  return (
    <input
      type="search"
      data-search=""
      value={value}
      placeholder={`${label}  /`}
      aria-label={label}
      onChange={(event) => onSearch(event.target.value)}
    />
  );
}
