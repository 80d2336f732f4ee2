// SPDX-License-Identifier: MIT
/* decryption.mjs -- requests for decryption, and what their answers must be. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { be, cat, fromLe, handleOf, hex, newId } from './bytes.mjs';
import { arca, assertStatus, tempDir } from './devnet.mjs';
import {
	STRUCTS, assertInternallySigned, assertSignedBy, domainForEthers, domainForRequest, encodePublicPayload,
} from './signed.mjs';
import { test } from './tap.mjs';

export const FORMATS = { 'small-compressed': 0, 'small-expanded': 1, 'big-compressed': 2, 'big-expanded': 3 };

/* The coprocessor's part: one file a value of the list, as ciphertexts of a request. */
export function coprocess(keyset, list, format) {
	const dir = tempDir(), input = path.join(dir, 'list'), out = path.join(dir, 'out');
	fs.writeFileSync(input, list);
	const printed = arca('coprocess', '--keyset', keyset, '--in', input, '--format', format, '--out-dir', out);
	return printed.trim().split('\n').map((line, i) => {
		const ciphertext = fs.readFileSync(path.join(out, `${i}.bin`));
		return { line, ciphertext, ciphertext_format: FORMATS[format] };
	});
}

/* As members of a request; handle and type are the caller's word for what is inside. */
export const typed = (net, c, type) => ({ ciphertext: c.ciphertext, ciphertext_format: c.ciphertext_format,
	fhe_type: type, external_handle: handleOf(c.ciphertext, type, net.domain.chain_id) });

export const publicRequest = (net, ciphertexts, changes = {}) => ({
	request_id: { request_id: newId(1) }, ciphertexts, key_id: { request_id: net.keyId },
	domain: domainForRequest(net.domain), ...changes });

export async function publicDecrypt(net, request) {
	await net.core.PublicDecrypt(request);
	return net.core.GetPublicDecryptionResult(request.request_id);
}

/* What the contract hashes: a word of 32 bytes a value, in order. */
export const decryptedResult = values => hex(cat(...values.map(v => be(v, 32))));

export function assertPublicAnswer(net, request, answer, values) {
	const types = request.ciphertexts.map(c => c.fhe_type);
	assert.deepEqual(answer.payload.plaintexts.map(t => t.fhe_type), types);
	assert.deepEqual(answer.payload.plaintexts.map(t => fromLe(t.bytes)), values);
	assert.equal(answer.payload.request_id.request_id, request.request_id.request_id);
	assert.deepEqual(answer.extra_data, Buffer.from(request.extra_data ?? []));
	assertSignedBy(net.party.signer, answer.external_signature, domainForEthers(net.domain), STRUCTS.publicDecryption, {
		ctHandles: request.ciphertexts.map(c => hex(cat(Buffer.alloc(32 - c.external_handle.length), c.external_handle))),
		decryptedResult: decryptedResult(values), extraData: hex(answer.extra_data) });
	assertInternallySigned(net.party, answer.signature, 'PUBL_DEC', encodePublicPayload(answer.payload),
		answer.payload.verification_key);
}

/* Ciphertexts as members of a request, each of the type that the value in its place has. */
export const asRequested = (net, ciphertexts, values) => ciphertexts.map((c, i) => typed(net, c, values[i].type.code));

/* The values of a list in every format, as { format: members of a request }. */
export const inEveryFormat = (net, keyset, list, values) => Object.fromEntries(Object.keys(FORMATS).map(f =>
	[f, asRequested(net, coprocess(keyset, list, f), values)]));

/* A case in which the node must answer one of these status codes, and must still be serving afterwards. */
export const refused = (net, sentence, expected, send) =>
	test(`${sentence} answers ${[].concat(expected).join(' or ')}`, async () => {
		await assertStatus(expected, send());
		await net.serves();
	});

export const stillDecrypts = (net, after, ciphertexts, values) =>
	test(`after ${after}, the node still decrypts`, async () => {
		const request = publicRequest(net, ciphertexts);
		assertPublicAnswer(net, request, await publicDecrypt(net, request), values);
	});
