// SPDX-License-Identifier: MIT
/* bytes.mjs -- bytes, integers, hashes and ids, as the formats of a KMS write them. */
import crypto from 'node:crypto';
import { ethers } from 'ethers';

export const hex = b => '0x' + Buffer.from(b).toString('hex');
export const unhex = s => Buffer.from(s.replace(/^0x/, ''), 'hex');
export const cat = (...parts) => Buffer.concat(parts.map(p => Buffer.from(p)));
export const u32 = n => { const b = Buffer.alloc(4); b.writeUInt32LE(n >>> 0); return b; };
export const u64 = n => { const b = Buffer.alloc(8); b.writeBigUInt64LE(BigInt(n)); return b; };
export const vec = b => cat(u64(b.length), b);
export const be = (n, width) => unhex(BigInt(n).toString(16).padStart(2 * width, '0'));
export const fromLe = b => Buffer.from(b).reverse().reduce((v, x) => v << 8n | BigInt(x), 0n);
export const fromBe = b => Buffer.from(b).reduce((v, x) => v << 8n | BigInt(x), 0n);
export const sha256 = b => crypto.createHash('sha256').update(b).digest();
export const shake256 = (separator, b) =>
	crypto.createHash('shake256', { outputLength: 32 }).update(separator).update(b).digest();
export const flip = (bytes, at) => { const b = Buffer.from(bytes); b[at] ^= 1 << at % 8; return b; };

/* A fresh id whose first byte is its kind: 1 public decryption, 2 user decryption, 3 preprocessing, 4 key. */
export function newId(kind) {
	const b = crypto.randomBytes(32);
	b[0] = kind;
	return b.toString('hex');
}

/* handle = keccak256(file)[0..21) || 0xff || chain id || type || 0 */
export const handleOf = (file, type, chainId) =>
	cat(unhex(ethers.keccak256(file)).subarray(0, 21), [0xff], be(chainId, 8), [type, 0]);
