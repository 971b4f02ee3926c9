// The dashboard in a real browser, against a real controller with three real agents.
//
// usage: node drive.mjs URL FOLDER        tokens in WEIR_VIEWER, WEIR_OPERATOR, WEIR_ADMIN; WEIR_DEMO: how to break things
//
// Prints a line per step and ends with exit code 1 at the first that does not hold. Screenshots of every page go to FOLDER.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';
import { foreign } from './shapes.mjs';
import { makeWorld } from './world.mjs';

const [url, folder] = process.argv.slice(2);
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const PAGES = ['/', '/map', '/map?view=graph', '/services', '/services/shop/web', '/paths', '/policy', '/what-if', '/failover',
  '/agents', '/events', '/audit'];
const complaints = [];

function expect(holds, what) {
  if (!holds) throw new Error(what);
}
const step = (text) => console.log(`- ${text}`);
const demo = (...words) => execFileSync('python3', [process.env.WEIR_DEMO, ...words], { encoding: 'utf8' });

/** A window of its own, whose errors and requests to elsewhere are kept. */
async function open(browser, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1366, height: 850 }, ...options });
  const page = await context.newPage();
  page.on('pageerror', (error) => complaints.push(`error in the page: ${error.message}`));
  page.on('console', (message) => {
    // A refusal that a step asks for is told by the browser as an error, too.
    if (message.type() === 'error' && !/status of 40[13]/.test(message.text())) complaints.push(`console: ${message.text()}`);
  });
  page.on('request', (request) => {
    if (!request.url().startsWith(url) && !request.url().startsWith('data:')) complaints.push(`request to ${request.url()}`);
  });
  return page;
}

async function signIn(page, token) {
  await page.goto(url);
  await page.getByLabel('Access token').fill(token);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('navigation').waitFor();
}

const tile = (page, name) => page.getByRole('region', { name: 'Status' }).getByRole('link', { name });

async function seen(page, what, condition, seconds) {
  const start = Date.now();
  while (Date.now() - start < seconds * 1000) {
    if (await condition()) return Date.now() - start;
    await page.waitForTimeout(50);
  }
  throw new Error(`${what}: not seen within ${seconds} s`);
}

async function signInIsNeeded(browser) {
  const page = await open(browser);
  await page.goto(`${url}/agents`);
  await page.getByLabel('Access token').fill('weir-access-0123456789abcdef-guessed');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByText('opens nothing').waitFor();
  const status = await page.evaluate(async () => (await fetch('/api/v1/status')).status);
  expect(status === 401, `the API answers ${status} to somebody who is not signed in`);
  await page.screenshot({ path: `${folder}/sign-in.png` });
  await page.context().close();
  step('without a token there is nothing to see');
}

async function everyPage(browser, scheme) {
  const page = await open(browser, { colorScheme: scheme });
  await signIn(page, process.env.WEIR_OPERATOR);
  for (const path of PAGES) {
    await page.goto(url + path);
    await page.getByRole('heading', { level: 1 }).waitFor();
    await page.getByText('live', { exact: true }).waitFor();
    await page.waitForTimeout(700);
    await page.screenshot({ path: `${folder}/${scheme}${path.replaceAll(/[/?=]/g, '-')}.png` });
    const found = await page.evaluate(async (source) => {
      (0, eval)(source);
      return (await window.axe.run()).violations.map(({ id, impact, nodes }) => ({ id, impact, html: nodes[0].html }));
    }, axe);
    const bad = found.filter(({ impact }) => impact === 'serious' || impact === 'critical');
    expect(bad.length === 0, `${path}: ${bad.map(({ id, html }) => `${id}: ${html}`).join('; ')}`);
  }
  const paint = await page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime);
  expect(paint < 1000, `first paint after ${paint} ms`);
  await page.context().close();
  step(`${PAGES.length} pages, ${scheme}: nothing serious for a screen reader; first paint after ${Math.round(paint)} ms`);
}

async function weight(browser) {
  const page = await open(browser);
  const files = new Map();
  page.on('response', async (response) => {
    if (response.request().isNavigationRequest() || response.url().includes('/api/')) return;
    files.set(response.url(), Number((await response.allHeaders())['content-length'] ?? 0));
  });
  await signIn(page, process.env.WEIR_OPERATOR);
  for (const path of PAGES) {
    await page.goto(url + path);
    await page.getByRole('heading', { level: 1 }).waitFor();
    await page.waitForTimeout(100);
  }
  await page.context().close();
  const bytes = [...files.values()].reduce((sum, size) => sum + size, 0);
  expect(bytes > 0 && bytes <= 250 * 1024, `the site's files weigh ${bytes} bytes`);
  step(`the ${files.size} files of all pages weigh ${Math.round(bytes / 1024)} KiB compressed`);
}

async function breakAndHeal(browser) {
  const page = await open(browser);
  await signIn(page, process.env.WEIR_VIEWER);
  await seen(page, 'a whole mesh', async () => /6 of 6 healthy/.test(await tile(page, 'Servers').innerText()), 20);
  demo('break', 'eu-west-1', 'servers');
  const broken = await seen(page, 'the dead servers', async () => /4 of 6/.test(await tile(page, 'Servers').innerText()), 2);
  await page.getByText(/eu-west-1/).first().waitFor();
  await seen(page, 'the failover', async () => !/none active/.test(await tile(page, 'Failover').innerText()), 2);
  await page.screenshot({ path: `${folder}/broken.png` });
  demo('heal');
  const healed = await seen(page, 'the servers again', async () => /6 of 6/.test(await tile(page, 'Servers').innerText()), 4);
  await page.context().close();
  step(`a region broken: seen ${broken} ms after; healed: ${healed} ms after`);
}

async function moveTraffic(browser) {
  const page = await open(browser);
  await signIn(page, process.env.WEIR_OPERATOR);
  await page.goto(`${url}/services/shop/web?from=us-east-1`);
  await page.getByRole('button', { name: 'Pin', exact: true }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('eu-west-1').fill('0');
  await dialog.getByRole('button', { name: 'Show the plan' }).click();
  await dialog.getByText('Pin it so?').waitFor();
  await page.screenshot({ path: `${folder}/plan.png` });
  await dialog.getByRole('button', { name: 'Pin', exact: true }).click();
  await page.getByRole('button', { name: 'Unpin' }).waitFor();
  const weights = () => page.evaluate(async () => (await (await fetch('/api/v1/weights?service=shop/web&from=us-east-1')).json()).rows[0]);
  const pinned = await weights();
  expect(pinned.pinned && pinned.to.find(({ region }) => region === 'eu-west-1').weight === 0, 'the pin does not hold');
  await seen(page, 'why it moved', async () => (await page.getByText('pin by ann').count()) > 0, 4);
  await page.getByRole('button', { name: 'Unpin' }).click();
  await page.getByRole('dialog').getByRole('button', { name: /unpin/i }).last().click();
  await seen(page, 'the pin gone', async () => !(await weights()).pinned, 4);
  await page.getByRole('button', { name: 'Roll back' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Show the plan' }).click();
  await page.getByRole('dialog').getByRole('button', { name: /roll/i }).last().click();
  await seen(page, 'the rollback', async () => (await weights()).pinned, 4);
  await page.goto(`${url}/audit`);
  await page.context().close();
  step('pinned with a plan, explained, unpinned, rolled back');
}

async function look(browser, role) {
  const page = await open(browser);
  await signIn(page, process.env[`WEIR_${role.toUpperCase()}`]);
  await page.getByText(role, { exact: true }).first().waitFor();
  await page.goto(`${url}/services/shop/web`);
  await page.getByRole('heading', { level: 1 }).waitFor();
  await page.waitForTimeout(500);
  const pins = await page.getByRole('button', { name: 'Pin', exact: true }).count();
  await page.goto(`${url}/agents`);
  await page.getByRole('heading', { level: 1 }).waitFor();
  await page.waitForTimeout(500);
  const removals = await page.getByRole('button', { name: /remove/i }).count();
  const tried = await page.evaluate(async () => {
    const me = await (await fetch('/api/v1/me')).json();
    const headers = { 'X-Weir-CSRF': me.csrf, 'Content-Type': 'application/json' };
    const pin = JSON.stringify({ service: 'shop/web', fromRegion: 'us-east-1', dryRun: true, weights: [{ region: 'us-east-1', weight: 1 }] });
    const ask = async (path, body) => (await fetch(`/api/v1${path}`, { method: 'POST', headers, body })).status;
    return [await ask('/pin', pin), await ask('/access/create', '{"name":"x","role":"VIEWER"}')];
  });
  await page.goto(`${url}/audit`);
  await page.getByRole('heading', { level: 1, name: 'Audit' }).waitFor();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByLabel('Access token').waitFor();
  const after = await page.evaluate(async () => (await fetch('/api/v1/status')).status);
  expect(after === 401, `${role}: signed out, and the API answers ${after}`);
  await page.context().close();
  return { pins, removals, tried };
}

async function roles(browser) {
  const viewer = await look(browser, 'viewer');
  expect(viewer.pins === 0 && viewer.removals === 0, 'a viewer is offered changes');
  expect(viewer.tried[0] === 403 && viewer.tried[1] === 403, `a viewer gets ${viewer.tried}`);
  const operator = await look(browser, 'operator');
  expect(operator.pins === 1 && operator.removals === 0, 'an operator is offered the wrong changes');
  expect(operator.tried[0] === 200 && operator.tried[1] === 403, `an operator gets ${operator.tried}`);
  const admin = await look(browser, 'admin');
  expect(admin.pins === 1 && admin.removals > 0, 'an admin is not offered every change');
  expect(admin.tried[0] === 200 && admin.tried[1] === 200, `an admin gets ${admin.tried}`);
  step('each role is offered, and may do, what it should');
}

async function past(browser) {
  const page = await open(browser);
  await signIn(page, process.env.WEIR_OPERATOR);
  await page.goto(`${url}/services/shop/web?at=${Date.now() - 20_000}`);
  await page.getByText('past', { exact: true }).waitFor();
  await page.waitForTimeout(800);
  await page.screenshot({ path: `${folder}/past.png` });
  const enabled = await page.getByRole('button', { name: 'Pin', exact: true }).filter({ visible: true }).evaluateAll(
    (buttons) => buttons.filter((button) => !button.disabled).length);
  expect(enabled === 0, 'the past can be changed');
  await page.context().close();
  step('a moment in the past is shown as such, and cannot be changed');
}

/** The bench of a large mesh is worth nothing when its messages are not those of a controller. */
async function generatedIsLikeReal(browser) {
  const page = await open(browser);
  await signIn(page, process.env.WEIR_OPERATOR);
  const { topics } = makeWorld(3, 2);
  const real = await page.evaluate((names) => new Promise((done, failed) => {
    const heard = {};
    const source = new EventSource('/api/v1/stream');
    setTimeout(() => failed(new Error(`only ${Object.keys(heard)} came`)), 10_000);
    for (const name of names) {
      source.addEventListener(name, ({ data }) => {
        heard[name] = JSON.parse(data);
        if (Object.keys(heard).length === names.length) (source.close(), done(heard));
      });
    }
  }), Object.keys(topics));
  await page.context().close();
  for (const [name, [made]] of Object.entries(topics)) {
    const unknown = foreign(JSON.parse(made), real[name]);
    expect(unknown.length === 0, `browser/world.mjs: a controller's ${name} has no ${unknown.join(', ')}`);
  }
  step('the generated mesh of the bench speaks as a controller does');
}

mkdirSync(folder, { recursive: true });
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
try {
  await signInIsNeeded(browser);
  await weight(browser);
  await generatedIsLikeReal(browser);
  await breakAndHeal(browser);
  await everyPage(browser, 'light');
  await everyPage(browser, 'dark');
  await moveTraffic(browser);
  await past(browser);
  await roles(browser);
  expect(complaints.length === 0, [...new Set(complaints)].join('\n'));
  step('no error in any page, no request to elsewhere');
} catch (error) {
  console.log(`FAILED ${error.message}`);
  for (const context of browser.contexts()) {
    for (const page of context.pages()) await page.screenshot({ path: `${folder}/failed.png` }).catch(() => {});
  }
  process.exitCode = 1;
} finally {
  await browser.close();
}
