// Starts `oidc-provider` (npm, a certified OpenID provider) on a free loopback port and prints one
// line of JSON: { url, issuer }.
//
// Argument, JSON: { host, client: { id, secret?, redirectUri, afterSignOut?, backChannel? }, algorithm:
// "RS256" | "ES256", people: { login: { password, email, emailVerified?, name, groups? } } }. A client
// without a secret is public: PKCE alone. `backChannel`, { uri, authority }, is where it hears of
// sign-outs, with the file of the certificate that it has there by then. The sign-in page is plain HTML
// and works without JavaScript.

import { generateKeyPairSync, randomBytes } from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { settings } from '../lifetime.mjs';
import { answer } from './sign-in-page.mjs';

// The packages are those of the journeys: one lockfile for everything that comes from npm.
const packages = createRequire(new URL('../../browser/package.json', import.meta.url));
const { default: Provider } = await import(pathToFileURL(packages.resolve('oidc-provider')));

/** A fresh signing key as JWK. */
function signingKey(algorithm) {
  const { privateKey } = algorithm === 'ES256'
    ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
    : generateKeyPairSync('rsa', { modulusLength: 2048 });
  return { ...privateKey.export({ format: 'jwk' }), use: 'sig', alg: algorithm, kid: randomBytes(8).toString('hex') };
}

/** A grant for everything that the client asks for: consent is not what the journeys are about. */
async function grantAll(ctx) {
  const { client, session, provider } = ctx.oidc;
  const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId });
  grant.addOIDCScope('openid email profile groups');
  await grant.save();
  return grant;
}

/** The account of one login, its claims exactly as the journeys want them. */
function account(people, login) {
  const person = people[login];
  if (!person) return undefined;
  const claims = {
    sub: login,
    email: person.email,
    email_verified: person.emailVerified ?? true,
    name: person.name,
    groups: person.groups ?? [],
  };
  return { accountId: login, claims: () => claims };
}

/** A request to a client on loopback, whose name Node's resolver need not know. */
function deliver(authority) {
  return (url, { method, headers, body }) => new Promise((resolve, reject) => {
    const { hostname, port, pathname, host } = new URL(url);
    const text = String(body);
    const options = { host: '127.0.0.1', port, servername: hostname, path: pathname, method, ca: fs.readFileSync(authority),
      headers: { ...Object.fromEntries(headers), host, 'content-length': Buffer.byteLength(text) } };
    const request = https.request(options, (answer) => resolve(new Response(null, { status: answer.resume().statusCode })));
    request.once('error', reject).end(text);
  });
}

function configuration({ client, algorithm = 'RS256', people }) {
  return {
    clients: [{
      client_id: client.id,
      ...(client.secret && { client_secret: client.secret }),
      token_endpoint_auth_method: client.secret ? 'client_secret_basic' : 'none',
      redirect_uris: [client.redirectUri],
      ...(client.afterSignOut && { post_logout_redirect_uris: [client.afterSignOut] }),
      ...(client.backChannel && { backchannel_logout_uri: client.backChannel.uri, backchannel_logout_session_required: true }),
      id_token_signed_response_alg: algorithm,
    }],
    jwks: { keys: [signingKey(algorithm)] },
    cookies: { keys: [randomBytes(16).toString('hex')] },
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'], groups: ['groups'] },
    scopes: ['openid', 'email', 'profile', 'groups'],
    // The claims are wanted in the ID token, beside the code flow's userinfo.
    conformIdTokenClaims: false,
    pkce: { required: () => true },
    features: { devInteractions: { enabled: false }, backchannelLogout: { enabled: Boolean(client.backChannel) } },
    ...(client.backChannel && { fetch: deliver(client.backChannel.authority) }),
    interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
    findAccount: (_ctx, login) => account(people, login),
    loadExistingGrant: grantAll,
    ttl: { AccessToken: 300, AuthorizationCode: 60, Grant: 3600, IdToken: 300, Interaction: 600, Session: 3600 },
  };
}

const wanted = settings();
const server = http.createServer();
await new Promise((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
const issuer = `http://${wanted.host}:${server.address().port}`;
const provider = new Provider(issuer, configuration(wanted));
for (const event of ['server_error', 'backchannel.error']) {
  provider.on(event, (_ctx, error) => process.stderr.write(`${error.stack}\n`));
}
const serve = provider.callback();
server.on('request', (request, response) => {
  const done = request.url.startsWith('/interaction/') ? answer(provider, wanted.people, request, response) : serve(request, response);
  Promise.resolve(done).catch((error) => {
    process.stderr.write(`${error.stack}\n`);
    if (!response.headersSent) response.writeHead(500);
    response.end();
  });
});
process.stdout.write(`${JSON.stringify({ url: issuer, issuer })}\n`);
