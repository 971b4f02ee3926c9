import { plural } from '../logic/format';

interface Props {
  page: number;
  pages: number;
  total: number;
  onTurn: (page: number) => void;
}

export function Pager({ page, pages, total, onTurn }: Props) {
  if (pages < 2) return null;
  return (
    <nav className="pager" aria-label="Pages of the table">
      <button type="button" disabled={page === 0} onClick={() => onTurn(page - 1)}>
        Before
      </button>
      <span>
        {page + 1} of {pages}, {plural(total, 'row')}
      </span>
      <button type="button" disabled={page >= pages - 1} onClick={() => onTurn(page + 1)}>
        Next
      </button>
    </nav>
  );
}
