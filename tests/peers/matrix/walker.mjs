// A browser without a screen: cookies by host, redirects, forms. Every host is this machine.

import http from 'node:http';
import https from 'node:https';

const NAVIGATION = {
  accept: 'text/html,application/xhtml+xml', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document',
};
const ENTITIES = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'", '#x27': "'", '#34': '"' };

const plain = (text) => text.replace(/&(#?\w+);/g, (all, name) => {
  if (name in ENTITIES) return ENTITIES[name];
  if (/^#x[0-9a-f]+$/i.test(name)) return String.fromCodePoint(Number.parseInt(name.slice(2), 16));
  return /^#\d+$/.test(name) ? String.fromCodePoint(Number(name.slice(1))) : all;
});

const attribute = (tag, name) => {
  const found = new RegExp(`\\s${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)')`, 'i').exec(tag);
  return found && plain(found[1] ?? found[2]);
};

/** The forms of a page: where they go, and what they would send. */
export function forms({ url, body }) {
  return [...body.matchAll(/<form\b([^>]*)>(.*?)<\/form>/gis)].map(([, tag, content]) => ({
    action: new URL(attribute(` ${tag}`, 'action') || url, url).href,
    post: (attribute(` ${tag}`, 'method') ?? 'get').toLowerCase() === 'post',
    fields: Object.fromEntries([...content.matchAll(/<input\b[^>]*>/gis)]
      .map(([input]) => [attribute(input, 'name'), attribute(input, 'value') ?? ''])
      .filter(([name]) => name)),
  }));
}

export class Walker {
  #cookies = new Map();
  #origin = 'null';

  get(url) {
    return this.#follow('GET', url);
  }

  /** Sends a form, with some fields filled in, and goes on to where the answer leads. */
  submit(form, fields = {}) {
    const all = new URLSearchParams({ ...form.fields, ...fields });
    if (form.post) return this.#follow('POST', form.action, all.toString());
    return this.#follow('GET', `${form.action.split('?')[0]}?${all}`);
  }

  async #follow(method, target, body) {
    let url = target;
    for (let hops = 0; hops < 20; hops += 1) {
      const answer = await this.#ask(method, url, body);
      const next = answer.headers.location;
      if (answer.status < 300 || answer.status > 399 || !next) return answer;
      url = new URL(next, url).href;
      [method, body] = ['GET', undefined];
    }
    throw new Error(`${target}: more than 20 redirects`);
  }

  #ask(method, target, body) {
    const url = new URL(target);
    const jar = this.#cookies.get(url.hostname) ?? new Map();
    this.#cookies.set(url.hostname, jar);
    const headers = { ...NAVIGATION, host: url.host, 'sec-fetch-site': url.origin === this.#origin ? 'same-origin' : 'cross-site' };
    if (jar.size > 0) headers.cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
    if (body !== undefined) {
      Object.assign(headers, { origin: this.#origin, 'content-type': 'application/x-www-form-urlencoded', 'content-length': Buffer.byteLength(body) });
    }
    const options = { host: '127.0.0.1', port: url.port, servername: url.hostname, path: url.pathname + url.search, method, headers,
      rejectUnauthorized: false };
    return new Promise((resolve, reject) => {
      const request = (url.protocol === 'https:' ? https : http).request(options, async (answer) => {
        for (const line of answer.headers['set-cookie'] ?? []) this.#keep(jar, line);
        const chunks = [];
        for await (const chunk of answer) chunks.push(chunk);
        if (answer.statusCode < 300) this.#origin = url.origin;
        resolve({ url: url.href, status: answer.statusCode, headers: answer.headers, body: Buffer.concat(chunks).toString() });
      });
      request.once('error', reject).end(body);
    });
  }

  #keep(jar, line) {
    const [pair, ...attributes] = line.split(';');
    const [name, ...value] = pair.trim().split('=');
    const gone = attributes.some((one) => /^\s*max-age=0\s*$/i.test(one));
    if (gone) jar.delete(name);
    else jar.set(name, value.join('='));
  }
}
