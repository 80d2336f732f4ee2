// SPDX-License-Identifier: MIT
/*
 * bad_input.mjs -- garbage, truncated, flipped and mistaken ciphertexts, and garbage on the wire: each is answered by
 * an error with a sentence, and the node lives on and still decrypts.
 */
import {
	CORE, FORMATS, assert, assertPublicAnswer, assertStatus, cat, codeName, coprocess, crypto, finish, flip, fromLe, grpc,
	inEveryFormat, newId, openDevnet, publicDecrypt, publicRequest, refused as refusedBy, skip, stillDecrypts, test, typed,
} from './lib.mjs';
import { TYPES, randomValues, tfhe17, typeNamed } from './tfhe.mjs';
import { User } from './tkms.mjs';

const net = await openDevnet(), { core } = net;
const values = randomValues(), plain = values.map(v => v.value), user = new User();
const publicKey = await net.file('PublicKey', net.keyId), list = tfhe17.encrypt(publicKey, values);
const byFormat = inEveryFormat(net, await net.keyset(), list, values);
const good = byFormat['big-expanded'], small = byFormat['big-compressed'][1], uint16 = 2;
const ask = changes => publicRequest(net, [small], changes);
const refused = (...rest) => refusedBy(net, ...rest);

/* ---- ciphertexts -------------------------------------------------------------------------------------------- */

/* A bad ciphertext may be found at the start or when it is worked on; it is never decrypted. */
const BAD = ['INVALID_ARGUMENT', 'INTERNAL'];
const decryptOne = c => publicDecrypt(net, ask({ ciphertexts: [c] }));
const userDecryptOne = async c => {
	const request = user.request(newId(2), net.keyId, [c], net.domain);
	await core.UserDecrypt(request);
	return core.GetUserDecryptionResult(request.request_id);
};
for (const type of [-1, 1, 9, 12, 20, 77, 2 ** 31 - 1])
	await refused(`decryption as type ${type}`, BAD, () => decryptOne({ ...small, fhe_type: type }));
await refused('decryption of a ciphertext in format 9', BAD, () => decryptOne({ ...small, ciphertext_format: 9 }));

for (const [format, ciphertexts] of Object.entries(byFormat)) {
	const c = ciphertexts[uint16], n = c.ciphertext.length;
	const changed = ciphertext => ({ ...c, ciphertext });
	for (const type of TYPES.filter(t => t.code !== c.fhe_type))
		await refused(`${format}: a uint16 declared as ${type.name}`, BAD, () => decryptOne({ ...c, fhe_type: type.code }));
	await refused(`${format}: a uint16 declared as bool, for a user,`, BAD, () => userDecryptOne({ ...c, fhe_type: 0 }));
	for (const other of Object.keys(FORMATS).filter(f => f !== format))
		await refused(`${format}: a ciphertext declared as ${other}`, BAD,
			() => decryptOne({ ...c, ciphertext_format: FORMATS[other] }));
	for (const [what, bytes] of [['nothing', Buffer.alloc(0)], ['a byte', Buffer.from([3])],
		['garbage', crypto.randomBytes(n)], ['zeros', Buffer.alloc(n)], ['a ciphertext with a byte more', cat(c.ciphertext, [0])],
		['a public key', publicKey], ['a compact list', list]])
		await refused(`${format}: ${what}`, BAD, () => decryptOne(changed(bytes)));
	await test(`${format}: a ciphertext cut anywhere is refused`, async () => {
		for (const at of [1, 10, 26, 60, 70, 100, n >> 1, n - 1])
			await assertStatus(BAD, decryptOne(changed(c.ciphertext.subarray(0, at))));
		await assertStatus(BAD, userDecryptOne(changed(c.ciphertext.subarray(0, n >> 1))));
		await net.serves();
	});
	await test(`${format}: a flipped bit in what describes a ciphertext is refused or harmless, never fatal`, async () => {
		const places = [...Array(90).keys()].concat(Array.from({ length: 60 }, () => n - 1 - crypto.randomInt(150)));
		const outcomes = await Promise.all(places.map(at =>
			assertStatus([...BAD, 'OK'], decryptOne(changed(flip(c.ciphertext, at))))));
		assert.ok(outcomes.slice(0, 60).every(o => o !== 'OK'), 'a changed envelope was accepted');
		await net.serves();
	});
	await test(`${format}: a length that claims more than there is is refused`, async () => {
		for (let at = 26; at + 8 < Math.min(n, 200); at++) {
			const bytes = Buffer.from(c.ciphertext);
			bytes.fill(0xff, at, at + 8);
			await assertStatus([...BAD, 'OK'], decryptOne(changed(bytes)));
		}
		await net.serves();
	});
}
await refused('one bad ciphertext among good ones', BAD, () =>
	publicDecrypt(net, publicRequest(net, [...good, { ...small, ciphertext: crypto.randomBytes(100) }])));
await test('a decryption that failed may be started again with the same body', async () => {
	const request = ask({ ciphertexts: [{ ...small, ciphertext: crypto.randomBytes(100) }] });
	const first = await assertStatus(BAD, publicDecrypt(net, request));
	assert.equal(await assertStatus(BAD, publicDecrypt(net, request)), first);
	if (first === 'INTERNAL')
		await assertStatus('ALREADY_EXISTS', core.PublicDecrypt(ask({ request_id: request.request_id })));
});
await test('a ciphertext made for another key set is never decrypted to its value by this one', async () => {
	const { keyId } = await net.generate(), value = { type: typeNamed('uint256'), value: (1n << 255n) + 12345n };
	const theirList = tfhe17.encrypt(await net.file('PublicKey', keyId), [value]);
	const theirs = coprocess(await net.keyset(keyId), theirList, 'big-expanded');
	try {
		const answer = await decryptOne(typed(net, theirs[0], 8));
		assert.notEqual(fromLe(answer.payload.plaintexts[0].bytes), value.value);
	} catch (e) {
		if (e.code === undefined) throw e;
		assert.ok(BAD.includes(codeName(e.code)), codeName(e.code));
	}
});
await stillDecrypts(net, 'bad ciphertexts', good, plain);

/* ---- protobuf and gRPC -------------------------------------------------------------------------------------- */

const whole = cat([0x0a, 66, 0x0a, 64], Buffer.from(newId(1)));
for (const method of ['PublicDecrypt', 'UserDecrypt', 'PublicDecryptSync', 'UserDecryptSync', 'KeyGen', 'KeyGenPreproc',
	'GetPublicDecryptionResult', 'GetUserDecryptionResult', 'GetKeyGenResult', 'GetKeyGenPreprocResult']) {
	const raw = bytes => core.raw(CORE + method, bytes, 20);
	await test(`${method}: garbage instead of protobuf is refused`, async () => {
		for (const bytes of [Buffer.alloc(0), Buffer.from([0x0a]), Buffer.from([0x0a, 0xff]), Buffer.alloc(5, 0xff),
			cat([0x0a], Buffer.alloc(9, 0xff), [1]), Buffer.from('0b0b0b0b', 'hex'), whole.subarray(0, 20), flip(whole, 1),
			...Array.from({ length: 20 }, () => crypto.randomBytes(1 + crypto.randomInt(300)))])
			await assertStatus(['INVALID_ARGUMENT', 'INTERNAL', 'NOT_FOUND'], raw(bytes));
		await net.serves();
	});
}
await test('two million empty ciphertexts are refused and not unpacked at any price', async () => {
	const request = cat([0x0a, 66, 0x0a, 64], Buffer.from(newId(1)), Buffer.alloc(4 << 20, Buffer.from([0x12, 0])));
	await assertStatus(['INVALID_ARGUMENT', 'RESOURCE_EXHAUSTED'], core.raw(CORE + 'PublicDecrypt', request));
	await net.serves();
});
await test('a message above the limit of 100 MiB is refused', async () => {
	const large = Buffer.alloc((100 << 20) + 1024);
	await assertStatus(['RESOURCE_EXHAUSTED', 'INVALID_ARGUMENT'], core.raw(CORE + 'PublicDecrypt', large));
	await net.serves();
});
await refused('an unknown method', 'UNIMPLEMENTED', () => core.raw(CORE + 'NoSuchMethod', Buffer.alloc(0)));
await refused('an unknown service', 'UNIMPLEMENTED', () => core.raw('/kms_service.v9.Other/PublicDecrypt', Buffer.alloc(0)));
await refused('a path without a method', 'UNIMPLEMENTED', () => core.raw('/x', Buffer.alloc(0)));
await refused('BandwidthBenchmark of one node alone', 'UNIMPLEMENTED', () => core.BandwidthBenchmark({}));
await test('the health of an unknown service is NOT_FOUND', () =>
	assertStatus('NOT_FOUND', net.health.Check({ service: 'no.such.Service' })));
await test('a client that gives up early does not disturb the others', async () => {
	const request = publicRequest(net, byFormat['small-expanded']);
	await core.PublicDecrypt(request);
	await assertStatus(['DEADLINE_EXCEEDED', 'OK'], core.GetPublicDecryptionResult(request.request_id, 0.002));
	assertPublicAnswer(net, request, await core.GetPublicDecryptionResult(request.request_id), plain);
});
for (const method of ['GetKeyMaterialAvailability', 'GetHealthStatus']) {
	let answer = null;
	try { answer = await core[method]({}); } catch (e) { if (e.code !== grpc.status.UNIMPLEMENTED) throw e; }
	if (!answer) skip(`${method} names the keys of this node`, 'this call is not built');
	else await test(`${method} names the keys of this node`, () =>
		assert.ok((answer.fhe_key_ids ?? answer.my_fhe_key_ids).includes(net.keyId)));
}
await stillDecrypts(net, 'garbage on the wire', good, plain);
finish();
