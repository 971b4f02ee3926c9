export function Guards({ guards }: { guards: string[] }) {
  if (guards.length === 0) return <p className="muted">No guard changes anything.</p>;
  return (
    <div>
      <h3>Guards</h3>
      <ul>
        {guards.map((guard) => (
          <li key={guard}>{guard}</li>
        ))}
      </ul>
    </div>
  );
}
