// Starts SimpleSAMLphp (Debian's package) as a SAML identity provider on a free loopback port and
// prints one line of JSON: { url, entityId, metadata, serviceProviders }.
//
// Argument, JSON: { folder, host, signResponse, people: { login: { password, email, name } } }.
// A service provider is trusted once its metadata lies in the folder `serviceProviders`, as NAME.xml;
// beside it NAME.json may say how it is served otherwise, in SimpleSAMLphp's own words.
// It ends with its parent: the harness starts this launcher, and the launcher PHP, death-bound.

import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { answering, freePort, settings, spawnBound } from '../lifetime.mjs';

// Unpacked there by scripts/install.
const PROGRAM = fileURLToPath(new URL('../../../target/peers/simplesamlphp/usr/share/simplesamlphp', import.meta.url));

/** Makes the instance's folder: key, certificate, and the file that the PHP configuration reads. */
function prepare({ folder, host, signResponse = true, people }, port) {
  const serviceProviders = path.join(folder, 'service-providers');
  for (const name of ['tmp', 'service-providers']) fs.mkdirSync(path.join(folder, name), { recursive: true });
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '30', '-subj', `/CN=${host}`,
    '-keyout', path.join(folder, 'idp.key'), '-out', path.join(folder, 'idp.crt')], { stdio: 'pipe' });
  const url = `http://${host}:${port}`;
  const entityId = `${url}/saml2/idp/metadata.php`;
  const peerFile = path.join(folder, 'peer.json');
  fs.writeFileSync(peerFile, JSON.stringify({
    folder, url, entity_id: entityId, sign_response: signResponse, people, salt: randomBytes(16).toString('hex'),
  }));
  return { peerFile, ready: { url, entityId, metadata: entityId, serviceProviders } };
}

const wanted = settings();
const port = await freePort();
const { peerFile, ready } = prepare(wanted, port);
const log = fs.openSync(path.join(wanted.folder, 'php.log'), 'a');
const php = spawnBound('php', ['-d', 'display_errors=0', '-S', `127.0.0.1:${port}`, '-t', path.join(PROGRAM, 'www')], {
  stdio: ['ignore', log, log],
  env: {
    ...process.env,
    PEER_FILE: peerFile,
    PEER_PROGRAM: PROGRAM,
    SIMPLESAMLPHP_CONFIG_DIR: fileURLToPath(new URL('config', import.meta.url)),
  },
});
php.once('exit', (code) => {
  process.stderr.write(`php ended with ${code}; see ${wanted.folder}/php.log\n`);
  process.exit(1);
});
// Through the address: Node's resolver need not know `*.localhost`, and the port is what must answer.
await answering(`http://127.0.0.1:${port}/saml2/idp/metadata.php`, { headers: { Host: new URL(ready.url).host } });
process.stdout.write(`${JSON.stringify(ready)}\n`);
