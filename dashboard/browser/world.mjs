// A large mesh that does not exist: a server that answers as a controller does (/api/v1 and its stream), with generated numbers.
//
// For measuring how the pages bear size; nothing it says was measured. The shapes are held against a real controller's in drive.mjs.
import { createReadStream, existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join } from 'node:path';

const HERE = new URL('.', import.meta.url).pathname;
const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' };
const VARIANTS = 6; // of each topic, made beforehand: the server must not take the processor from the browser
const BYTES_A_SECOND = 1 << 20; // of one topic, as LiveFeed sends it; its bytes are about a third of the JSON
const LEAST_PAUSE_MS = 500;

/** mulberry32: the same seed makes the same world. */
function seeded(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Well-known regions, so that the map has places for them. */
function regionNames(count) {
  const table = readFileSync(join(HERE, '../src/logic/cloudPlaces.ts'), 'utf8');
  const known = [...table.matchAll(/^\s*'?([a-z0-9-]+)'?: \[-?[\d.]+, -?[\d.]+\]/gm)].map((match) => match[1]);
  return Array.from({ length: count }, (_, index) => known[index] ?? `region-${index + 1}`);
}

const agentOf = (region) => `${region}/agent-1`;
const rttUs = (i, j) => 4000 + Math.abs(i - j) * 3700;

function agents(regions, now) {
  return regions.map((region, index) => ({
    agent: agentOf(region), region, cluster: `${region}-a`, overlayAddress: `10.90.${index >> 8}.${index & 255}`, endpoint: '',
    version: '0.1.0', connected: true, lastSeenUnixMs: String(now), joinedUnixMs: String(now - 3600_000),
    certificateExpiresUnixMs: String(now + 86_400_000), ackedEpoch: '1', ackedGeneration: '7', nack: '', publicKey: '',
  }));
}

function paths(regions, random, now) {
  return regions.flatMap((from, i) => regions.flatMap((to, j) => {
    if (i === j) return [];
    const p50 = Math.round(rttUs(i, j) * (0.95 + 0.1 * random()));
    const up = random() > 0.002;
    return [{
      fromAgent: agentOf(from), fromRegion: from, unixMs: String(now), sinceUnixMs: String(now - 60_000),
      path: {
        toAgent: agentOf(to), toRegion: to, up, sent: 10, received: up ? 10 : 0, rttMinUs: p50 - 900, rttP50Us: p50,
        rttP95Us: p50 + 700, rttP99Us: p50 + 1500, jitterUs: Math.round(400 * random()), lossPpm: random() > 0.99 ? 20_000 : 0,
        lossOutPpm: 0, lossBackPpm: 0,
      },
    }];
  }));
}

function services(names, regions, random) {
  return names.map((service, index) => ({
    service, protocol: 'PROTOCOL_HTTP', listenPort: 9000 + index, objectiveMs: 200,
    regions: regions.map((region) => ({
      region, endpointsTotal: 4, endpointsHealthy: random() > 0.999 ? 3 : 4, requestsPerSecond: Math.round(900 * random()) / 10,
    })),
  }));
}

const measured = (random) => ({
  requestsPerSecond: Math.round(9000 * random()) / 10, inObjective: 0.98 + 0.02 * random(), errors: 0.002 * random(),
  p50Us: 20_000 + Math.round(5000 * random()), p99Us: 90_000 + Math.round(30_000 * random()),
});

function traffic(names, regions, random, now) {
  return {
    flows: regions.flatMap((from) => regions.map((to) => ({ from, to, ...measured(random) }))),
    services: names.map((service) => ({ service, ...measured(random), sources: regions.length, pins: 0, failovers: 0, mode: 'auto' })),
    unixMs: String(now),
  };
}

const policies = (names, random) => ({
  policies: names.map((service) => ({
    service, mode: 'auto', modeBy: '', policy: 'learned', steering: 'learned', decisions: '100', falls: '0', lastFall: '',
    ended: Math.round(1e5 * random()), inObjective: 90000, expectedInObjective: 0.99, wishes: [], goal: 'goodput',
    costPerHour: 0, maxCostPerHour: 0, costCut: '',
  })),
});

/** Replies by topic, some of each. */
export function makeWorld(regionCount, serviceCount, seed = 1) {
  const random = seeded(seed);
  const now = Date.now();
  const regions = regionNames(regionCount);
  const names = Array.from({ length: serviceCount }, (_, index) => `shop/service-${String(index + 1).padStart(3, '0')}`);
  const status = {
    version: '0.1.0', mesh: 'generated', epoch: '1', generation: '7', startedUnixMs: String(now - 3600_000), store: 'memory',
    agentsTotal: regionCount, agentsConnected: regionCount, agentsSynced: regionCount, pathsTotal: regionCount * (regionCount - 1),
    pathsUp: regionCount * (regionCount - 1), services: serviceCount, activeFailovers: 0, pins: 0, warnings: [],
    endpointsTotal: regionCount * serviceCount * 4, endpointsHealthy: regionCount * serviceCount * 4, lastPublishUnixMs: String(now),
  };
  const make = {
    status: () => status,
    agents: () => ({ agents: agents(regions, now) }),
    paths: () => ({ paths: paths(regions, random, now) }),
    services: () => ({ services: services(names, regions, random) }),
    traffic: () => traffic(names, regions, random, now),
    policies: () => policies(names, random),
    failovers: () => ({ failovers: [] }),
  };
  const topics = Object.fromEntries(
    Object.entries(make).map(([name, one]) => [name, Array.from({ length: VARIANTS }, () => JSON.stringify(one()))]));
  return { regions: JSON.stringify({ regions: regions.map((name) => ({ name })) }), topics };
}

function follow(response, topics) {
  response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
  const timers = new Map();
  const send = (name, turn) => {
    const text = topics[name][turn % VARIANTS];
    if (!response.writableNeedDrain) response.write(`event: ${name}\ndata: ${text}\n\n`);
    const pause = Math.max(LEAST_PAUSE_MS, (1000 * text.length) / 3 / BYTES_A_SECOND);
    timers.set(name, setTimeout(() => send(name, turn + 1), pause));
  };
  for (const name of Object.keys(topics)) send(name, 0);
  response.on('close', () => timers.forEach((timer) => clearTimeout(timer)));
}

/** Serves dist/ and the world on a free port of this machine. */
export async function serveWorld({ regions, topics }, dist = join(HERE, '../dist')) {
  const me = JSON.stringify({ name: '', role: 'operator', signedIn: false, mesh: 'generated', version: '0.1.0', csrf: 'x' });
  const server = createServer((request, response) => {
    const path = new URL(request.url, 'http://world').pathname;
    const topic = path.replace('/api/v1/', '');
    if (topic === 'stream') return follow(response, topics);
    if (path.startsWith('/api/v1/')) {
      const known = { me, regions, ...Object.fromEntries(Object.entries(topics).map(([name, [first]]) => [name, first])) };
      response.writeHead(200, { 'Content-Type': 'application/json' });
      return response.end(known[topic] ?? '{}');
    }
    if (path === '/empty') return response.end('<!doctype html><title>empty</title><body>nothing');
    const file = join(dist, path.includes('..') || !existsSync(join(dist, path)) || path === '/' ? 'index.html' : path);
    response.writeHead(200, { 'Content-Type': TYPES[extname(file)] ?? 'application/octet-stream' });
    return createReadStream(file).pipe(response);
  });
  await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    close: () => (server.closeAllConnections(), server.close()),
  };
}
