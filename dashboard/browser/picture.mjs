// Takes the README's picture of the dashboard: waits for a whole mesh, says "ready", waits for the failover, takes it.
//
// usage: node picture.mjs URL REGION FILE
import { chromium } from 'playwright-core';

const [url, region, file] = process.argv.slice(2);
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
try {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  await page.goto(url);
  await page.getByText('6 of 6 healthy').waitFor();
  console.log('ready');
  const stays = page.getByRole('main').getByText(/stays away from/);
  await stays.nth(1).waitFor({ timeout: 40_000 });
  await page.getByText(`no server of shop/web in ${region} is healthy`).waitFor();
  await page.waitForTimeout(1500);
  await page.screenshot({ path: file });
} finally {
  await browser.close();
}
