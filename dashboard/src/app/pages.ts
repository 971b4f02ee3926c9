import { type ComponentType, lazy } from 'react';
import { Overview } from '../pages/overview/Overview';

export interface Page {
  path: string;
  name: string;
  /** After `g`. */
  key: string;
  component: ComponentType;
  inMenu: boolean;
}

// Each page comes when it is first opened; the overview is what most come for.
export const PAGES: Page[] = [
  { path: '/', name: 'Overview', key: 'o', component: Overview, inMenu: true },
  { path: '/map', name: 'Map', key: 'm', component: lazy(() => import('../pages/map/MapPage')), inMenu: true },
  { path: '/services', name: 'Services', key: 's', component: lazy(() => import('../pages/services/Services')), inMenu: true },
  { path: '/paths', name: 'Paths', key: 'p', component: lazy(() => import('../pages/paths/Paths')), inMenu: true },
  {
    path: '/failover',
    name: 'Failover',
    key: 'f',
    component: lazy(() => import('../pages/failover/FailoverPage')),
    inMenu: true,
  },
  { path: '/policy', name: 'Policy', key: 'y', component: lazy(() => import('../pages/policy/Policy')), inMenu: true },
  { path: '/what-if', name: 'What-if', key: 'w', component: lazy(() => import('../pages/whatif/WhatIf')), inMenu: true },
  { path: '/agents', name: 'Agents', key: 'a', component: lazy(() => import('../pages/agents/Agents')), inMenu: true },
  { path: '/events', name: 'Events', key: 'e', component: lazy(() => import('../pages/events/Events')), inMenu: true },
  { path: '/audit', name: 'Audit', key: '', component: lazy(() => import('../pages/events/Audit')), inMenu: false },
];

export function pageOf(path: string): Page | undefined {
  return PAGES.find((page) => page.path === path) ?? PAGES.find((page) => page.path !== '/' && path.startsWith(`${page.path}/`));
}
