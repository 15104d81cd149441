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
const SIZES = { desktop: { width: 1280, height: 800 }, phone: { width: 390, height: 844 } };

/** Starts Chromium; its home is a temporary folder, so that nothing is left behind. */
export async function startBrowser() {
  const home = fs.mkdtempSync(path.join(os.tmpdir(), 'vestibule-chromium-'));
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: FLAGS, env: { ...process.env, HOME: home } });
  browser.on('disconnected', () => fs.rmSync(home, { recursive: true, force: true, maxRetries: 5 }));
  return browser;
}

/** A new person's browser: no cookies, no history. */
export async function newVisitor(browser, { script = true } = {}) {
  const context = await browser.newContext({ ignoreHTTPSErrors: true, javaScriptEnabled: script, viewport: SIZES.desktop, locale: 'en-GB' });
  context.setDefaultTimeout(20_000);
  return context;
}

/** Keeps pictures of one of our own pages, and has axe look for what keeps people out. */
export async function portrait(page, name) {
  fs.mkdirSync(PICTURES, { recursive: true });
  for (const [size, viewport] of Object.entries(SIZES)) {
    await page.setViewportSize(viewport);
    await page.screenshot({ path: path.join(PICTURES, `${name}-${size}.png`), fullPage: true });
    const { violations } = await new AxeBuilder({ page }).analyze();
    const found = violations.map(({ id, help, nodes }) => `${id}: ${help} (${nodes.map((n) => n.target).join(', ')})`);
    assert.deepEqual(found, [], `axe on ${name}, ${size}`);
    const wider = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    assert.ok(wider <= 0, `${name} is ${wider} px wider than a ${size} screen`);
  }
  await page.setViewportSize(SIZES.desktop);
}
