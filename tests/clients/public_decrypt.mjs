// SPDX-License-Identifier: MIT
/*
 * public_decrypt.mjs -- what real clients encrypt comes back as it was, signed so that unmodified verifiers accept it:
 * ethers for the signatures, the genuine KMSVerifier for the proof.
 */
import {
	FORMATS, STRUCTS, asRequested, assert, assertPublicAnswer, assertSignedBy, cat, coprocess, crypto, decryptedResult, domainForEthers,
	domainForRequest, encodePublicPayload, ethers, finish, hex, openDevnet, publicDecrypt, publicRequest, test, typed, unhex,
} from './lib.mjs';
import { largestValues, packed, proven, randomValues, tfhe14, tfhe17, unpacked, zeroValues } from './tfhe.mjs';
import { kmsVerifier } from './chain.mjs';
import { assertSignedUnder } from './schemes.mjs';

const net = await openDevnet(), keyset = await net.keyset(), publicKey = await net.file('PublicKey', net.keyId);
const plain = values => values.map(v => v.value);

const lists = [
	[tfhe17, 'packed', packed, randomValues()], [tfhe17, 'unpacked', unpacked, randomValues()],
	[tfhe17, 'proven', proven, randomValues()], [tfhe14, 'packed', packed, randomValues()],
	[tfhe14, 'unpacked', unpacked, randomValues()], [tfhe14, 'proven', proven, randomValues()],
	[tfhe17, 'packed list of the largest values, a', packed, largestValues()],
	[tfhe17, 'packed list of zeros, a', packed, zeroValues()],
];
const kept = [];
for (const [client, name, build, values] of lists) {
	const list = client.encrypt(publicKey, values, build);
	for (const format of Object.keys(FORMATS))
		await test(`${client.name}: a ${name} list of all types in ${format} is decrypted and signed`, async () => {
			const ciphertexts = coprocess(keyset, list, format);
			assert.equal(ciphertexts.length, values.length);
			ciphertexts.forEach((c, i) => assert.match(c.line, new RegExp(`^${i}\\s+${values[i].type.name}\\s.*${i}\\.bin`)));
			const request = publicRequest(net, asRequested(net, ciphertexts, values));
			const answer = await publicDecrypt(net, request);
			assertPublicAnswer(net, request, answer, plain(values));
			kept.push({ request, answer, values });
		});
}

await test('a list of one value is decrypted in each format', async () => {
	for (const value of randomValues()) for (const format of Object.keys(FORMATS)) {
		const [c] = coprocess(keyset, tfhe17.encrypt(publicKey, [value]), format);
		const request = publicRequest(net, [typed(net, c, value.type.code)]);
		assertPublicAnswer(net, request, await publicDecrypt(net, request), [value.value]);
	}
});
await test('one request may mix formats and types, repeat a ciphertext, and keeps the order', async () => {
	const values = randomValues(), list = tfhe17.encrypt(publicKey, values);
	const mixed = Object.keys(FORMATS).flatMap(f => asRequested(net, coprocess(keyset, list, f), values)
		.map((c, i) => ({ c, value: values[i].value })));
	mixed.push(mixed[3], mixed[3]);
	mixed.sort(() => crypto.randomInt(3) - 1);
	const request = publicRequest(net, mixed.map(m => m.c));
	assertPublicAnswer(net, request, await publicDecrypt(net, request), mixed.map(m => m.value));
});
await test('PublicDecryptSync gives the same kind of answer in one call', async () => {
	const { request, values } = kept[0], again = publicRequest(net, request.ciphertexts);
	assertPublicAnswer(net, again, await net.core.PublicDecryptSync(again), plain(values));
});
for (const extra of [Buffer.from([0]), cat([1], unhex(net.info.context_id)),
	cat([2], unhex(net.info.context_id), unhex(net.info.epoch_id)), crypto.randomBytes(100)])
	await test(`${extra.length} bytes of extra data are echoed and signed`, async () => {
		const { request, values } = kept[0], again = publicRequest(net, request.ciphertexts, { extra_data: extra });
		assertPublicAnswer(net, again, await publicDecrypt(net, again), plain(values));
	});
await test('short handles are signed padded on the left', async () => {
	const { request, values } = kept[0];
	const short = request.ciphertexts.map((c, i) => ({ ...c, external_handle: crypto.randomBytes(4 * i) }));
	const again = publicRequest(net, short);
	assertPublicAnswer(net, again, await publicDecrypt(net, again), plain(values));
});
await test('the domain of the request is the one that is signed, with its salt', async () => {
	const { request, values } = kept[0], salt = crypto.randomBytes(32);
	const other = { name: 'Another name', version: '2.1', chain_id: (1n << 200n) + 5n,
		verifying_contract: ethers.Wallet.createRandom().address };
	for (const [asked, signed] of [[domainForRequest(other), domainForEthers(other)],
		[{ ...domainForRequest(other), salt }, { ...domainForEthers(other), salt: hex(salt) }]]) {
		const again = publicRequest(net, request.ciphertexts, { domain: asked });
		const answer = await publicDecrypt(net, again);
		assertSignedBy(net.party.signer, answer.external_signature, signed, STRUCTS.publicDecryption, {
			ctHandles: request.ciphertexts.map(c => hex(c.external_handle)),
			decryptedResult: decryptedResult(plain(values)), extraData: '0x' });
	}
});
await test('the signatures asked for come in the order asked, once each, and are true', async () => {
	const again = publicRequest(net, kept[0].request.ciphertexts, { signing_schemes: [3, 0, 1, 0, 4, 2, 3] });
	const answer = await publicDecrypt(net, again);
	assertPublicAnswer(net, again, answer, plain(kept[0].values));
	await assertSignedUnder(net, [3, 0, 1, 4, 2], answer, 'PUBL_DEC', encodePublicPayload(answer.payload));
});

/* ---- the contract ------------------------------------------------------------------------------------------- */

const verifier = await kmsVerifier(net.info.parties.map(p => p.signer), 2 * net.info.threshold + 1, net.domain);
for (const { request, answer, values } of [kept[0], kept.at(-1)])
	await test(`KMSVerifier accepts the proof over ${values.length} values`, async () =>
		assert.equal(await verifier.verify(request.ciphertexts.map(c => hex(c.external_handle)),
			decryptedResult(plain(values)), [hex(answer.external_signature)]), true));

const { request, answer, values } = kept[0];
const handles = request.ciphertexts.map(c => hex(c.external_handle)), signature = hex(answer.external_signature);
const result = decryptedResult(plain(values));
for (let i = 0; i < values.length; i++)
	await test(`KMSVerifier refuses the proof when the ${values[i].type.name} is another`, async () => {
		const wrong = plain(values);
		wrong[i] ^= 1n;
		assert.equal(await verifier.verify(handles, decryptedResult(wrong), [signature]), 'KMSInvalidSigner');
	});
await test('KMSVerifier refuses the proof for another handle', async () =>
	assert.equal(await verifier.verify([hex(crypto.randomBytes(32)), ...handles.slice(1)], result, [signature]),
		'KMSInvalidSigner'));
await test('KMSVerifier refuses the proof for handles in another order', async () =>
	assert.equal(await verifier.verify([...handles].reverse(), result, [signature]), 'KMSInvalidSigner'));
await test('KMSVerifier refuses other extra data', async () =>
	assert.equal(await verifier.verify(handles, result, [signature], '0x00'), 'KMSInvalidSigner'));
await test('KMSVerifier refuses the same words signed by a foreign signer', async () => {
	const foreign = await ethers.Wallet.createRandom().signTypedData(domainForEthers(net.domain), STRUCTS.publicDecryption,
		{ ctHandles: handles, decryptedResult: result, extraData: '0x' });
	assert.equal(await verifier.verify(handles, result, [foreign]), 'KMSInvalidSigner');
});
await test('the node serves', () => net.serves());
finish();
