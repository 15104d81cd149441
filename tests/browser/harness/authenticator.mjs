// An authenticator app: reads the QR code from a picture of the page by a decoder that the product
// does not know, and makes codes of the key (RFC 6238).

import crypto from 'node:crypto';
import jsqr from 'jsqr';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

function bytesOf(key) {
  const bits = [...key.replace(/[\s=]/g, '')].map((letter) => ALPHABET.indexOf(letter).toString(2).padStart(5, '0')).join('');
  return Buffer.from(bits.match(/.{8}/g).map((byte) => Number.parseInt(byte, 2)));
}

/** The text in the QR code that a screenshot of `locator` shows. */
export async function scan(page, locator) {
  const picture = await locator.screenshot();
  // A page of its own turns the picture into pixels: ours allows no such script.
  const blank = await page.context().newPage();
  const { width, height, pixels } = await blank.evaluate(async (base64) => {
    const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    const bitmap = await createImageBitmap(new Blob([bytes], { type: 'image/png' }));
    const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
    canvas.getContext('2d').drawImage(bitmap, 0, 0);
    const { data } = canvas.getContext('2d').getImageData(0, 0, bitmap.width, bitmap.height);
    return { width: bitmap.width, height: bitmap.height, pixels: [...data] };
  }, picture.toString('base64'));
  await blank.close();
  return jsqr(Uint8ClampedArray.from(pixels), width, height)?.data;
}

/** An app that was set up with an `otpauth:` URL. */
export class Authenticator {
  constructor(url) {
    const { searchParams } = new URL(url);
    this.key = searchParams.get('secret');
    this.last = 0;
  }

  at(step) {
    const counter = Buffer.alloc(8);
    counter.writeBigUInt64BE(BigInt(step));
    const tag = crypto.createHmac('sha1', bytesOf(this.key)).update(counter).digest();
    const offset = tag[19] & 0x0f;
    return String((tag.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).padStart(6, '0');
  }

  /** A code that was not used yet; waits for one when it must (a step may be one ahead). */
  async code() {
    const now = () => Math.floor(Date.now() / 30_000);
    while (this.last > now()) await new Promise((resolve) => setTimeout(resolve, 250));
    this.last = Math.max(now(), this.last + 1);
    return this.at(this.last);
  }
}
