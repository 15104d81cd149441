// Several gateways on one Redis, behind a front that sends each request to any one of them.

import fs from 'node:fs';
import https from 'node:https';
import net from 'node:net';
import path from 'node:path';
import { freePort } from '../../peers/lifetime.mjs';
import { Process, built } from './process.mjs';

/** How many gateways the journeys run on; 1: the embedded store and no front. */
export const REPLICAS = Number(process.env.VESTIBULE_REPLICAS ?? 1);

/** Starts Debian's Redis on a free port, with nothing on disk. */
export async function startRedis(folder) {
  const port = await freePort();
  const redis = new Process('redis', 'redis-server', ['--port', port, '--bind', '127.0.0.1', '--dir', folder,
    '--save', '', '--appendonly', 'no'].map(String));
  await redis.prints(/Ready to accept connections/);
  return { process: redis, url: `redis://127.0.0.1:${port}` };
}

/** The gateways of one operator's file, each with a port and logs of its own. */
export class Replicas {
  #front;
  #gateways = [];
  ports = [];

  /** `write(replica)` writes the file of one replica and gives its path. */
  constructor(write) {
    this.write = write;
  }

  async start(count) {
    while (this.ports.length < count) this.ports.push(await freePort());
    this.files = this.ports.map((port, number) => this.write({ port, name: `replica-${number}` }));
    this.#gateways = this.files.map((file, number) => new Process(`vestibule ${number}`, built('vestibule'), ['run', '--config', file]));
    await Promise.all(this.#gateways.map((gateway) => gateway.prints(/listening/)));
  }

  /** Terminates TLS on `port` and passes every request, upgrades too, on to a random replica. */
  async listen(port, folder) {
    const tls = { key: fs.readFileSync(path.join(folder, 'tls.key')), cert: fs.readFileSync(path.join(folder, 'tls.pem')) };
    this.#front = https.createServer(tls, (request, response) => {
      const onward = this.#onward(request);
      onward.on('response', (answer) => {
        response.writeHead(answer.statusCode, answer.statusMessage, answer.rawHeaders);
        answer.pipe(response);
      });
      onward.on('error', () => response.destroy());
      request.pipe(onward);
    });
    this.#front.on('upgrade', (request, socket) => {
      const onward = this.#onward(request);
      onward.on('upgrade', (answer, peer) => {
        const lines = [];
        for (let i = 0; i < answer.rawHeaders.length; i += 2) lines.push(`${answer.rawHeaders[i]}: ${answer.rawHeaders[i + 1]}`);
        socket.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.join('\r\n')}\r\n\r\n`);
        peer.pipe(socket).pipe(peer);
      });
      onward.on('error', () => socket.destroy());
      onward.end();
    });
    await new Promise((resolve) => this.#front.listen(port, '127.0.0.1', resolve));
  }

  #onward(request) {
    const port = this.ports[Math.floor(Math.random() * this.ports.length)];
    const headers = {};
    for (let i = 0; i < request.rawHeaders.length; i += 2) {
      const [name, value] = request.rawHeaders.slice(i, i + 2);
      headers[name] = headers[name] === undefined ? value : [headers[name], value].flat();
    }
    const servername = request.headers.host.split(':')[0];
    return https.request({ host: '127.0.0.1', port, servername: net.isIP(servername) ? '' : servername, rejectUnauthorized: false,
      method: request.method, path: request.url, headers, agent: false });
  }

  /** Ends every gateway; the front stays. */
  async stop(signal = 'SIGKILL') {
    const ends = await Promise.all(this.#gateways.map((gateway) => gateway.stop(signal)));
    return ends[0];
  }

  close() {
    this.#front?.closeAllConnections();
    this.#front?.close();
  }
}
