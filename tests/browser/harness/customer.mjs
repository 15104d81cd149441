// What customers do on our pages.

import assert from 'node:assert/strict';
import { signInThere } from './identity-providers.mjs';

/** A link from a notification mail. */
export const DEEP_LINK = '/servicedesk/customer/portal/1/SUP-1042?x=1#comment-7';

/** On the sign-in page: types the address and goes on. */
export async function typeAddress(page, email) {
  await page.locator('input[name="email"]').fill(email).catch(async (cause) => {
    throw new Error(`no sign-in page at ${page.url()}, but: ${await page.locator('body').innerHTML()}`, { cause });
  });
  await page.getByRole('button', { name: 'Continue', exact: true }).click();
}

/** From the open sign-in page to the end of the identity provider's part. */
export async function signIn(page, company, person, { script = true } = {}) {
  await typeAddress(page, person.typed ?? person.email);
  await finishThere(page, company, person, { script });
}

/** The identity provider's part, its page being open. */
export async function finishThere(page, company, person, { script = true } = {}) {
  await signInThere(page, company, person);
  // Without script, SAML's form back to us is sent by hand. Its other button, which a script presses, is
  // only hidden once the style sheet is there.
  if (!script && company.protocol === 'saml') await page.locator('noscript button').click();
}

/** The reference code on a refusal page. */
export async function referenceOn(page) {
  const code = await page.locator('code.reference').innerText();
  assert.match(code, /^[2-9A-HJ-NP-Z]{4}-[2-9A-HJ-NP-Z]{4}$/);
  return code;
}

/** The cookie of a session, when there is one. */
export async function sessionCookie(context, url) {
  return (await context.cookies(url)).find((cookie) => cookie.name === '__Host-vestibule');
}
