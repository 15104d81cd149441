// The real identity providers, one for each company.

import path from 'node:path';
import { COMPANIES, people } from './companies.mjs';
import { Process, ROOT, startedAnew } from './process.mjs';

const LAUNCHERS = {
  saml: path.join(ROOT, 'tests/peers/simplesamlphp/launch.mjs'),
  oidc: path.join(ROOT, 'tests/peers/oidc-provider/launch.mjs'),
};

function settings(name, folder, gateway) {
  const company = COMPANIES[name];
  const host = `${name}-idp.localhost`;
  if (company.protocol === 'saml') {
    return { folder: path.join(folder, `${name}-idp`), host, signResponse: company.signResponse, people: people(company) };
  }
  const client = {
    id: 'vestibule',
    redirectUri: `${gateway}/.vestibule/oidc/${name}/callback`,
    afterSignOut: `${gateway}/.vestibule/sign-out`,
    backChannel: { uri: `${gateway}/.vestibule/oidc/${name}/backchannel-logout`, authority: path.join(folder, 'tls.pem') },
  };
  if (company.secret) client.secret = company.secret;
  return { host, client, algorithm: company.algorithm, people: people(company) };
}

/** Starts the identity provider of each company; `gateway` is the address that customers use. */
export async function startIdentityProviders(folder, gateway) {
  const started = Object.keys(COMPANIES).map(async (name) => {
    const launcher = LAUNCHERS[COMPANIES[name].protocol];
    const start = () => new Process(`${name}-idp`, process.execPath, [launcher, JSON.stringify(settings(name, folder, gateway))]);
    if (COMPANIES[name].protocol === 'oidc') {
      const [process_, said] = await startedAnew(start);
      return [name, { process: process_, ...said }];
    }
    const process_ = start();
    return [name, { process: process_, ...await process_.ready() }];
  });
  return Object.fromEntries(await Promise.all(started));
}

/** Signs in at the identity provider whose page is open, as its people do. */
export async function signInThere(page, company, person) {
  if (company.protocol === 'saml') {
    await page.locator('input[name="username"]').fill(person.login);
    await page.locator('input[name="password"]').fill(person.password);
    await page.locator('#submit_button, #regularsubmit button, button[type=submit], input[type=submit]').first().click();
    return;
  }
  await page.getByLabel('Login').fill(person.login);
  await page.getByLabel('Password').fill(person.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

/** The identity provider's own part of signing out; SimpleSAMLphp asks nothing. */
export async function signOutThere(page, company) {
  if (company.protocol === 'oidc') await page.getByRole('button', { name: 'Yes, sign me out' }).click();
}

/** Signs out at the identity provider, from where the gateway learns of it: through the browser or behind its back. */
export async function signOutOnlyThere(page, company, idp) {
  if (company.protocol === 'oidc') {
    await page.goto(`${idp.issuer}/session/end`);
    await signOutThere(page, company);
    await page.waitForURL(`${idp.issuer}/session/end/success*`);
    return;
  }
  const done = `${idp.url}/logout.php`;
  await page.goto(`${idp.url}/saml2/idp/initSLO.php?RelayState=${encodeURIComponent(done)}`);
  await page.waitForURL(done);
}

/** Waits for the identity provider's page that asks for a password: it knows nobody any more. */
export async function asksWhoItIs(page, company) {
  await page.locator(company.protocol === 'saml' ? 'input[name="username"]' : 'input[name="login"]').waitFor();
}
