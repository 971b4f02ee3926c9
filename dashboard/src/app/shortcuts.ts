import { useEffect } from 'react';
import { PAGES } from './pages';
import { navigate, pageUrl } from './router';

const CHORD_MS = 1500;

function isTyping(target: EventTarget | null): boolean {
  if (target instanceof HTMLInputElement) return !/^(range|checkbox|radio)$/.test(target.type);
  return target instanceof HTMLSelectElement || target instanceof HTMLTextAreaElement;
}

/** `/` search, `g` and a letter a page, `?` the list of keys. */
export function useShortcuts(showKeys: () => void): void {
  useEffect(() => {
    let chord = 0;
    const press = (event: KeyboardEvent) => {
      if (event.key === 'Escape' && event.target instanceof HTMLInputElement && event.target.type === 'search')
        event.target.blur();
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target) || document.querySelector('dialog[open]'))
        return;
      if (performance.now() - chord < CHORD_MS) {
        chord = 0;
        const page = PAGES.find(({ key }) => key !== '' && key === event.key);
        if (page) {
          event.preventDefault();
          navigate(pageUrl(page.path));
        }
      } else if (event.key === 'g') chord = performance.now();
      else if (event.key === '?') showKeys();
      else if (event.key === '/') {
        const search = document.querySelector<HTMLElement>('[data-search]');
        if (search) event.preventDefault();
        search?.focus();
      }
    };
    window.addEventListener('keydown', press);
    return () => window.removeEventListener('keydown', press);
  }, [showKeys]);
}
