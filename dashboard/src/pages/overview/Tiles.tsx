import type { Tile } from '../../logic/tiles';
import { Level } from '../../ui/Level';
import { Link } from '../../ui/Link';

export function Tiles({ tiles }: { tiles: Tile[] }) {
  return (
    <section className="tiles" aria-label="Status">
      {tiles.map((tile) => (
        <Link key={tile.name} to={tile.page} className={`tile ${tile.level}`}>
          <span className="name">
            {tile.name}
            <Level level={tile.level} />
          </span>
          <span className="says">{tile.says}</span>
        </Link>
      ))}
    </section>
  );
}
