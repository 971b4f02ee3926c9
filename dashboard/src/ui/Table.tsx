import { type ReactNode, useMemo, useState } from 'react';
import { Pager } from './Pager';

export interface Column<Row> {
  title: string;
  cell: (row: Row) => ReactNode;
  sort?: (row: Row) => number | string;
  number?: boolean;
  /** The cell names the row, for those who hear the table. */
  names?: boolean;
  wideOnly?: boolean;
}

interface Props<Row> {
  caption: string;
  columns: Column<Row>[];
  rows: Row[];
  rowKey: (row: Row) => string;
  chosen?: string;
  pageSize?: number;
}

interface Order {
  column: number;
  down: boolean;
}

function ordered<Row>(rows: Row[], columns: Column<Row>[], order: Order | undefined): Row[] {
  const by = order && columns[order.column]?.sort;
  if (!by) return rows;
  const sign = order.down ? -1 : 1;
  return [...rows].sort((a, b) => {
    const [x, y] = [by(a), by(b)];
    return x < y ? -sign : x > y ? sign : 0;
  });
}

/** Long lists come page by page: a browser draws a hundred rows at once, not thirty thousand. */
export function Table<Row>({ caption, columns, rows, rowKey, chosen, pageSize = 100 }: Props<Row>) {
  const [order, setOrder] = useState<Order>();
  const [page, setPage] = useState(0);
  const all = useMemo(() => ordered(rows, columns, order), [rows, columns, order]);
  const pages = Math.max(1, Math.ceil(all.length / pageSize));
  const current = Math.min(page, pages - 1);
  const shown = all.slice(current * pageSize, (current + 1) * pageSize);
  const turn = (column: number) => {
    // Numbers are most often looked through from the largest on.
    const first = columns[column]?.number === true;
    setOrder((before) => (before?.column === column ? { column, down: !before.down } : { column, down: first }));
  };
  const style = (column: Column<Row>) =>
    [column.number && 'number', column.wideOnly && 'wide-only'].filter(Boolean).join(' ') || undefined;
  return (
    <>
      <div className="scroll">
        <table>
          <caption className="hidden-visually">{caption}</caption>
          <thead>
            <tr>
              {columns.map((column, index) => (
                <th
                  key={column.title}
                  scope="col"
                  className={style(column)}
                  aria-sort={order?.column === index ? (order.down ? 'descending' : 'ascending') : undefined}
                >
                  {column.sort ? (
                    <button type="button" onClick={() => turn(index)}>
                      {column.title}
                      <span aria-hidden="true">{order?.column === index ? (order.down ? '↓' : '↑') : ''}</span>
                    </button>
                  ) : (
                    column.title || <span className="hidden-visually">Actions</span>
                  )}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {shown.map((row) => {
              const key = rowKey(row);
              return (
                <tr key={key} className={key === chosen ? 'chosen' : undefined}>
                  {columns.map((column) =>
                    column.names ? (
                      <th key={column.title} scope="row" className={style(column)}>
                        {column.cell(row)}
                      </th>
                    ) : (
                      <td key={column.title} className={style(column)}>
                        {column.cell(row)}
                      </td>
                    ),
                  )}
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
      <Pager page={current} pages={pages} total={all.length} onTurn={setPage} />
    </>
  );
}
