// SPDX-License-Identifier: MIT
/*
 * schemes.mjs -- signatures under schemes other than ECDSA, checked by OpenSSL's Ed25519 and noble's ML-DSA against the keys that
 * the node publishes.
 */
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { ml_dsa44, ml_dsa65, ml_dsa87 } from '@noble/post-quantum/ml-dsa.js';
import { cat, hex } from './bytes.mjs';

/* By number: where the key is published, how long it is, and who checks. */
const ed25519 = (signature, message, key) => crypto.verify(null, message,
	crypto.createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(key).toString('base64url') }, format: 'jwk' }), signature);
const SCHEMES = {
	1: { at: 'ab71324874cb68940288a7262f9af0f984a2a55c529d9728d03310dfc91a2b41', key: 32, check: ed25519 },
	2: { at: 'd424162ac21b8e361ce5531b94d450816d837db859e263534a201354c76f21cc', key: 1312, check: ml_dsa44.verify },
	3: { at: '5d9a570b2fb0befb80010da93e1c5109ae6d0eac45a20dc313fda76f2220c42a', key: 1952, check: ml_dsa65.verify },
	4: { at: '49cb8dfab84a16bbeca9938a3b5fc365a4067e9cfe1ea2abfba2d5b9de6356ab', key: 2592, check: ml_dsa87.verify },
};

/* The entries of ECDSA are the external signature; the others are over separator || bytes. */
export async function assertSignedUnder(net, schemes, answer, separator, bytes) {
	assert.deepEqual(answer.signatures.map(s => s.scheme), schemes);
	for (const { scheme, signature } of answer.signatures) {
		if (scheme === 0) {
			assert.deepEqual(signature, answer.external_signature);
			continue;
		}
		const { at, key, check } = SCHEMES[scheme], file = await net.file('TypedVerfKey', at);
		const pk = file.subarray(-key), message = cat(separator, bytes);
		assert.equal(check(signature, message, pk), true, `scheme ${scheme}`);
		message[0] ^= 1;
		assert.equal(check(signature, message, pk), false, `scheme ${scheme}, another message`);
		if (scheme === 1) assert.equal((await net.file('TypedVerfAddress', at)).toString(), hex(pk));
	}
}
