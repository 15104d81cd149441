// A customer writes, the session ends meanwhile, and nothing that was written is lost: forms are kept
// and sent once, calls by script go on after a sign-in beside the page.

import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import fs from 'node:fs';
import https from 'node:https';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { AxeBuilder } from '@axe-core/playwright';
import { newVisitor, portrait, startBrowser } from '../harness/browser.mjs';
import { COMPANIES } from '../harness/companies.mjs';
import { sessionCookie, signIn, typeAddress } from '../harness/customer.mjs';
import { signInThere } from '../harness/identity-providers.mjs';
import { ROOT } from '../harness/process.mjs';
import { World } from '../harness/world.mjs';

const CREATE = '/servicedesk/customer/portal/1/create';
const SCRIPTED = '/servicedesk/customer/portal/1/scripted';
const { acme, globex } = COMPANIES;

let world;
let browser;
before(async () => { [world, browser] = await Promise.all([World.start({ injectScript: true }), startBrowser()]); });
after(async () => { await browser?.close(); await world?.stop(); });

/** A file of so many bytes that are not alike; gives its path and what the help center says of it. */
function file(size) {
  const bytes = crypto.randomBytes(size);
  const name = path.join(world.folder, `attachment-${size}.bin`);
  fs.writeFileSync(name, bytes);
  return { name, said: `${size} ${crypto.createHash('sha256').update(bytes).digest('hex')}` };
}

/** Somebody on a page of the help center. */
async function customer(company, person, target, options) {
  const context = await newVisitor(browser, options);
  const page = await context.newPage();
  await page.goto(world.url + target);
  await signIn(page, company, person);
  await page.waitForURL(world.url + target);
  return { context, page };
}

/** Ends the session behind the browser's back; its cookie stays where it is. */
async function endSession(context) {
  const { value } = await sessionCookie(context, world.url);
  const cookie = `__Host-vestibule=${value}`;
  const headers = { host: `help.localhost:${world.port}`, origin: world.url, cookie, accept: 'text/html', 'content-length': 0,
    'content-type': 'application/x-www-form-urlencoded' };
  const options = { method: 'POST', host: '127.0.0.1', port: world.port, servername: 'help.localhost', path: '/.vestibule/sign-out',
    rejectUnauthorized: false, headers };
  await new Promise((resolve, reject) => {
    https.request(options, (answer) => { answer.resume(); answer.once('end', resolve); }).once('error', reject).end();
  });
  const status = await world.get('/.vestibule/session', 'help.localhost', { cookie });
  assert.match(status.body, /"signed_in":\s*false/);
}

/** How often something was written at the help center. */
async function posts(target) {
  return (await world.state()).requests.filter((request) => request.method === 'POST' && request.target.startsWith(target)).length;
}

/** At the identity provider somebody is still signed in: after the address there is nothing to do. */
async function signInAgain(page, person) {
  await typeAddress(page, person.email);
}

test('a form with 20 MB is kept while its customer signs in, and is sent once', async () => {
  const { context, page } = await customer(acme, acme.person, CREATE);
  const { name, said } = file(20 * 1024 * 1024);
  await page.getByLabel('Summary').fill('Printer on fire, again');
  await page.getByLabel('Description').fill('It took an hour to write this.');
  await page.getByLabel('Attachment').setInputFiles(name);
  await endSession(context);
  const before = await posts(CREATE);
  await page.getByRole('button', { name: 'Send', exact: true }).click();
  await page.getByText('What you sent is kept.').waitFor();
  await portrait(page, 'sign-in-kept');
  await signInAgain(page, acme.person);
  await page.getByRole('heading', { level: 1, name: 'Send what you wrote?' }).waitFor();
  await portrait(page, 'resume');
  assert.equal(await posts(CREATE), before, 'nothing is sent before the customer says so');
  await page.getByRole('button', { name: 'Send now' }).press('Enter');
  await page.getByRole('heading', { level: 1, name: /Printer on fire, again/ }).waitFor();
  assert.equal(await page.locator('#attached').innerText(), said, 'byte for byte');
  assert.match(await page.locator('body').innerText(), new RegExp(acme.person.email));
  assert.equal(await posts(CREATE), before + 1);

  await page.goBack();
  await page.getByRole('heading', { level: 1, name: 'This was already sent' }).waitFor();
  await portrait(page, 'resume-sent');
  assert.equal(await posts(CREATE), before + 1);
  await context.close();
});

test('somebody else who signs in gets nothing of it, and its owner still does', async () => {
  const { context, page } = await customer(acme, acme.colleague, CREATE);
  await page.getByLabel('Summary').fill('Only for my own eyes');
  await endSession(context);
  await page.getByRole('button', { name: 'Send', exact: true }).click();
  await page.getByText('What you sent is kept.').waitFor();
  await typeAddress(page, globex.person.email);
  await signInThere(page, globex, globex.person);
  await page.getByRole('heading', { level: 1, name: 'This form is not yours to send' }).waitFor();
  assert.doesNotMatch(await page.content(), /Only for my own eyes|portal\/1\/create/);
  await portrait(page, 'resume-elsewhere');
  const kept = page.url();
  await endSession(context);
  await page.goto(kept);
  await signInAgain(page, acme.colleague);
  await page.getByRole('heading', { level: 1, name: 'Send what you wrote?' }).waitFor();
  await page.getByRole('button', { name: 'Delete without sending' }).click();
  await page.waitForURL(`${world.url}/servicedesk/customer/portals`);
  await page.goto(kept);
  await page.getByRole('heading', { level: 1, name: 'This form is no longer kept' }).waitFor();
  await portrait(page, 'resume-over');
  await context.close();
});

test('what is too large stays in the browser, and goes through after a sign-in beside it', async () => {
  const { context, page } = await customer(acme, acme.person, CREATE);
  const { name, said } = file(26 * 1024 * 1024);
  await page.getByLabel('Summary').fill('A film of the fire');
  await page.getByLabel('Attachment').setInputFiles(name);
  await endSession(context);
  await page.getByRole('button', { name: 'Send', exact: true }).click();
  await page.getByRole('heading', { level: 1, name: 'This form is too large to be kept' }).waitFor();
  await portrait(page, 'form-too-large');
  const [beside] = await Promise.all([context.waitForEvent('page'), page.getByRole('link', { name: 'Sign in in a new tab' }).click()]);
  await signInAgain(beside, acme.person);
  await beside.getByRole('heading', { level: 1, name: 'You are signed in' }).waitFor();
  await portrait(beside, 'signed-in-beside');
  await page.goBack();
  assert.equal(await page.getByLabel('Summary').inputValue(), 'A film of the fire');
  await page.getByRole('button', { name: 'Send', exact: true }).click();
  await page.getByRole('heading', { level: 1, name: /A film of the fire/ }).waitFor();
  assert.equal(await page.locator('#attached').innerText(), said);
  await context.close();
});

test('without script the form is kept and sent all the same', async () => {
  const context = await newVisitor(browser, { script: false, locale: 'de-DE' });
  const page = await context.newPage();
  await page.goto(world.url + CREATE);
  await page.locator('input[name="email"]').fill(globex.colleague.email);
  await page.getByRole('button', { name: 'Weiter', exact: true }).click();
  await signInThere(page, globex, globex.colleague);
  await page.waitForURL(world.url + CREATE);
  await page.getByLabel('Summary').fill('Ohne Skript');
  await endSession(context);
  await page.getByRole('button', { name: 'Send', exact: true }).click();
  await page.getByText('Was Sie gesendet haben, ist aufgehoben.').waitFor();
  await page.locator('input[name="email"]').fill(globex.colleague.email);
  await page.getByRole('button', { name: 'Weiter', exact: true }).click();
  await page.getByRole('heading', { level: 1, name: 'Ihre Eingaben jetzt senden?' }).waitFor();
  await page.getByRole('button', { name: 'Jetzt senden' }).click();
  await page.getByRole('heading', { level: 1, name: /Ohne Skript/ }).waitFor();
  await context.close();
});

/** The card over a page, as it looks and as axe sees it. */
async function cardPortrait(page, name) {
  const pictures = path.join(ROOT, 'tests/output');
  fs.mkdirSync(pictures, { recursive: true });
  for (const [view, viewport, colorScheme] of [['desktop', { width: 1280, height: 800 }, 'light'],
    ['phone', { width: 390, height: 844 }, 'light'], ['dark', { width: 1280, height: 800 }, 'dark']]) {
    await page.setViewportSize(viewport);
    await page.emulateMedia({ colorScheme });
    await page.screenshot({ path: path.join(pictures, `${name}-${view}.png`) });
    const { violations } = await new AxeBuilder({ page }).include([['#vestibule-again', 'dialog']]).analyze();
    assert.deepEqual(violations.map(({ id, help }) => `${id}: ${help}`), [], `axe on ${name}, ${view}`);
  }
  await page.setViewportSize({ width: 1280, height: 800 });
  await page.emulateMedia({ colorScheme: 'light' });
}

/** Presses the card's button; gives the window that it opens. */
async function openBeside(context, page) {
  const [beside] = await Promise.all([context.waitForEvent('page'), page.getByRole('button', { name: 'Sign in', exact: true }).click()]);
  return beside;
}

for (const [way, button] of [['fetch', 'Send by fetch'], ['xhr', 'Send by XMLHttpRequest']]) {
  test(`a call by ${way} goes on after a sign-in in a window beside the page`, async () => {
    const { context, page } = await customer(acme, acme.person, SCRIPTED);
    const { name } = file(3 * 1024 * 1024);
    assert.equal(await page.locator('head > script').first().getAttribute('src'), '/.vestibule/assets/again.js');
    await page.getByLabel('Comment').fill('Still burning');
    await page.getByLabel('File').setInputFiles(name);
    await page.getByRole('button', { name: button }).click();
    await page.getByText(new RegExp(`^${way} 200 `)).waitFor();
    const whole = await page.locator('#sent').innerText();
    const before = await posts('/upload');
    await endSession(context);

    await page.getByRole('button', { name: button }).click();
    await page.getByRole('heading', { name: 'Please confirm it is you' }).waitFor();
    assert.equal(await posts('/upload'), before);
    if (way === 'fetch') await cardPortrait(page, 'again');
    const beside = await openBeside(context, page);
    const closed = beside.waitForEvent('close');
    await signInAgain(beside, acme.person);
    await closed;
    await page.getByText(new RegExp(`^${way} 200 `)).waitFor();
    // The boundary of the form is another one each time; its length and everything in it are not.
    const size = (text) => JSON.parse(text.slice(text.indexOf('{'))).bytes;
    assert.equal(size(await page.locator('#sent').innerText()), size(whole));
    assert.equal(await posts('/upload'), before + 1, 'once');
    assert.equal(await page.getByLabel('Comment').inputValue(), 'Still burning');
    assert.equal(await page.locator('#vestibule-again').count(), 0, 'the card is gone');
    await context.close();
  });

  test(`a call by ${way} is not repeated in the name of somebody else, nor when nobody signs in`, async () => {
    const { context, page } = await customer(acme, acme.colleague, SCRIPTED);
    await page.getByLabel('Comment').fill('Mine');
    await endSession(context);
    const before = await posts('/upload');
    await page.getByRole('button', { name: button }).click();
    const beside = await openBeside(context, page);
    const closed = beside.waitForEvent('close');
    await typeAddress(beside, globex.person.email);
    await signInThere(beside, globex, globex.person);
    await closed;
    await page.getByText('Somebody else is signed in now.').waitFor();
    if (way === 'fetch') await cardPortrait(page, 'again-other');
    await page.keyboard.press('Escape');
    await page.getByText(new RegExp(`^${way} 401 `)).waitFor();
    assert.equal(await posts('/upload'), before);
    await context.close();
  });
}
