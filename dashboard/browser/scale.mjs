// How the pages bear a large mesh: frames a second in Chromium while somebody pans, zooms and scrolls, and live data comes in.
//
// usage: node scale.mjs [--regions 60] [--services 500] [--seconds 6] [--least 30] [--only NAME]
//
// The mesh is generated (world.mjs); the pages, the browser and the frames are real. Frames are counted with
// requestAnimationFrame, by whole seconds. A machine that does other things as well spoils single seconds, so what is judged is the
// median second of each page: below --least the exit code is 1. The worst one is printed beside it.
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';
import { makeWorld, serveWorld } from './world.mjs';

const { values: options } = parseArgs({
  options: {
    regions: { type: 'string', default: '60' },
    services: { type: 'string', default: '500' },
    seconds: { type: 'string', default: '6' },
    least: { type: 'string', default: '30' },
    only: { type: 'string', default: '' },
  },
});
const SECONDS = Math.max(5, Number(options.seconds));
const MiB = 1 << 20;

const centre = async (page, what) => {
  const box = await page.locator(what).first().boundingBox();
  return [box.x + box.width / 2, box.y + Math.min(box.height, 500) / 2];
};

/** Zooms in, drags about, zooms out, again and again. */
async function panAndZoom(page, until) {
  const [x, y] = await centre(page, '.map');
  await page.mouse.move(x, y);
  for (let turn = 0; Date.now() < until; turn += 1) {
    for (let i = 0; i < 8; i += 1) await page.mouse.wheel(0, turn % 2 ? 60 : -60);
    await page.mouse.down();
    for (let i = 0; i < 40 && Date.now() < until; i += 1) await page.mouse.move(x + 180 * Math.sin(i / 6), y + 90 * Math.sin(i / 4));
    await page.mouse.up();
    await page.mouse.move(x, y);
  }
}

async function scroll(page, until) {
  await page.mouse.move(700, 500);
  for (let turn = 0; Date.now() < until; turn += 1) {
    for (let i = 0; i < 40 && Date.now() < until; i += 1) await page.mouse.wheel(0, turn % 2 ? -90 : 90);
  }
}

/** The pointer over the cells, and the page up and down. */
async function pointAndScroll(page, until) {
  const [x, y] = await centre(page, '.matrix-frame canvas');
  for (let i = 0; Date.now() < until; i += 1) {
    await page.mouse.move(x + 300 * Math.sin(i / 15), y + 150 * Math.sin(i / 9));
    if (i % 4 === 0) await page.mouse.wheel(0, i % 160 < 80 ? 40 : -40);
  }
}

const VIEWS = [
  { name: 'map', path: '/map', ready: '.map', use: panAndZoom },
  { name: 'graph', path: '/map?view=graph', ready: '.map', use: panAndZoom },
  { name: 'services', path: '/services', ready: 'tbody tr', use: scroll },
  { name: 'matrix', path: '/paths', ready: '.matrix-frame canvas', use: pointAndScroll },
  { name: 'overview', path: '/', ready: 'tbody tr', use: scroll },
];

/** Frames in each whole second while `use` goes on. */
async function frames(page, use) {
  await page.evaluate(() => {
    window.weirFrames = [];
    const count = (now) => {
      window.weirFrames.push(now);
      requestAnimationFrame(count);
    };
    requestAnimationFrame(count);
  });
  await use(page, Date.now() + SECONDS * 1000 + 300);
  return page.evaluate((seconds) => {
    const [first] = window.weirFrames;
    const counts = new Array(seconds).fill(0);
    for (const at of window.weirFrames) {
      const second = Math.floor((at - first) / 1000);
      if (second < seconds) counts[second] += 1;
    }
    return counts;
  }, SECONDS);
}

async function measure(browser, url, { name, path, ready, use }) {
  const page = await browser.newPage({ viewport: { width: 1366, height: 850 } });
  page.on('pageerror', (error) => console.log(`error in ${name}: ${error.message}`));
  const start = Date.now();
  await page.goto(url + path);
  await page.locator(ready).first().waitFor();
  const shown = Date.now() - start;
  const paint = await page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? NaN);
  await page.waitForTimeout(1500); // what the start itself costs is said above
  const counts = (await frames(page, use)).sort((a, b) => a - b);
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('HeapProfiler.collectGarbage');
  const { usedSize } = await devtools.send('Runtime.getHeapUsage');
  await page.context().close();
  const result = { name, median: counts[Math.floor((counts.length - 1) / 2)], worst: counts[0], paint, shown, heap: usedSize };
  console.log(`- ${name}: ${result.median} frames in the median second, ${result.worst} in the worst; first paint ` +
    `${Math.round(paint)} ms, data shown ${shown} ms, heap ${Math.round(usedSize / MiB)} MiB`);
  return result;
}

const world = makeWorld(Number(options.regions), Number(options.services));
const served = await serveWorld(world);
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--enable-precise-memory-info'] });
try {
  console.log(`generated: ${options.regions} regions, ${options.services} services; ${SECONDS} s a page, drawn without a GPU`);
  const slow = [];
  for (const view of VIEWS.filter(({ name }) => options.only === '' || options.only === name)) {
    const { name, median } = await measure(browser, served.url, view);
    if (!(median >= Number(options.least))) slow.push(`${name} ${median}`);
  }
  if (slow.length > 0) {
    console.log(`FAILED below ${options.least} frames in the median second: ${slow.join(', ')}`);
    process.exitCode = 1;
  }
} finally {
  await browser.close();
  served.close();
}
