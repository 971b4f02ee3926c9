// Opens the address and waits until the map shows something of worth: every path up with its round trip, and requests on them.
//
// usage: node first_value.mjs URL PATHS FILE       prints "live"; the screenshot goes to FILE
import { chromium } from 'playwright-core';

const [url, paths, file] = process.argv.slice(2);
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
try {
  const page = await browser.newPage({ viewport: { width: 1366, height: 850 } });
  await page.goto(url);
  await page.waitForFunction((count) => {
    const rows = [...document.querySelectorAll('main tbody tr')].map((row) => [...row.children].map((cell) => cell.textContent));
    // From, to, state, p50, p99, loss, requests, share.
    const live = rows.filter((cells) => cells[2] === 'up' && /\d ms/.test(cells[3]));
    return live.length === count && live.some((cells) => Number.parseFloat(cells[6]) > 0);
  }, Number(paths), { polling: 50, timeout: 60_000 });
  console.log('live');
  await page.screenshot({ path: file });
} finally {
  await browser.close();
}
