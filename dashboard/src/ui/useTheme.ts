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
/** The root says which one holds, before anything draws itself with it. */
function set(change: { wish?: Theme | undefined; system?: Theme }): void {
  const { wish, system } = { ...store.get(), ...change };
  document.documentElement.dataset.theme = wish ?? system;
  store.set(change);
}
set({});
dark.addEventListener('change', () => set({ system: dark.matches ? 'dark' : 'light' }));

/** Canvas cannot read custom properties by itself: it draws again when this changes. */
export function useTheme(): Theme {
  return useStore(store, (state) => state.wish ?? state.system);
}

export function toggleTheme(): void {
  const { wish, system } = store.get();
  const next: Theme = (wish ?? system) === 'dark' ? 'light' : 'dark';
  set({ wish: next === system ? undefined : next });
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
