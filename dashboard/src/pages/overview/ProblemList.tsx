import type { Problem } from '../../logic/problems';
import { plural } from '../../logic/format';
import { CopyButton } from '../../ui/Command';
import { Level } from '../../ui/Level';
import { Link } from '../../ui/Link';

export function ProblemList({ problems, most, past }: { problems: Problem[]; most: number; past: boolean }) {
  if (problems.length === 0) {
    return (
      <div className="empty">
        <Level
          level="ok"
          word={past ? 'No path, server or failover of that moment tells of one' : 'Nothing is wrong that the controller knows of'}
        />
      </div>
    );
  }
  return (
    <ol className="list">
      {problems.slice(0, most).map((problem) => (
        <li key={problem.what}>
          <span className="row">
            <Level level={problem.level} />
            <Link to={problem.page}>{problem.what}</Link>
          </span>
          <span className="row muted">
            {problem.next}
            {problem.command && (
              <span className="inline-command">
                <code>{problem.command}</code>
                <CopyButton text={problem.command} />
              </span>
            )}
          </span>
        </li>
      ))}
      {problems.length > most && <li className="muted">and {plural(problems.length - most, 'more problem')}</li>}
    </ol>
  );
}
