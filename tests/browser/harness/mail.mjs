// A mail server: takes what the gateway sends and keeps it.

import { SMTPServer } from 'smtp-server';

export class MailServer {
  #server;
  #mails = [];

  /** Starts it on a free port, for this machine alone. */
  static async start() {
    const mail = new MailServer();
    mail.#server = new SMTPServer({
      authOptional: true,
      disabledCommands: ['STARTTLS'],
      onData: async (stream, session, done) => {
        let text = '';
        for await (const chunk of stream) text += chunk;
        mail.#mails.push({ to: session.envelope.rcptTo.map(({ address }) => address), text: readable(text) });
        done();
      },
    });
    await new Promise((resolve) => mail.#server.listen(0, '127.0.0.1', resolve));
    mail.port = mail.#server.server.address().port;
    return mail;
  }

  /** The first mail to `address` that says `what`, once it is there. */
  async to(address, what) {
    for (let tries = 0; tries < 400; tries += 1) {
      const found = this.#mails.find((mail) => mail.to.includes(address) && mail.text.includes(what));
      if (found) return found;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`no mail to ${address} says "${what}": ${JSON.stringify(this.#mails)}`);
  }

  stop() {
    return new Promise((resolve) => this.#server.close(resolve));
  }
}

/** The text as people read it (RFC 2045 §6.7). */
function readable(text) {
  if (!/quoted-printable/i.test(text)) return text;
  return text.replace(/=\r?\n/g, '').replace(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
}
