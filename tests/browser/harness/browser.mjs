// Chromium from Debian, one fresh profile for each browser, and pictures of our own pages.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { AxeBuilder } from '@axe-core/playwright';
import { chromium } from 'playwright-core';
import { ROOT } from './process.mjs';

const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage'];
const PICTURES = path.join(ROOT, 'tests/output');
const DESKTOP = { width: 1280, height: 800 };
const VIEWS = {
  desktop: { viewport: DESKTOP, colorScheme: 'light' },
  phone: { viewport: { width: 390, height: 844 }, colorScheme: 'light' },
  dark: { viewport: DESKTOP, colorScheme: 'dark' },
};

/** Starts Chromium; its home is a temporary folder, so that nothing is left behind. */
export async function startBrowser() {
  const home = fs.mkdtempSync(path.join(os.tmpdir(), 'vestibule-chromium-'));
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: FLAGS, env: { ...process.env, HOME: home } });
  browser.on('disconnected', () => fs.rmSync(home, { recursive: true, force: true, maxRetries: 5 }));
  return browser;
}

/** A new person's browser: no cookies, no history. */
export async function newVisitor(browser, { script = true, locale = 'en-GB' } = {}) {
  const context = await browser.newContext({ ignoreHTTPSErrors: true, javaScriptEnabled: script, viewport: DESKTOP, locale });
  context.setDefaultTimeout(Number(process.env.JOURNEY_PATIENCE ?? 20_000));
  if (process.env.JOURNEY_TRACE) trace(context);
  return context;
}

/** Every page opened and everything that the browser complains about, for whoever looks for a fault. */
function trace(context) {
  const note = (text) => process.stderr.write(`    ${text}\n`);
  context.on('console', (message) => note(`console: ${message.text()}`));
  context.on('response', (answer) => note(`${answer.status()} ${answer.request().method()} ${answer.url().slice(0, 200)}`));
}

/** Keeps pictures of one of our own pages, and has axe look for what keeps people out. */
export async function portrait(page, name) {
  fs.mkdirSync(PICTURES, { recursive: true });
  for (const [view, { viewport, colorScheme }] of Object.entries(VIEWS)) {
    await page.setViewportSize(viewport);
    await page.emulateMedia({ colorScheme });
    await page.screenshot({ path: path.join(PICTURES, `${name}-${view}.png`), fullPage: true });
    const { violations } = await new AxeBuilder({ page }).analyze();
    const found = violations.map(({ id, help, nodes }) => `${id}: ${help} (${nodes.map((n) => n.target).join(', ')})`);
    assert.deepEqual(found, [], `axe on ${name}, ${view}`);
    const excess = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    assert.ok(excess <= 0, `${name} is ${excess} px wider than its window, ${view}`);
  }
  assert.ok((await page.content()).length < 50_000, `${name} has less than 50 kB`);
  await page.setViewportSize(DESKTOP);
  await page.emulateMedia({ colorScheme: 'light' });
}
