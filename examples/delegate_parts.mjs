// SPDX-License-Identifier: MIT
/*
 * delegate_parts.mjs -- read what was encrypted to a key that nodes share, without trusting any of them: the reader asks each for its
 * part of the secret, checks it, and combines.  WebCrypto, and ethers for what gateway and nodes sign.
 *
 *   node delegate_parts.mjs protect nodes.json FILE record.json
 *   node delegate_parts.mjs open nodes.json record.json reader.json gateway.key FILE
 *
 * nodes.json says who the nodes are, as a devnet's devnet.json does: parties with "http" and "signer", threshold, and
 * delegation.chain_id.  Of these nodes `threshold` may lie, or be away: what one more than that says alike is true, and as many right
 * parts make the secret.  reader.json is made by delegate.mjs.  The gateway is played here by its key; elsewhere it looks at who asks
 * before it signs.
 *
 * BigInt's time depends on the numbers.  Here that is so of the secret, too, which serves for one record: good enough where nobody
 * measures this process.
 */
import { ethers } from 'ethers';
import { add, cipherKey, compress, decompress, G, hex, inverse, multiply, OAEP, ORDER, protect, unhex, word } from './delegate.mjs';
const { subtle } = globalThis.crypto;

const fields = text => text.split(',').map(f => f.trim().split(' ')).map(([type, name]) => ({ type, name }));
const DESCRIPTION = { KeyDescriptionV1: fields('bytes32 keyId, uint64 epoch, uint64 needed, bytes publicKey, bytes verificationShares') };
const AUTHORIZATION = { DelegateAuthorizationV1: fields(
	'bytes32 handle, bytes ephemeralPubKey, bytes32 targetKeyHash, bytes32 keyId, uint64 epoch, bytes32 nonce, uint64 notBefore, uint64 expiresAt') };
const RESPONSE = { DelegateResponseV1: fields('bytes32 requestHash, bytes32 ciphertextHash') };
const domain = chainId => ({ name: 'ArcaDelegate', version: '1', chainId });

/* A node that takes a question and never answers is one that is away. */
const PATIENCE_MS = 10000;

async function asked(node, path, options) {
	const answer = await fetch(node.http + path, { ...options, signal: AbortSignal.timeout(PATIENCE_MS) }), json = await answer.json();
	if (!answer.ok) throw new Error(json.error);
	return json;
}
const signedBy = (node, chainId, types, message, proof) => ethers.verifyTypedData(domain(chainId), types, message, proof) === node.signer;
const fulfilled = answers => answers.filter(a => a.status === 'fulfilled').map(a => a.value);

/* ---- the key --------------------------------------------------------------------------------------------------------- */

/* What more nodes than may lie say alike of their key. */
export async function describe({ parties, threshold, delegation: { chain_id } }) {
	const told = fulfilled(await Promise.allSettled(parties.map(async node => {
		const { proof, index, ...d } = await asked(node, `/v1/public-key?chain_id=${chain_id}`);
		if (!signedBy(node, chain_id, DESCRIPTION, { ...d, verificationShares: ethers.concat(d.verificationShares) }, proof))
			throw new Error(`${node.http} did not sign what it says`);
		return d;
	})));
	const alike = d => told.filter(e => JSON.stringify(e) === JSON.stringify(d)).length;
	const found = told.find(d => alike(d) > threshold && d.needed === threshold + 1);
	if (!found) throw new Error(`of ${parties.length} nodes ${threshold + 1} should say the same of their key; ask later`);
	return found;
}

/* ---- the gateway ----------------------------------------------------------------------------------------------------- */

/* A request that serves once at each node, for a minute, and the gateway's signature of it. */
export async function authorize(gateway, chainId, key, record, spki) {
	const now = Math.floor(Date.now() / 1000);
	const request = { handle: ethers.keccak256(record.ciphertext), ephemeralPubKey: record.public_key, targetPubKey: spki, keyId: key.keyId,
		epoch: key.epoch, nonce: hex(crypto.getRandomValues(new Uint8Array(32))), notBefore: now - 30, expiresAt: now + 30 };
	return { request, signature: await gateway.signTypedData(domain(chainId), AUTHORIZATION, signed(request)) };
}

const signed = ({ targetPubKey, ...rest }) => ({ ...rest, targetKeyHash: ethers.keccak256(targetPubKey) });

/* ---- parts ----------------------------------------------------------------------------------------------------------- */

/* What each node seals to the reader, as its wallet signed it. */
export async function ask({ parties, delegation: { chain_id } }, { request, signature }) {
	const requestHash = ethers.TypedDataEncoder.hash(domain(chain_id), AUTHORIZATION, signed(request));
	return fulfilled(await Promise.allSettled(parties.map(async node => {
		const { encryptedPartial, proof } = await asked(node, `/v1/delegate/partial?chain_id=${chain_id}`, { method: 'POST', body: JSON.stringify(request),
			headers: { 'Content-Type': 'application/json', Authorization: 'Bearer ' + signature } });
		if (!signedBy(node, chain_id, RESPONSE, { requestHash, ciphertextHash: ethers.keccak256(encryptedPartial) }, proof))
			throw new Error(`${node.http} did not sign its part`);
		return encryptedPartial;
	}))).map(sealed => ({ sealed, requestHash }));
}

const numbers = (...list) => ethers.concat(list.map(([n, size]) => ethers.toBeHex(n, size)));
function tagged(tag, ...parts) {
	const t = ethers.sha256(ethers.toUtf8Bytes(tag));
	return ethers.sha256(ethers.concat([t, t, ...parts]));
}

/* z B - c X, as 33 bytes; null: infinity. */
function back(z, c, B, X) {
	const sum = add(multiply(z, B), multiply(ORDER - c, X));
	return sum && compress(sum);
}

/* Is the D of this part the node's share of the key times K?  Its proof says so, for this request and epoch, or it is worth nothing. */
export function isRight({ index, epoch, D, c, z }, key, K, requestHash) {
	const Y = key.verificationShares[index - 1];
	if (!Y || /^0x0*$/.test(Y) || epoch !== key.epoch || c === 0n || c >= ORDER || z >= ORDER) return false;
	const context = tagged('arca/dleq/ctx/v1', key.keyId, numbers([epoch, 4], [index, 2]), requestHash);
	const first = back(z, c, G, decompress(unhex(Y))), second = back(z, c, decompress(unhex(K)), decompress(D));
	return !!first && !!second && BigInt(tagged('arca/dleq/v1', context, Y, K, D, first, second)) % ORDER === c;
}

/* 1, index u16, epoch u32, D (33), c (32), z (32) */
function part(bytes) {
	const number = (from, to) => BigInt(hex(bytes.slice(from, to)));
	if (bytes.length !== 104 || bytes[0] !== 1) throw new Error('this is no part of an answer');
	return { index: Number(number(1, 3)), epoch: Number(number(3, 7)), D: bytes.slice(7, 40), c: number(40, 72), z: number(72, 104) };
}

/* The right parts, of different nodes, of those that were sealed to the reader. */
export async function openParts(answers, key, record, jwk) {
	const secret = await subtle.importKey('jwk', jwk, OAEP, false, ['decrypt']), right = new Map();
	const opened = await Promise.allSettled(answers.map(async ({ sealed, requestHash }) => {
		const p = part(new Uint8Array(await subtle.decrypt(OAEP, secret, unhex(sealed))));
		if (isRight(p, key, record.public_key, requestHash)) right.set(p.index, p);
	}));
	return { parts: [...right.values()], useless: opened.length - right.size };
}

/* Lagrange: the sum of l_i D_i over any `needed` parts is the key times K. */
export async function combine(parts, key, record) {
	if (parts.length < key.needed) throw new Error(`${parts.length} parts are right, and ${key.needed} are needed`);
	const used = parts.slice(0, key.needed);
	const S = used.reduce((sum, i) => {
		let l = 1n;
		for (const j of used) if (j !== i) l = l * BigInt(j.index) * inverse(BigInt(j.index - i.index), ORDER) % ORDER;
		return add(sum, multiply(l, decompress(i.D)));
	}, null);
	return new Uint8Array(await subtle.decrypt({ name: 'AES-GCM', iv: unhex(record.nonce) }, await cipherKey(word(S[0]), 'decrypt'),
		unhex(record.ciphertext)));
}

/* All of it. */
export async function open(nodes, record, jwk, gateway) {
	const key = await describe(nodes);
	const publicKey = await subtle.importKey('jwk', { kty: jwk.kty, n: jwk.n, e: jwk.e }, OAEP, true, ['encrypt']);
	const allowed = await authorize(gateway, nodes.delegation.chain_id, key, record, hex(await subtle.exportKey('spki', publicKey)));
	const { parts } = await openParts(await ask(nodes, allowed), key, record, jwk);
	return combine(parts, key, record);
}

/* ---- on the command line ------------------------------------------------------------------------------------------ */

if (globalThis.process?.argv[1] && import.meta.url === new URL('file://' + process.argv[1]).href) {
	const { readFileSync, writeFileSync } = await import('node:fs');
	const json = file => JSON.parse(readFileSync(file, 'utf8'));
	const [verb, nodes, a, b, c, d] = process.argv.slice(2);

	if (verb === 'protect' && b) {
		const { publicKey } = await describe(json(nodes));
		writeFileSync(b, JSON.stringify(await protect(publicKey, readFileSync(a))) + '\n');
	} else if (verb === 'open' && d) {
		const gateway = new ethers.Wallet('0x' + readFileSync(c, 'utf8').trim().replace(/^0x/, ''));
		writeFileSync(d, await open(json(nodes), json(a), json(b), gateway), { mode: 0o600 });
	} else {
		console.error('usage: node delegate_parts.mjs protect NODES FILE RECORD | open NODES RECORD READER.json GATEWAY.key FILE');
		process.exit(64);
	}
}
