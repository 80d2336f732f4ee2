// SPDX-License-Identifier: MIT
/* key_material.mjs -- what key generation publishes is what it signed, and both generations of clients read it. */
import http from 'node:http';
import {
	STRUCTS, asRequested, assert, assertPublicAnswer, assertSignedBy, assertStatus, cat, coprocess, domainForEthers,
	domainForRequest, finish, hex, newId, openDevnet, publicDecrypt, publicRequest, shake256, test, unhex,
} from './lib.mjs';
import { asWrittenBy17, halves, randomValues, tfhe14, tfhe17 } from './tfhe.mjs';

const net = await openDevnet(), domain = domainForEthers(net.generationDomain);
const KEY_TYPE = { ServerKey: 0, PublicKey: 1, CompressedXofKeySet: 3 };
const uint = id => BigInt('0x' + id);
const id = s => ({ request_id: s });

const none = Buffer.alloc(0), extra = cat([2], unhex(net.info.context_id), unhex(net.info.epoch_id));
const sets = [
	{ name: "the devnet's key set", keyId: net.keyId, generated: await net.keygenResult(net.keyId), extra: none },
	{ name: 'a key set generated through gRPC', ...await net.generate(), extra: none },
	{ name: 'a key set generated with extra data', ...await net.generate({ extra_data: extra }), extra },
];

for (const set of sets) {
	const { generated } = set;
	await test(`${set.name}: the digests of the answer are those of the published files`, async () => {
		assert.equal(generated.request_id.request_id, set.keyId);
		assert.deepEqual(generated.key_digests.map(d => d.key_type), ['PublicKey', 'CompressedXofKeySet']);
		for (const d of generated.key_digests)
			assert.deepEqual(d.digest, shake256('PDAT_KEY', await net.file(d.key_type, set.keyId)));
	});
	if (set.prepared) await test(`${set.name}: the signature of the preprocessing recovers to the signer`, () => {
		assert.equal(set.prepared.preprocessing_id.request_id, set.prepId);
		assertSignedBy(net.party.signer, set.prepared.external_signature, domain, STRUCTS.preprocessing,
			{ prepKeygenId: uint(set.prepId), extraData: hex(set.extra) });
	});
	await test(`${set.name}: the signature of the key generation recovers to the signer`, () =>
		assertSignedBy(net.party.signer, generated.external_signature, domain, STRUCTS.keygen, {
			prepKeygenId: uint(generated.preprocessing_id.request_id), keyId: uint(set.keyId),
			keyDigests: generated.key_digests.map(d => ({ keyType: KEY_TYPE[d.key_type], digest: hex(d.digest) })),
			extraData: hex(set.extra) }));
	for (const client of [tfhe17, tfhe14])
		await test(`${set.name}: ${client.name} reads the public key and writes it back`, async () => {
			const bytes = await net.file('PublicKey', set.keyId);
			assert.equal(bytes.subarray(-32).toString('hex'), set.keyId, 'the tag is the key id');
			const again = client.write(client.read('TfheCompactPublicKey', bytes));
			assert.deepEqual(again, client === tfhe17 ? asWrittenBy17(bytes) : bytes);
		});
	await test(`${set.name}: node-tfhe expands the compressed public key to the public key`, async () => {
		const { compressedPublicKey } = halves(await net.file('CompressedXofKeySet', set.keyId));
		const expanded = tfhe17.write(tfhe17.read('TfheCompressedCompactPublicKey', compressedPublicKey).decompress());
		assert.deepEqual(expanded, asWrittenBy17(await net.file('PublicKey', set.keyId)));
	});
	await test(`${set.name}: node-tfhe reads the server key and writes the same bytes`, async () => {
		const { compressedServerKey } = halves(await net.file('CompressedXofKeySet', set.keyId));
		assert.deepEqual(tfhe17.write(tfhe17.read('TfheCompressedServerKey', compressedServerKey)), compressedServerKey);
	});
}

await test('a second key set decrypts what was encrypted for it', async () => {
	const { keyId } = sets[1], values = randomValues();
	const list = tfhe17.encrypt(await net.file('PublicKey', keyId), values);
	const ciphertexts = coprocess(await net.keyset(keyId), list, 'big-compressed');
	const request = publicRequest(net, asRequested(net, ciphertexts, values), { key_id: id(keyId) });
	assertPublicAnswer(net, request, await publicDecrypt(net, request), values.map(v => v.value));
});
await test('a key that is a ServerKey gets a compressed set too, with which clients use its id and its public key', async () => {
	const compressed = { standard_keyset_config: { secret_key_config: 'UseExisting' } };
	const original = await net.generate({ keyset_config: { standard_keyset_config: { compressed_key_config: 'CompressedNone' } } });
	const copied = await net.generate({ keyset_config: compressed, keyset_added_info: { existing_keyset_id: id(original.keyId),
		copy_compressed_key_to_original: true } });
	assert.deepEqual(await net.file('PublicKey', copied.keyId), await net.file('PublicKey', original.keyId));
	assert.deepEqual(await net.file('CompressedXofKeySet', copied.keyId), await net.file('CompressedXofKeySet', original.keyId));
	const now = await net.keygenResult(original.keyId);
	assert.deepEqual(now.key_digests, copied.generated.key_digests);
	assertSignedBy(net.party.signer, now.external_signature, domain, STRUCTS.keygen, {
		prepKeygenId: uint(original.prepId), keyId: uint(original.keyId), extraData: '0x',
		keyDigests: now.key_digests.map(d => ({ keyType: KEY_TYPE[d.key_type], digest: hex(d.digest) })) });
	const values = randomValues(), list = tfhe17.encrypt(await net.file('PublicKey', original.keyId), values);
	for (const keyId of [original.keyId, copied.keyId]) {
		const ciphertexts = coprocess(await net.keyset(original.keyId), list, 'big-compressed');
		const request = publicRequest(net, asRequested(net, ciphertexts, values), { key_id: id(keyId) });
		assertPublicAnswer(net, request, await publicDecrypt(net, request), values.map(v => v.value));
	}
});
await test('two key sets have nothing in common', async () => {
	const [a, b] = await Promise.all(sets.slice(0, 2).map(s => net.file('PublicKey', s.keyId)));
	assert.notDeepEqual(a.subarray(100, 4100), b.subarray(100, 4100));
});

const SIGNING_KEY_ID = '60b7070add74be3827160aa635fb255eeeeb88586c4debf7ab1134ddceb4beee';
for (const kind of ['VerfAddress', 'TypedVerfAddress'])
	await test(`${kind} is the signer's address as text`, async () =>
		assert.equal((await net.file(kind, SIGNING_KEY_ID)).toString(), net.party.signer));
for (const [kind, name] of [['VerfKey', 'PublicSigKey'], ['TypedVerfKey', 'UnifiedPublicSigKey']])
	await test(`${kind} is an object ${name} that holds the verification key`, async () => {
		const bytes = await net.file(kind, SIGNING_KEY_ID);
		assert.equal(bytes.subarray(34, 34 + name.length).toString(), name);
		assert.equal(hex(bytes.subarray(-33)), net.party.verification_key);
	});

/* ---- requests that are refused ------------------------------------------------------------------------------ */

const generation = domainForRequest(net.generationDomain);
const prep = changes => net.core.KeyGenPreproc({ request_id: id(newId(3)), params: 1, domain: generation, ...changes });
const keygen = changes =>
	net.core.KeyGen({ request_id: id(newId(4)), preproc_id: id(newId(3)), domain: generation, ...changes });

await test('preprocessing under a used id answers ALREADY_EXISTS', () =>
	assertStatus('ALREADY_EXISTS', (async () => {
		const again = { request_id: id(newId(3)) };
		await prep(again);
		await prep(again);
	})()));
await test('preprocessing with unknown parameters answers INVALID_ARGUMENT', () =>
	assertStatus('INVALID_ARGUMENT', prep({ params: 77 })));
await test('preprocessing without a domain answers INVALID_ARGUMENT', () =>
	assertStatus('INVALID_ARGUMENT', prep({ domain: null })));
await test('preprocessing with an unknown signing scheme answers INVALID_ARGUMENT', () =>
	assertStatus('INVALID_ARGUMENT', prep({ signing_schemes: [99] })));
await test('generation over an unknown preprocessing answers NOT_FOUND', () => assertStatus('NOT_FOUND', keygen({})));
await test('generation of an existing key id answers ALREADY_EXISTS', () =>
	assertStatus('ALREADY_EXISTS', (async () =>
		keygen({ request_id: id(net.keyId), preproc_id: id((await net.prepare()).prepId) }))()));
await test('a second generation over one preprocessing answers ALREADY_EXISTS', () =>
	assertStatus('ALREADY_EXISTS', keygen({ preproc_id: id(sets[1].prepId) })));
await test('the result of an unknown key id is NOT_FOUND', () =>
	assertStatus('NOT_FOUND', net.core.GetKeyGenResult(id(newId(4)))));
await test('the result of an unknown preprocessing is NOT_FOUND', () =>
	assertStatus('NOT_FOUND', net.core.GetKeyGenPreprocResult(id(newId(3)))));
await test('the result of a malformed key id is INVALID_ARGUMENT', () =>
	assertStatus('INVALID_ARGUMENT', net.core.GetKeyGenResult(id('04xyz'))));

/* ---- public files over HTTP --------------------------------------------------------------------------------- */

/* fetch() would tidy the path. */
const get = target => new Promise((yes, no) => {
	const { hostname, port } = new URL(net.party.http);
	http.get({ hostname, port, path: target, agent: false }, r => {
		const parts = [];
		r.on('data', d => parts.push(d));
		r.on('end', () => yes({ status: r.statusCode, headers: r.headers, body: cat(...parts) }));
	}).on('error', no);
});

await test('public files may be read from any web page and have their length', async () => {
	const r = await get(`/PUB/PublicKey/${net.keyId}`);
	assert.equal(r.headers['access-control-allow-origin'], '*');
	assert.equal(Number(r.headers['content-length']), r.body.length);
});
for (const [what, target] of [
	['an unknown id', `/PUB/PublicKey/${newId(4)}`], ['an unknown kind', `/PUB/NoSuchKind/${net.keyId}`],
	['a directory', '/PUB/PublicKey/'], ['the private vault', `/PRIV/SigningKey/${SIGNING_KEY_ID}`],
	['a path that climbs', `/PUB/PublicKey/../../PRIV/SigningKey/${SIGNING_KEY_ID}`],
	['an encoded path that climbs', '/PUB/PublicKey/%2e%2e/%2e%2e/devnet.json'],
	['a very long path', '/PUB/' + 'a'.repeat(5000)],
]) await test(`${what} is not served`, async () => assert.ok((await get(target)).status >= 400));
for (const target of ['/health', '/live', '/ready', '/metrics'])
	await test(`${target} answers 200`, async () => assert.equal((await get(target)).status, 200));
await test('the node serves', () => net.serves());
finish();
