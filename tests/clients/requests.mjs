// SPDX-License-Identifier: MIT
/*
 * requests.mjs -- the asynchronous pattern and its status codes, and the fields that clients fill in wrongly: each is
 * answered by the right code with a sentence, changes nothing, and leaves the node serving.
 */
import {
	CORE, assert, assertPublicAnswer, assertStatus, cat, crypto, finish, flip, inEveryFormat, newId, openDevnet,
	publicDecrypt, publicRequest, refused as refusedBy, stillDecrypts, test, u32, vec,
} from './lib.mjs';
import { randomValues, tfhe17 } from './tfhe.mjs';
import { User } from './tkms.mjs';

const net = await openDevnet(), { core } = net, id = s => ({ request_id: s });
const values = randomValues(), plain = values.map(v => v.value), user = new User();
const list = tfhe17.encrypt(await net.file('PublicKey', net.keyId), values);
const byFormat = inEveryFormat(net, await net.keyset(), list, values);
const good = byFormat['big-expanded'], small = byFormat['big-compressed'][1];
const ask = changes => publicRequest(net, [small], changes);
const askUser = changes => ({ ...user.request(newId(2), net.keyId, [small], net.domain), ...changes });
const refused = (...rest) => refusedBy(net, ...rest);

/* ---- the pattern: start, poll, fetch ------------------------------------------------------------------------ */

await test('a start answers before the work is done and the fetch waits for it', async () => {
	const many = byFormat['small-expanded'], request = publicRequest(net, [...many, ...many, ...many]);
	await core.PublicDecrypt(request);
	assertPublicAnswer(net, request, await core.GetPublicDecryptionResult(request.request_id), [...plain, ...plain, ...plain]);
});
await test('many fetches of one answer wait and get the same bytes', async () => {
	const request = publicRequest(net, byFormat['small-compressed']);
	const bytes = cat([0x0a, 64], Buffer.from(request.request_id.request_id));
	await core.PublicDecrypt(request);
	const fetch = () => core.raw(CORE + 'GetPublicDecryptionResult', bytes);
	const [first, ...others] = await Promise.all(Array.from({ length: 20 }, fetch));
	for (const other of others) assert.deepEqual(other, first);
});
await test('Sync joins the work that runs under its id and gives the same answer', async () => {
	const request = publicRequest(net, byFormat['small-expanded']);
	await core.PublicDecrypt(request);
	const [joined, fetched] =
		await Promise.all([core.PublicDecryptSync(request), core.GetPublicDecryptionResult(request.request_id)]);
	assert.deepEqual(joined, fetched);
	assert.deepEqual(await core.PublicDecryptSync(request), fetched);
	const mine = askUser();
	await core.UserDecrypt(mine);
	assert.deepEqual(await core.UserDecryptSync(mine), await core.GetUserDecryptionResult(mine.request_id));
});
await test('fifty requests at once are all answered', async () => {
	const requests = Array.from({ length: 50 }, () => publicRequest(net, good));
	const answers = await Promise.all(requests.map(r => publicDecrypt(net, r)));
	answers.forEach((a, i) => assertPublicAnswer(net, requests[i], a, plain));
});
await test('ids are read with white space, capital letters and 0x, and answered lower-case', async () => {
	const request = ask(), written = request.request_id.request_id;
	await core.PublicDecrypt({ ...request, request_id: id(` 0x${written.toUpperCase()}\n`) });
	const answer = await core.GetPublicDecryptionResult(id(written));
	assert.equal(answer.payload.request_id.request_id, written);
});

await test('the journal tells what became of a request', async () => {
	const request = ask(), failing = ask({ ciphertexts: [{ ...small, ciphertext: crypto.randomBytes(100) }] });
	await core.PublicDecryptSync(request);
	const outcome = await assertStatus(['INVALID_ARGUMENT', 'INTERNAL'], core.PublicDecryptSync(failing));
	const ids = [request, failing].map(r => r.request_id.request_id), COMPLETED = 1, FAILED = 2;
	const { statuses } = await net.store.GetRequestStatuses({ request_ids: [...ids, newId(1)] });
	const found = Object.fromEntries(statuses.map(s => [s.request_id, s.status]));
	assert.deepEqual(found, { [ids[0]]: COMPLETED, ...(outcome === 'INTERNAL' && { [ids[1]]: FAILED }) });
	await assertStatus('NOT_FOUND', net.store.GetRequestStatuses({ request_ids: [newId(1)] }));
});

/* ---- ids ---------------------------------------------------------------------------------------------------- */

const badIds = [['an absent', null], ['an empty', id('')], ['a short', id('01ab')], ['a long', id('01'.repeat(33))],
	['an all-zero', id('00'.repeat(32))], ['a non-hexadecimal', id('zz'.repeat(32))], ['a huge', id('01'.repeat(50000))]];
for (const [what, bad] of badIds) {
	await refused(`PublicDecrypt with ${what} request id`, 'INVALID_ARGUMENT', () => core.PublicDecrypt(ask({ request_id: bad })));
	await refused(`UserDecrypt with ${what} request id`, 'INVALID_ARGUMENT', () => core.UserDecrypt(askUser({ request_id: bad })));
	await refused(`PublicDecrypt with ${what} key id`, 'INVALID_ARGUMENT', () => core.PublicDecrypt(ask({ key_id: bad })));
	if (bad) await refused(`a fetch with ${what} id`, 'INVALID_ARGUMENT', () => core.GetPublicDecryptionResult(bad));
}
await refused('PublicDecrypt with an unknown key id', 'NOT_FOUND', () => core.PublicDecrypt(ask({ key_id: id(newId(4)) })));
await refused('UserDecrypt with an unknown key id', 'NOT_FOUND', () => core.UserDecrypt(askUser({ key_id: id(newId(4)) })));
await refused('PublicDecrypt in an unknown context', 'NOT_FOUND', () => core.PublicDecrypt(ask({ context_id: id(newId(7)) })));
await refused('a fetch of an unknown public decryption', 'NOT_FOUND', () => core.GetPublicDecryptionResult(id(newId(1))));
await refused('a fetch of an unknown user decryption', 'NOT_FOUND', () => core.GetUserDecryptionResult(id(newId(2))));
await refused('the second start under one id', 'ALREADY_EXISTS', async () => {
	const request = ask();
	await core.PublicDecrypt(request);
	await core.PublicDecrypt(request);
});
await refused('a start under an id that is done', 'ALREADY_EXISTS', async () => {
	const request = askUser();
	await core.UserDecryptSync(request);
	await core.UserDecrypt(request);
});
await refused('a start with another body under an id that is done', 'ALREADY_EXISTS', async () => {
	const request = ask();
	await core.PublicDecryptSync(request);
	await core.PublicDecrypt({ ...request, ciphertexts: [good[0]] });
});
await test('public and user decryptions do not share ids', async () => {
	const request = ask();
	await core.PublicDecryptSync(request);
	await core.UserDecryptSync(askUser({ request_id: request.request_id }));
});
await test('a refused request does not use up its id', async () => {
	const request = ask();
	await assertStatus('INVALID_ARGUMENT', core.PublicDecrypt({ ...request, ciphertexts: [] }));
	await core.PublicDecryptSync(request);
});

/* ---- fields ------------------------------------------------------------------------------------------------- */

const { verifying_contract } = ask().domain;
const badChecksum = s => s.replace(/[a-f]/, c => c.toUpperCase()).replace(/[A-F](?=[^A-F]*$)/, c => c.toLowerCase());
const domains = [['no domain', null], ['a domain without contract', { ...ask().domain, verifying_contract: '' }],
	['a contract with a wrong checksum', { ...ask().domain, verifying_contract: badChecksum(verifying_contract) }],
	['a contract in lower case', { ...ask().domain, verifying_contract: verifying_contract.toLowerCase() }],
	['a short contract', { ...ask().domain, verifying_contract: verifying_contract.slice(0, 40) }],
	['a chain id of 33 bytes', { ...ask().domain, chain_id: crypto.randomBytes(33) }],
	['a salt of 31 bytes', { ...ask().domain, salt: Buffer.alloc(31, 1) }]];
for (const [what, domain] of domains) {
	await refused(`PublicDecrypt with ${what}`, 'INVALID_ARGUMENT', () => core.PublicDecrypt(ask({ domain })));
	await refused(`UserDecrypt with ${what}`, 'INVALID_ARGUMENT', () => core.UserDecrypt(askUser({ domain })));
}
await refused('PublicDecrypt of nothing', 'INVALID_ARGUMENT', () => core.PublicDecrypt(ask({ ciphertexts: [] })));
await refused('UserDecrypt of nothing', 'INVALID_ARGUMENT', () => core.UserDecrypt(askUser({ typed_ciphertexts: [] })));
await refused('PublicDecrypt with a handle of 33 bytes', 'INVALID_ARGUMENT',
	() => core.PublicDecrypt(ask({ ciphertexts: [{ ...small, external_handle: crypto.randomBytes(33) }] })));
await refused('UserDecrypt with a handle of 33 bytes', 'INVALID_ARGUMENT',
	() => core.UserDecrypt(askUser({ typed_ciphertexts: [{ ...small, external_handle: crypto.randomBytes(33) }] })));
for (const [what, scheme] of [['an unknown signing scheme', 99], ['the first number behind the schemes', 5], ['a negative signing scheme', -1]]) {
	await refused(`PublicDecrypt with ${what}`, 'INVALID_ARGUMENT', () => core.PublicDecrypt(ask({ signing_schemes: [0, scheme] })));
	await refused(`UserDecrypt with ${what}`, 'INVALID_ARGUMENT', () => core.UserDecrypt(askUser({ signing_schemes: [scheme] })));
}
const address = user.address;
for (const [what, client_address] of [['no address', ''], ['an address in lower case', address.toLowerCase()],
	['an address with a wrong checksum', badChecksum(address)], ['an address without 0x', address.slice(2)],
	['a long address', address + '00'], ["the contract's address", verifying_contract]])
	await refused(`UserDecrypt for ${what}`, 'INVALID_ARGUMENT', () => core.UserDecrypt(askUser({ client_address })));

const encKey = user.encKey, ek = 69;                      /* the ML-KEM key starts at byte 69 */
const mlkem1024 = cat(encKey.subarray(0, 57), u32(1), vec(crypto.randomBytes(1568).map(b => b & 0x0f)));
const largeCoefficient = Buffer.from(encKey);
largeCoefficient.fill(0xff, ek, ek + 3);                  /* two coefficients of 4095, above q = 3329 */
const endless = cat(encKey.subarray(0, 61), Buffer.alloc(8, 0xff), encKey.subarray(ek));
for (const [what, enc_key] of [['no key', Buffer.alloc(0)], ['garbage', crypto.randomBytes(869)],
	['a key cut short', encKey.subarray(0, 868)], ['a key with a byte more', cat(encKey, [0])], ['an ML-KEM-1024 key', mlkem1024], ['the bare 800 bytes', encKey.subarray(ek)],
	['a key of another type name', flip(encKey, 40)], ['a key of another version', flip(encKey, 53)],
	['a key with a coefficient above q', largeCoefficient], ['a key that claims 2^64 - 1 bytes', endless]])
	await refused(`UserDecrypt with ${what}`, 'INVALID_ARGUMENT', () => core.UserDecrypt(askUser({ enc_key })));
await stillDecrypts(net, 'bad ids and fields', good, plain);
finish();
