// SPDX-License-Identifier: MIT
/*
 * delegate.mjs -- encrypt to a delegation KMS and read what it lets one read, with nothing but WebCrypto: browsers and Node.
 *
 *   node delegate.mjs reader reader.json reader.pem.pub        a reader's RSA key, and its public half
 *   node delegate.mjs protect 0x<public key> FILE record.json  encrypt a file to the KMS's public key
 *   node delegate.mjs open record.json answer.json reader.json FILE
 *
 * Between the second and the third a gateway asks the KMS: 'arca delegate request --reader reader.pem.pub ...'.
 *
 * WebCrypto has no secp256k1, so the two multiplications of an encryption are done with BigInt.  Their time depends on the
 * scalar, which serves once: good enough where nobody measures this process.
 */
const { subtle } = globalThis.crypto;
export const hex = bytes => '0x' + Array.from(new Uint8Array(bytes), b => b.toString(16).padStart(2, '0')).join('');
export const unhex = text => Uint8Array.from(text.slice(2).match(/../g) ?? [], b => parseInt(b, 16));

/* ---- secp256k1: y^2 = x^3 + 7 modulo P --------------------------------------------------------------------------- */

const P = 2n ** 256n - 2n ** 32n - 977n;
export const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
export const G = [0x79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798n,
	0x483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8n];
const mod = (a, m = P) => (a % m + m) % m;
const power = (a, e) => { let r = 1n; for (; e; e >>= 1n, a = mod(a * a)) if (e & 1n) r = mod(r * a); return r; };

/* 1 / a modulo m, by Euclid. */
export function inverse(a, m = P) {
	let [r, s, x, y] = [m, mod(a, m), 0n, 1n];
	while (s) [r, s, x, y] = [s, r % s, y, x - r / s * y];
	return mod(x, m);
}

/* null is the point at infinity. */
export function add(a, b) {
	if (!a || !b) return a ?? b;
	if (a[0] === b[0] && mod(a[1] + b[1]) === 0n) return null;
	const slope = a[0] === b[0] ? 3n * a[0] * a[0] * inverse(2n * a[1]) : (b[1] - a[1]) * inverse(b[0] - a[0]);
	const x = mod(mod(slope) ** 2n - a[0] - b[0]);
	return [x, mod(mod(slope) * (a[0] - x) - a[1])];
}

export function multiply(k, point) {
	let r = null;
	for (; k; k >>= 1n, point = add(point, point)) if (k & 1n) r = add(r, point);
	return r;
}

export const word = n => unhex('0x' + n.toString(16).padStart(64, '0'));
export const compress = ([x, y]) => new Uint8Array([2 + Number(y & 1n), ...word(x)]);

export function decompress(bytes) {
	const x = BigInt(hex(bytes.slice(1))), square = mod(x ** 3n + 7n), y = power(square, (P + 1n) / 4n);
	if (bytes.length !== 33 || bytes[0] >> 1 !== 1 || x >= P || mod(y * y) !== square) throw new Error('this is no public key');
	return [x, Number(y & 1n) === (bytes[0] & 1) ? y : P - y];
}

/* ---- what the KMS and its clients agree on ----------------------------------------------------------------------- */

export async function cipherKey(x, use) {
	const secret = await subtle.importKey('raw', x, 'HKDF', false, ['deriveKey']);
	const info = new TextEncoder().encode('ECIES:AES_GCM:v1');
	return subtle.deriveKey({ name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(32), info }, secret,
		{ name: 'AES-GCM', length: 256 }, false, [use]);
}

/* A record that only those can read to whom the KMS gives its secret. */
export async function protect(publicKey, bytes) {
	let k = 0n;
	while (k === 0n || k >= ORDER) k = BigInt(hex(crypto.getRandomValues(new Uint8Array(32))));
	const nonce = crypto.getRandomValues(new Uint8Array(12));
	const [x] = multiply(k, decompress(unhex(publicKey)));
	const ciphertext = await subtle.encrypt({ name: 'AES-GCM', iv: nonce }, await cipherKey(word(x), 'encrypt'), bytes);
	return { public_key: hex(compress(multiply(k, G))), nonce: hex(nonce), ciphertext: hex(ciphertext) };
}

export const OAEP = { name: 'RSA-OAEP', hash: 'SHA-256' };

/* The private half stays with the reader, as JWK; the public half, SubjectPublicKeyInfo, goes to the gateway. */
export async function newReader() {
	const pair = await subtle.generateKey({ ...OAEP, modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) }, true, ['decrypt']);
	return { jwk: await subtle.exportKey('jwk', pair.privateKey), spki: hex(await subtle.exportKey('spki', pair.publicKey)) };
}

export async function open(record, answer, jwk) {
	const key = await subtle.importKey('jwk', jwk, OAEP, false, ['decrypt']);
	const x = await subtle.decrypt(OAEP, key, unhex(answer.encryptedSharedSecret));
	return new Uint8Array(await subtle.decrypt({ name: 'AES-GCM', iv: unhex(record.nonce) }, await cipherKey(x, 'decrypt'),
		unhex(record.ciphertext)));
}

export const pem = spki => '-----BEGIN PUBLIC KEY-----\n' + btoa(String.fromCharCode(...unhex(spki))).match(/.{1,64}/g).join('\n') +
	'\n-----END PUBLIC KEY-----\n';

/* ---- on the command line ------------------------------------------------------------------------------------------ */

if (globalThis.process?.argv[1] && import.meta.url === new URL('file://' + process.argv[1]).href) {
	const { readFileSync, writeFileSync } = await import('node:fs');
	const json = file => JSON.parse(readFileSync(file, 'utf8'));
	const [verb, a, b, c, d] = process.argv.slice(2);

	if (verb === 'reader' && b) {
		const reader = await newReader();
		writeFileSync(a, JSON.stringify(reader.jwk) + '\n', { mode: 0o600, flag: 'wx' });
		writeFileSync(b, pem(reader.spki));
	} else if (verb === 'protect' && c) writeFileSync(c, JSON.stringify(await protect(a, readFileSync(b))) + '\n');
	else if (verb === 'open' && d) writeFileSync(d, await open(json(a), json(b), json(c)), { mode: 0o600 });
	else {
		console.error('usage: node delegate.mjs reader READER.json READER.pem.pub | protect 0xKEY FILE RECORD | open RECORD ANSWER READER.json FILE');
		process.exit(64);
	}
}
