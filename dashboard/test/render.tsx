import { act, type ReactNode } from 'react';
import { type Root, createRoot } from 'react-dom/client';

(globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean }).IS_REACT_ACT_ENVIRONMENT = true;

export interface Page {
  element: HTMLElement;
  button: (name: string) => HTMLButtonElement | undefined;
  click: (name: string) => Promise<void>;
}

let last: Root | undefined;

/** Draws into the document; what was drawn before goes. */
export async function render(node: ReactNode): Promise<Page> {
  await act(async () => last?.unmount());
  document.body.replaceChildren();
  const element = document.body.appendChild(document.createElement('div'));
  const root = createRoot(element);
  last = root;
  await act(async () => root.render(node));
  const button = (name: string) => [...element.querySelectorAll('button')].find((one) => one.textContent?.trim() === name);
  return {
    element,
    button,
    click: async (name) => {
      const found = button(name);
      if (!found) throw new Error(`there is no button ${name}`);
      await act(async () => found.click());
    },
  };
}
