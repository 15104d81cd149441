// The pages themselves: the browser's language, the operator's look, a chooser of many, the choice of
// the last time; by keyboard, without script, and without a request to anybody else.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { newVisitor, portrait, startBrowser } from '../harness/browser.mjs';
import { MANY } from '../harness/configuration.mjs';
import { DEEP_LINK } from '../harness/customer.mjs';
import { World } from '../harness/world.mjs';

const LANGUAGES = [
  { locale: 'en-GB', tag: 'en', signIn: 'Sign in to Example Help Center', down: 'Hooli does not answer|Hooli has not answered since', done: 'You are signed out' },
  { locale: 'de-AT', tag: 'de', signIn: 'Anmelden bei Example Help Center', down: 'Hooli antwortet', done: 'Sie sind abgemeldet' },
  { locale: 'fr-CA', tag: 'fr', signIn: 'Connexion à Example Help Center', down: 'Hooli ne répond', done: 'Vous êtes déconnecté' },
  { locale: 'es-MX', tag: 'es', signIn: 'Iniciar sesión en Example Help Center', down: 'Hooli no responde', done: 'Ha cerrado la sesión' },
  { locale: 'pt-PT', tag: 'pt-BR', signIn: 'Entrar em Example Help Center', down: 'Hooli não responde', done: 'Você saiu' },
];

let world;
let browser;
before(async () => { [world, browser] = await Promise.all([World.start(), startBrowser()]); });
after(async () => { await browser?.close(); await world?.stop(); });

/** A visitor who notes every request that goes elsewhere. */
async function visitor(options) {
  const context = await newVisitor(browser, options);
  const elsewhere = [];
  context.on('request', (request) => {
    if (!/^https:\/\/(help|annex)\.localhost:/.test(request.url())) elsewhere.push(request.url());
  });
  return { context, elsewhere, page: await context.newPage() };
}

for (const { locale, tag, signIn, down, done } of LANGUAGES) {
  test(`a browser that wants ${locale} reads ${tag}`, async () => {
    const { context, elsewhere, page } = await visitor({ locale });
    const answer = await page.goto(world.url + DEEP_LINK);
    assert.equal(answer.headers()['content-language'], tag);
    assert.match(answer.headers().vary, /Accept-Language/);
    assert.equal(await page.locator('html').getAttribute('lang'), tag);
    await page.getByRole('heading', { level: 1, name: signIn }).waitFor();
    await portrait(page, `language-${tag}-sign-in`);

    await page.goto(`${world.url}/.vestibule/sign-in/hooli`);
    await page.getByRole('heading', { level: 1, name: new RegExp(down) }).waitFor();
    await page.locator('.countdown').waitFor();
    await page.locator('.countdown + button').click();
    assert.equal(await page.locator('.countdown').count(), 0, 'the countdown can be stopped');
    await portrait(page, `language-${tag}-unreachable`);

    await page.goto(`${world.url}/.vestibule/sign-out`);
    await page.locator('main button[type=submit]').click();
    await page.getByRole('heading', { level: 1, name: done }).waitFor();
    await portrait(page, `language-${tag}-signed-out`);
    assert.deepEqual(elsewhere, []);
    await context.close();
  });
}

test('the look of a site: logo, colours, links and help, and a script in the logo is gone', async () => {
  const { context, elsewhere, page } = await visitor({ locale: 'de-DE' });
  await page.goto(world.annex + DEEP_LINK);
  await page.getByText('Annex Support').waitFor();
  const logo = page.locator('header img');
  assert.ok(await logo.evaluate((image) => image.complete && image.naturalWidth > 0), 'the logo is shown');
  assert.equal(await page.getByRole('link', { name: 'Datenschutz' }).getAttribute('href'), 'https://www.example.com/privacy');
  await page.getByText('Kein Zugang? Fragen Sie').waitFor();
  const colour = await page.getByRole('button', { name: 'Weiter', exact: true }).evaluate((button) => getComputedStyle(button).backgroundColor);
  assert.equal(colour, 'rgb(183, 224, 0)');
  await portrait(page, 'branded-chooser');
  const picture = await page.goto(new URL(await logo.getAttribute('src'), world.annex).href);
  assert.match(picture.headers()['cache-control'], /immutable/);
  assert.match(picture.headers()['content-security-policy'], /sandbox/);
  assert.doesNotMatch(await picture.text(), /script/);
  assert.deepEqual(elsewhere, []);
  await context.close();
});

test('a chooser of many is narrowed by typing, by keyboard alone', async () => {
  const { context, page } = await visitor();
  await page.goto(world.annex + DEEP_LINK);
  const shown = page.locator('.long li:visible');
  assert.ok(await shown.count() >= MANY.length);
  await page.locator('#email').press('Tab');
  await page.keyboard.press('Tab');
  assert.ok(await page.locator('#narrow').evaluate((field) => field === document.activeElement), 'two tabs away');
  await page.keyboard.type('SOHNE beteiligungsgesellschaft 17');
  assert.equal(await shown.count(), 1);
  await portrait(page, 'chooser-narrowed');
  await page.keyboard.type('x');
  await page.getByText('No organization has that name.').waitFor();
  await page.keyboard.press('Backspace');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: new RegExp(MANY[16]) }).waitFor();
  await context.close();
});

test('without script the chooser shows everybody, and nothing that would not work', async () => {
  const { context, page } = await visitor({ script: false });
  await page.goto(world.annex + DEEP_LINK);
  assert.ok(await page.locator('.long li:visible').count() >= MANY.length);
  assert.equal(await page.locator('#narrow').isVisible(), false);
  await page.getByRole('button', { name: `Continue with ${MANY[2]}`, exact: true }).click();
  await page.locator('code.reference').waitFor();
  await context.close();
});

test('what was chosen the last time comes first, and a forged name changes nothing', async () => {
  const { context, page } = await visitor();
  await page.goto(world.url + DEEP_LINK);
  await page.getByRole('button', { name: 'Continue with Globex' }).click();
  await page.waitForURL(/localhost:\d+\/(?!\.vestibule)/);
  await page.goto(world.url + DEEP_LINK);
  await page.getByRole('heading', { name: 'Last time you used' }).waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.value), 'globex');
  await portrait(page, 'sign-in-last-time');
  const { value: _, ...cookie } = (await context.cookies(world.url)).find(({ name }) => name === '__Host-vestibule-choice');
  for (const value of ['many-1', 'vandelay', 'nobody', '../x']) {
    await context.addCookies([{ ...cookie, value }]);
    await page.goto(world.url + DEEP_LINK);
    assert.equal(await page.getByRole('heading', { name: 'Last time you used' }).count(), 0, value);
  }
  await page.goto(`${world.url}/.vestibule/sign-in/many-1`);
  await page.getByRole('heading', { name: /is not used for signing in here/ }).waitFor();
  await context.close();
});
