// Starting a server of somebody else's so that it never outlives its parent.

import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import fs from 'node:fs';
import net from 'node:net';

/**
 * Starts `command` so that the kernel kills it when this process ends, however it ends
 * (`PR_SET_PDEATHSIG` by util-linux's setpriv).
 */
export function spawnBound(command, args, options = {}) {
  return spawn('setpriv', ['--pdeathsig', 'KILL', '--', command, ...args], options);
}

/** From here on a free port is looked for. */
const FIRST_PORT = 20_000;

/**
 * A loopback port that was free a moment ago, for servers that cannot bind port 0 themselves. It lies
 * below those that the kernel gives to whoever connects or binds port 0, so that it is still free then.
 */
export async function freePort() {
  const [given] = fs.readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').split(/\s+/).map(Number);
  for (let tries = 0; tries < 1000; tries += 1) {
    const port = await bindable(given > FIRST_PORT ? randomInt(FIRST_PORT, given) : 0);
    if (port) return port;
  }
  throw new Error('no port of 127.0.0.1 can be bound');
}

/** The port, if it can be bound. */
async function bindable(port) {
  const server = net.createServer();
  const bound = await new Promise((resolve) => {
    server.once('error', () => resolve(null)).listen(port, '127.0.0.1', () => resolve(server.address().port));
  });
  if (bound) await new Promise((resolve) => server.close(resolve));
  return bound;
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
