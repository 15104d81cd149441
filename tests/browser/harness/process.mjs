// Processes that end with the test: started death-bound, stopped by their own id.

import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { spawnBound } from '../../peers/lifetime.mjs';

/** The repository's root. */
export const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** A program that cargo built. */
export function built(name) {
  return path.join(process.env.CARGO_TARGET_DIR ?? path.join(ROOT, 'target'), 'debug', name);
}

/** Characters kept of what a process prints. */
const KEPT = 1_000_000;

/** A running process: what it printed, and its end. */
export class Process {
  #child;
  #waiting = new Set();
  output = '';

  constructor(name, command, args, options = {}) {
    this.name = name;
    this.#child = spawnBound(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream.setEncoding('utf8');
      stream.on('data', (text) => this.#said(text));
    }
    this.ended = new Promise((resolve) => this.#child.once('close', (code, signal) => {
      this.end = signal ?? code;
      this.#said('');
      resolve(this.end);
    }));
  }

  /** Its process id; the death-bound start replaces itself by the program. */
  get pid() {
    return this.#child.pid;
  }

  #said(text) {
    this.output = (this.output + text).slice(-KEPT);
    for (const check of this.#waiting) check();
  }

  /** The match of `pattern` in what was printed, once it is there. */
  async prints(pattern, seconds = 60) {
    const deadline = AbortSignal.timeout(seconds * 1000);
    return new Promise((resolve, reject) => {
      const check = () => {
        const match = pattern.exec(this.output);
        if (!match && this.end === undefined && !deadline.aborted) return;
        this.#waiting.delete(check);
        if (match) resolve(match);
        else reject(new Error(`${this.name} did not print ${pattern} (ended: ${this.end}):\n${this.output.slice(-4000)}`));
      };
      deadline.addEventListener('abort', check);
      this.#waiting.add(check);
      check();
    });
  }

  /** The line of JSON by which a launcher says that it is ready. */
  async ready(seconds = 60) {
    return JSON.parse((await this.prints(/^\{.*\}$/m, seconds))[0]);
  }

  /** Ends it and waits for the end. */
  async stop(signal = 'SIGKILL') {
    if (this.end === undefined) this.#child.kill(signal);
    return this.ended;
  }
}

/** Runs a program to its end; throws what it printed when it fails. */
export async function run(command, args, options = {}) {
  const process = new Process(command, command, args, options);
  const end = await process.ended;
  if (end !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${end}:\n${process.output}`);
  return process.output;
}

/**
 * The process that `start` gives and what it says when it is ready. `oidc-provider` now and then hangs
 * while it starts beside others, on versions of Node that it does not support: then it is started anew.
 */
export async function startedAnew(start) {
  const first = start();
  const said = await first.ready(20).catch(() => undefined);
  if (said) return [first, said];
  await first.stop();
  const second = start();
  return [second, await second.ready()];
}
