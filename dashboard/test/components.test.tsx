// @vitest-environment happy-dom
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { live } from '../src/api/live';
import { session } from '../src/api/session';
import type { Role, WeightRow } from '../src/api/types';
import { navigate } from '../src/app/router';
import { Evacuations } from '../src/pages/failover/Evacuations';
import { EventList } from '../src/pages/overview/EventList';
import { PinDialog } from '../src/pages/services/PinDialog';
import { Act } from '../src/ui/Act';
import { Table } from '../src/ui/Table';
import { render } from './render';
import { event } from './samples';

function signIn(role: Role): void {
  session.set({ me: { name: 'a', role, signedIn: true, mesh: 'demo', version: '', csrf: '' } });
}

beforeEach(async () => {
  // What the test before drew must not hear of what is set here.
  await render(null);
  navigate('/');
  live.set({ connection: { state: 'live' } });
  signIn('admin');
});

describe('actions', () => {
  const pin = (
    <Act least="operator" onClick={() => {}}>
      Pin
    </Act>
  );
  it.each<[Role, boolean]>([
    ['viewer', false],
    ['operator', true],
    ['admin', true],
  ])('to a %s: offered %s', async (role, offered) => {
    signIn(role);
    expect((await render(pin)).button('Pin') !== undefined).toBe(offered);
  });
  it('are shut while the past is shown', async () => {
    navigate('/?at=2026-11-26T18:00:00Z');
    expect((await render(pin)).button('Pin')?.disabled).toBe(true);
  });
  it('are shut while the controller is away', async () => {
    live.set({ connection: { state: 'unreachable', since: 1 } });
    expect((await render(pin)).button('Pin')?.disabled).toBe(true);
  });
});

describe('evacuations under way', () => {
  const one = { region: 'eu-west-1', services: ['shop/web'], sources: 3, by: 'ann', sinceUnixMs: 1000, untilUnixMs: 61_000 };
  it.each<[Role, boolean]>([
    ['viewer', false],
    ['operator', true],
  ])('are shown to a %s; the button to cancel: %s', async (role, offered) => {
    signIn(role);
    const page = await render(<Evacuations evacuations={[one]} now={1000} />);
    expect(page.element.textContent).toContain('in 1 min');
    expect(page.button('Cancel it') !== undefined).toBe(offered);
  });
  it('say how to end the one that was meant', async () => {
    const page = await render(<Evacuations evacuations={[one]} now={1000} />);
    await page.click('Cancel it');
    expect(document.body.textContent).toContain('weirctl failover cancel eu-west-1 --service shop/web');
  });
  it('are no panel when there is none', async () => {
    expect((await render(<Evacuations evacuations={[]} now={0} />)).element.textContent).toBe('');
  });
});

describe('tables', () => {
  const rows = Array.from({ length: 250 }, (_, i) => ({ name: `row ${i}`, size: (i * 7) % 250 }));
  const columns = [
    { title: 'Name', cell: (row: (typeof rows)[number]) => row.name },
    {
      title: 'Size',
      cell: (row: (typeof rows)[number]) => row.size,
      sort: (row: (typeof rows)[number]) => row.size,
      number: true,
    },
  ];
  const table = <Table caption="Rows" columns={columns} rows={rows} rowKey={(row) => row.name} />;

  it('come page by page', async () => {
    const page = await render(table);
    expect(page.element.querySelectorAll('tbody tr')).toHaveLength(100);
    await page.click('Next');
    await page.click('Next');
    expect(page.element.querySelectorAll('tbody tr')).toHaveLength(50);
    expect(page.button('Next')?.disabled).toBe(true);
  });
  it('sort numbers from the largest on', async () => {
    const page = await render(table);
    await page.click('Size');
    expect(page.element.querySelector('tbody td.number')?.textContent).toBe('249');
    await page.click('Size↓');
    expect(page.element.querySelector('tbody td.number')?.textContent).toBe('0');
  });
});

it('shows what comes from elsewhere as text', async () => {
  const { element } = await render(<EventList events={[event({ message: '<img src=x onerror=alert(1)>', type: '<b>' })]} />);
  expect(element.querySelector('img, b')).toBeNull();
  expect(element.textContent).toContain('<img src=x onerror=alert(1)>');
});

it('shows the plan of a pin before it asks', async () => {
  const asked: { dryRun: boolean; weights: unknown }[] = [];
  vi.stubGlobal('fetch', async (_: string, init: RequestInit) => {
    asked.push(JSON.parse(String(init.body)) as (typeof asked)[number]);
    return new Response(
      '{"before":[{"region":"a","weight":100}],"after":[{"region":"a","weight":100}],"guards":["minimum share: kept"]}',
    );
  });
  const onClose = vi.fn();
  const row = { service: 'shop/web', fromRegion: 'a', to: [{ region: 'a', weight: 100 }] } as WeightRow;
  const page = await render(<PinDialog row={row} onClose={onClose} />);
  expect(page.button('Pin')).toBeUndefined();
  await page.click('Show the plan');
  expect(page.element.textContent).toContain('minimum share: kept');
  expect(onClose).not.toHaveBeenCalled();
  await page.click('Pin');
  expect(asked.map((one) => one.dryRun)).toEqual([true, false]);
  expect(onClose).toHaveBeenCalledOnce();
  vi.unstubAllGlobals();
});
