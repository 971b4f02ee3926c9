import { createStore, useStore } from '../api/store';

export type Theme = 'light' | 'dark';

const dark = window.matchMedia('(prefers-color-scheme: dark)');
const KEY = 'weir-theme';

function wished(): Theme | undefined {
  try {
    const kept = localStorage.getItem(KEY);
    return kept === 'light' || kept === 'dark' ? kept : undefined;
  } catch {
    return undefined;
  }
}

const store = createStore<{ wish: Theme | undefined; system: Theme }>({
  wish: wished(),
  system: dark.matches ? 'dark' : 'light',
});
dark.addEventListener('change', () => store.set({ system: dark.matches ? 'dark' : 'light' }));

function show(): void {
  const { wish } = store.get();
  if (wish) document.documentElement.dataset.theme = wish;
  else delete document.documentElement.dataset.theme;
}
show();

/** Canvas cannot read custom properties by itself: it draws again when this changes. */
export function useTheme(): Theme {
  return useStore(store, (state) => state.wish ?? state.system);
}

export function toggleTheme(): void {
  const { wish, system } = store.get();
  const next: Theme = (wish ?? system) === 'dark' ? 'light' : 'dark';
  store.set({ wish: next === system ? undefined : next });
  show();
  try {
    if (next === system) localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, next);
  } catch {
    // Without storage the choice lasts as long as the page.
  }
}

export function token(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}
