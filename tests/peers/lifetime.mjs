// Starting a server of somebody else's so that it never outlives its parent.

import { spawn } from 'node:child_process';
import net from 'node:net';

/**
 * Starts `command` so that the kernel kills it when this process ends, however it ends
 * (`PR_SET_PDEATHSIG` by util-linux's setpriv).
 */
export function spawnBound(command, args, options = {}) {
  return spawn('setpriv', ['--pdeathsig', 'KILL', '--', command, ...args], options);
}

/** A loopback port that was free a moment ago, for servers that cannot bind port 0 themselves. */
export async function freePort() {
  const server = net.createServer();
  await new Promise((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Resolves once `url` answers with a status below 500; throws the last problem after `seconds`. */
export async function answering(url, { seconds = 30, headers = {} } = {}) {
  const end = Date.now() + seconds * 1000;
  let problem;
  while (Date.now() < end) {
    try {
      const answer = await fetch(url, { headers, redirect: 'manual', signal: AbortSignal.timeout(5000) });
      if (answer.status < 500) return;
      problem = new Error(`${url} answered ${answer.status}: ${(await answer.text()).slice(0, 400)}`);
    } catch (cause) {
      problem = new Error(`${url} does not answer: ${cause.cause?.message ?? cause.message}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw problem;
}

/** The one JSON argument of a launcher. */
export function settings() {
  if (process.argv.length !== 3) {
    process.stderr.write(`usage: ${process.argv[1]} '{…}'\n`);
    process.exit(64);
  }
  return JSON.parse(process.argv[2]);
}
