// Traffic and sign-ins for a while, and what becomes of memory and file descriptors.
//
//   node long/soak.mjs [minutes]
//
// Prints one line a minute and a verdict; fails on any wrong answer and on memory or descriptors
// that still grow in the second half.

import fs from 'node:fs';
import https from 'node:https';
import { newVisitor, startBrowser } from '../harness/browser.mjs';
import { COMPANIES } from '../harness/companies.mjs';
import { DEEP_LINK, sessionCookie, signIn } from '../harness/customer.mjs';
import { World } from '../harness/world.mjs';

const MINUTES = Number(process.argv[2] ?? 20);
const CONNECTIONS = 16;
/** Growth in the second half that is still called flat: a part of the first half's end, and a floor. */
const TOLERANCE = { kilobytes: 4096, part: 0.03, descriptors: 10 };

const counts = { requests: 0, signIns: 0, wrong: 0 };

/** Memory in kB and open descriptors of the gateway. */
function measure(pid) {
  const status = fs.readFileSync(`/proc/${pid}/status`, 'utf8');
  return { kilobytes: Number(/VmRSS:\s+(\d+)/.exec(status)[1]), descriptors: fs.readdirSync(`/proc/${pid}/fd`).length };
}

/** One sign-in in a fresh browser; gives the session's cookie. */
async function signInOnce(world, browser, company) {
  const context = await newVisitor(browser);
  try {
    const page = await context.newPage();
    await page.goto(world.url + DEEP_LINK);
    await signIn(page, company, company.person);
    await page.waitForURL(world.url + DEEP_LINK);
    counts.signIns += 1;
    return (await sessionCookie(context, world.url)).value;
  } finally {
    await context.close();
  }
}

function get(world, agent, cookie, target) {
  return new Promise((resolve) => {
    const request = https.get({ agent, host: '127.0.0.1', port: world.port, servername: 'help.localhost', path: target,
      rejectUnauthorized: false, headers: { host: `help.localhost:${world.port}`, cookie: `__Host-vestibule=${cookie}` } },
    (answer) => answer.resume().once('end', () => resolve(answer.statusCode)));
    request.once('error', (cause) => resolve(cause.code));
  });
}

/** One keep-alive connection's worth of requests until `end`. */
async function traffic(world, cookies, end) {
  const agent = new https.Agent({ keepAlive: true, maxSockets: 1 });
  for (let n = 0; Date.now() < end; n += 1) {
    const status = await get(world, agent, cookies[n % cookies.length], `/servicedesk/customer/portal/1/SUP-1042?n=${n}`);
    counts.requests += 1;
    if (status !== 200) {
      counts.wrong += 1;
      if (counts.wrong < 10) console.log(`wrong answer: ${status}`);
    }
  }
  agent.destroy();
}

/** A sign-in every few seconds, each company in turn. */
async function signIns(world, browser, end) {
  const companies = Object.values(COMPANIES);
  for (let n = 0; Date.now() < end; n += 1) {
    await signInOnce(world, browser, companies[n % companies.length]);
    await new Promise((resolve) => setTimeout(resolve, 3000));
  }
}

async function watch(pid, end) {
  const seen = [];
  while (Date.now() < end) {
    await new Promise((resolve) => setTimeout(resolve, Math.min(60_000, Math.max(1000, end - Date.now()))));
    seen.push(measure(pid));
    console.log(JSON.stringify({ ...seen.at(-1), ...counts }));
  }
  return seen;
}

/** What still grew in the second half. */
function growth(seen) {
  const middle = seen[Math.floor(seen.length / 2)] ?? seen.at(-1);
  const last = seen.at(-1);
  const found = [];
  const memory = last.kilobytes - middle.kilobytes;
  if (memory > Math.max(TOLERANCE.kilobytes, middle.kilobytes * TOLERANCE.part)) found.push(`memory grew by ${memory} kB`);
  const descriptors = last.descriptors - middle.descriptors;
  if (descriptors > TOLERANCE.descriptors) found.push(`${descriptors} more descriptors are open`);
  return found;
}

const [world, browser] = await Promise.all([World.start(), startBrowser()]);
try {
  const cookies = [];
  for (const company of Object.values(COMPANIES)) cookies.push(await signInOnce(world, browser, company));
  const begin = Date.now();
  const end = begin + MINUTES * 60_000;
  const busy = Array.from({ length: CONNECTIONS }, () => traffic(world, cookies, end));
  const [seen] = await Promise.all([watch(world.gateway.pid, end), signIns(world, browser, end), ...busy]);
  const problems = growth(seen);
  if (counts.wrong > 0) problems.push(`${counts.wrong} wrong answers`);
  const seconds = (Date.now() - begin) / 1000;
  console.log(`soak: ${counts.requests} requests (${Math.round(counts.requests / seconds)}/s), ${counts.signIns} sign-ins in ${Math.round(seconds)} s`);
  console.log(problems.length === 0 ? 'soak: flat' : `soak: ${problems.join('; ')}`);
  process.exitCode = problems.length === 0 ? 0 : 1;
} finally {
  await browser.close();
  await world.stop();
}
