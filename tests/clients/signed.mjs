// SPDX-License-Identifier: MIT
/*
 * signed.mjs -- what a KMS signs, encoded again from the specification and independently of the C programs; ethers
 * recovers the signers.
 */
import assert from 'node:assert/strict';
import { ethers } from 'ethers';
import { be, cat, fromBe, hex, sha256, u32, u64, unhex, vec } from './bytes.mjs';

const member = text => { const [type, name] = text.split(' '); return { type, name }; };
const struct = (name, members) => ({ [name]: members.split(',').map(member) });
export const STRUCTS = {
	publicDecryption: struct('PublicDecryptVerification', 'bytes32[] ctHandles,bytes decryptedResult,bytes extraData'),
	userDecryption: struct('UserDecryptResponseVerification',
		'bytes publicKey,bytes32[] ctHandles,bytes userDecryptedShare,bytes extraData'),
	link: struct('UserDecryptionLinker', 'bytes publicKey,bytes32[] handles,address userAddress'),
	preprocessing: struct('PrepKeygenVerification', 'uint256 prepKeygenId,bytes extraData'),
	keygen: {
		...struct('KeygenVerification', 'uint256 prepKeygenId,uint256 keyId,KeyDigest[] keyDigests,bytes extraData'),
		...struct('KeyDigest', 'uint8 keyType,bytes digest'),
	},
};
export const digestOf = (domain, types, value) => ethers.TypedDataEncoder.hash(domain, types, value);

/* The EIP-712 signature is 65 bytes with v 27 or 28, low s, and of this signer. */
export function assertSignedBy(signer, signature, domain, types, value) {
	assert.equal(signature.length, 65);
	assert.ok([27, 28].includes(signature[64]), 'v is 27 or 28');
	assert.ok(fromBe(signature.subarray(32, 64)) <= ethers.N / 2n, 's is low');
	assert.equal(ethers.verifyTypedData(domain, types, value, hex(signature)), signer);
}

/* The internal signature is r || s over SHA-256(separator || bytes), low s, by the key named beside it. */
export function assertInternallySigned(party, signature, separator, bytes, verificationKey) {
	assert.deepEqual(Buffer.from(verificationKey), vec(unhex(party.verification_key)));
	assert.equal(ethers.computeAddress(party.verification_key), party.signer);
	assert.equal(signature.length, 64);
	assert.ok(fromBe(signature.subarray(32)) <= ethers.N / 2n, 's is low');
	const digest = sha256(cat(separator, bytes)), [r, s] = [hex(signature.subarray(0, 32)), hex(signature.subarray(32))];
	const recovered = [27, 28].map(v => ethers.SigningKey.recoverPublicKey(digest, { r, s, v }));
	assert.ok(recovered.some(k => ethers.computeAddress(k) === party.signer), 'the internal signature is of another key');
}

/* The fixed-width encoding of the two payloads, in which they are signed. */
export const encodePublicPayload = p => cat(
	vec(p.verification_key),
	u64(p.plaintexts.length), ...p.plaintexts.map(t => cat(vec(t.bytes), u32(t.fhe_type))),
	p.request_id ? cat([1], vec(Buffer.from(p.request_id.request_id))) : [0]);
export const encodeUserPayload = p => cat(
	vec(p.verification_key), vec(p.digest), u64(p.signcrypted_ciphertexts.length),
	...p.signcrypted_ciphertexts.map(c =>
		cat(u32(c.fhe_type), vec(c.signcrypted_ciphertext), vec(c.external_handle), u32(c.packing_factor))),
	u32(p.party_id), u32(p.degree));

/* A domain as ethers, as a request and as node-tkms take it. */
export const domainForEthers = d => ({
	name: d.name, version: d.version, chainId: BigInt(d.chain_id), verifyingContract: d.verifying_contract });
export const domainForRequest = d => ({
	name: d.name, version: d.version, chain_id: be(d.chain_id, 32), verifying_contract: d.verifying_contract });
export const domainForTkms = d => ({ ...domainForRequest(d), chain_id: new Uint8Array(be(d.chain_id, 32)), salt: null });
