// SPDX-License-Identifier: MIT
/* restart.mjs -- a node that was killed keeps its keys and serves the answers that were done, byte for byte. */
import {
	CORE, asRequested, assert, assertPublicAnswer, assertStatus, arca, coprocess, domainForRequest, finish, newId, openDevnet,
	publicDecrypt, publicRequest, shake256, test, until,
} from './lib.mjs';
import { randomValues, tfhe17 } from './tfhe.mjs';
import { User, answerFor } from './tkms.mjs';

const net = await openDevnet(), keyset = await net.keyset(), publicKey = await net.file('PublicKey', net.keyId);
const values = randomValues(), user = new User();
const ciphertexts = asRequested(net, coprocess(keyset, tfhe17.encrypt(publicKey, values), 'small-compressed'), values);

/* A request and its answer as bytes; ids are texts of 64 digits in the only field of a message. */
const bytesOf = (method, id) => net.core.raw(CORE + method, Buffer.concat([Buffer.from([0x0a, 64]), Buffer.from(id)]));
const second = await net.generate();
const publicly = publicRequest(net, ciphertexts), forUser = user.request(newId(2), net.keyId, ciphertexts, net.domain);
await publicDecrypt(net, publicly);
await net.core.UserDecrypt(forUser);
const failing = publicRequest(net, [{ ...ciphertexts[0], ciphertext: Buffer.from('no ciphertext at all') }]);
const failed = await assertStatus(['INVALID_ARGUMENT', 'INTERNAL'], publicDecrypt(net, failing));

const results = [
	['a public decryption', 'GetPublicDecryptionResult', publicly.request_id.request_id],
	['a user decryption', 'GetUserDecryptionResult', forUser.request_id.request_id],
	["the devnet's key generation", 'GetKeyGenResult', net.keyId],
	['a later key generation', 'GetKeyGenResult', second.keyId],
];
const before = new Map();
for (const [what, method, id] of results) before.set(what, await bytesOf(method, id));
const files = new Map();
for (const id of [net.keyId, second.keyId]) for (const kind of ['PublicKey', 'CompressedXofKeySet'])
	files.set(`${kind}/${id}`, shake256('PDAT_KEY', await net.file(kind, id)));

await test('the node is killed and started again', async () => {
	net.core.close(), net.health.close();
	arca('devnet', 'kill', '--dir', net.dir, '--party', '1');
	net.connect();
	await assertStatus('UNAVAILABLE', net.health.Check({}, 5));
	net.health.close(), net.core.close();
	arca('devnet', 'start', '--dir', net.dir, '--party', '1');
	net.connect();
	await net.serves();
});
for (const [what, method, id] of results)
	await test(`the answer to ${what} is served as before`, async () =>
		assert.deepEqual(await bytesOf(method, id), before.get(what)));
await test('the public files are as before', async () => {
	for (const [name, digest] of files) assert.deepEqual(shake256('PDAT_KEY', await net.file(...name.split('/'))), digest);
});
await test('the answer served again opens for its user', async () => {
	const response = await net.core.GetUserDecryptionResult(forUser.request_id);
	const handles = ciphertexts.map(c => c.external_handle);
	assert.deepEqual(user.open([net.party.signer], handles, net.domain, [answerFor(response)]),
		values.map(v => ({ type: v.type.code, value: v.value })));
});
await test('the id of a public decryption that is done answers ALREADY_EXISTS', () =>
	assertStatus('ALREADY_EXISTS', net.core.PublicDecrypt(publicly)));
await test('the id of a user decryption that is done answers ALREADY_EXISTS', () =>
	assertStatus('ALREADY_EXISTS', net.core.UserDecrypt(forUser)));
await test('the id of a key that exists answers ALREADY_EXISTS', async () => {
	const { prepId } = await net.prepare();
	await assertStatus('ALREADY_EXISTS', net.core.KeyGen({ request_id: { request_id: second.keyId },
		preproc_id: { request_id: prepId }, domain: domainForRequest(net.generationDomain) }));
});
if (failed === 'INTERNAL')
	await test('a decryption that failed is still told as failed, and its id refuses another body', async () => {
		await assertStatus('INTERNAL', net.core.GetPublicDecryptionResult(failing.request_id));
		await assertStatus('ALREADY_EXISTS', net.core.PublicDecrypt({ ...publicly, request_id: failing.request_id }));
	});
await test('both keys decrypt after the restart', async () => {
	const again = publicRequest(net, ciphertexts);
	assertPublicAnswer(net, again, await publicDecrypt(net, again), values.map(v => v.value));
	const list = tfhe17.encrypt(await net.file('PublicKey', second.keyId), values);
	const theirs = asRequested(net, coprocess(await net.keyset(second.keyId), list, 'small-expanded'), values);
	const request = publicRequest(net, theirs, { key_id: { request_id: second.keyId } });
	assertPublicAnswer(net, request, await publicDecrypt(net, request), values.map(v => v.value));
});
await test('the node stops when asked, starts again and still knows', async () => {
	const state = () => {
		try { return JSON.parse(arca('devnet', 'status', '--dir', net.dir, '--json')).parties[0]; }
		catch (e) { return JSON.parse(e.stdout).parties[0]; }     /* it also says so by its exit code */
	};
	process.kill(state().pid, 'SIGTERM');
	await until('end of the node', () => !state().alive);
	net.health.close(), net.core.close();
	arca('devnet', 'start', '--dir', net.dir, '--party', '1');
	net.connect();
	await net.serves();
	assert.deepEqual(await bytesOf(results[0][1], results[0][2]), before.get(results[0][0]));
});
finish();
