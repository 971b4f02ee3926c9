import { Dialog } from '../ui/Dialog';
import { PAGES } from './pages';

export function Keys({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title="Keys" onClose={onClose}>
      <dl className="keys">
        <dt>
          <kbd>/</kbd>
        </dt>
        <dd>search on this page</dd>
        {PAGES.filter((page) => page.key).map((page) => (
          <div key={page.path} style={{ display: 'contents' }}>
            <dt>
              <kbd>g</kbd> <kbd>{page.key}</kbd>
            </dt>
            <dd>{page.name}</dd>
          </div>
        ))}
        <dt>
          <kbd>←↑→↓</kbd>
        </dt>
        <dd>move in the latency matrix, Enter opens the pair</dd>
        <dt>
          <kbd>Esc</kbd>
        </dt>
        <dd>close what is open</dd>
      </dl>
    </Dialog>
  );
}
