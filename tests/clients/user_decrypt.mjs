// SPDX-License-Identifier: MIT
/*
 * user_decrypt.mjs -- node-tkms 0.12.8, verification on, reconstructs what the node answers to one user, and refuses
 * an answer that was made for another user, encryption key, handle or domain.
 */
import {
	FORMATS, STRUCTS, asRequested, assert, assertInternallySigned, assertSignedBy, cat, coprocess, crypto, digestOf, domainForEthers,
	encodeUserPayload, ethers, finish, flip, hex, newId, openDevnet, refuses, test, unhex,
} from './lib.mjs';
import { largestValues, packed, proven, randomValues, tfhe14, tfhe17, unpacked, zeroValues } from './tfhe.mjs';
import { User, answerFor } from './tkms.mjs';

const net = await openDevnet(), keyset = await net.keyset(), publicKey = await net.file('PublicKey', net.keyId);
const signers = net.info.parties.map(p => p.signer);
const expected = values => values.map(v => ({ type: v.type.code, value: v.value }));

async function userDecrypt(user, ciphertexts, domain = net.domain, changes = {}) {
	const request = { ...user.request(newId(2), net.keyId, ciphertexts, domain), ...changes };
	await net.core.UserDecrypt(request);
	return { request, response: await net.core.GetUserDecryptionResult(request.request_id) };
}

/* All that the answer says beside the sealed values. */
function assertAnswer(user, request, response, domain = net.domain) {
	const { payload } = response, handles = request.typed_ciphertexts.map(c => hex(c.external_handle));
	assert.deepEqual(payload.signcrypted_ciphertexts.map(c => c.fhe_type), request.typed_ciphertexts.map(c => c.fhe_type));
	assert.deepEqual(payload.signcrypted_ciphertexts.map(c => hex(c.external_handle)), handles);
	assert.deepEqual(payload.signcrypted_ciphertexts.map(c => c.packing_factor), handles.map(() => 1));
	assert.equal(payload.party_id, 1);
	assert.equal(payload.degree, 0);
	assert.equal(hex(payload.digest), digestOf(domainForEthers(domain), STRUCTS.link,
		{ publicKey: hex(user.encKey), handles, userAddress: user.address }));
	assert.deepEqual(response.extra_data, Buffer.from(request.extra_data ?? []));
	const share = encodeUserPayload(payload);
	assertSignedBy(net.party.signer, response.external_signature, domainForEthers(domain), STRUCTS.userDecryption, {
		publicKey: hex(user.encKey), ctHandles: handles, userDecryptedShare: hex(share), extraData: hex(response.extra_data) });
	assertInternallySigned(net.party, response.signature, 'USER_DEC', share, payload.verification_key);
}

const lists = [[tfhe17, 'packed', packed, randomValues()], [tfhe17, 'unpacked', unpacked, randomValues()],
	[tfhe17, 'proven', proven, randomValues()], [tfhe14, 'packed', packed, randomValues()],
	[tfhe17, 'packed list of the largest values, a', packed, largestValues()],
	[tfhe17, 'packed list of zeros, a', packed, zeroValues()]];
for (const [client, name, build, values] of lists) {
	const list = client.encrypt(publicKey, values, build);
	for (const format of Object.keys(FORMATS))
		await test(`${client.name}: a ${name} list of all types in ${format} is opened by its user`, async () => {
			const user = new User(), ciphertexts = asRequested(net, coprocess(keyset, list, format), values);
			const { request, response } = await userDecrypt(user, ciphertexts);
			assertAnswer(user, request, response);
			const handles = ciphertexts.map(c => c.external_handle);
			assert.deepEqual(user.open(signers, handles, net.domain, [answerFor(response)]), expected(values));
		});
}

/* ---- one answer, and all that must not pass for it ----------------------------------------------------------- */

const alice = new User(), bob = new User(), values = randomValues();
const ciphertexts = asRequested(net, coprocess(keyset, tfhe17.encrypt(publicKey, values), 'big-expanded'), values);
const handles = ciphertexts.map(c => c.external_handle);
const { response } = await userDecrypt(alice, ciphertexts), answer = answerFor(response);
const open = (user, { h = handles, domain = net.domain, by = signers, answers = [answer] } = {}) =>
	user.open(by, h, domain, answers);

await test('each type alone is opened by its user', async () => {
	for (let i = 0; i < values.length; i++) {
		const { response } = await userDecrypt(alice, [ciphertexts[i]]);
		assert.deepEqual(open(alice, { h: [handles[i]], answers: [answerFor(response)] }), expected([values[i]]));
	}
});
await test('UserDecryptSync gives the same kind of answer in one call', async () => {
	const request = alice.request(newId(2), net.keyId, ciphertexts, net.domain);
	const response = await net.core.UserDecryptSync(request);
	assertAnswer(alice, request, response);
	assert.deepEqual(open(alice, { answers: [answerFor(response)] }), expected(values));
});
await test('two answers to one question are sealed differently', async () => {
	const again = (await userDecrypt(alice, ciphertexts)).response.payload.signcrypted_ciphertexts;
	response.payload.signcrypted_ciphertexts.forEach((c, i) =>
		assert.notDeepEqual(c.signcrypted_ciphertext, again[i].signcrypted_ciphertext));
});
await test('extra data is echoed and signed', async () => {
	const extra_data = cat([1], unhex(net.info.context_id));
	const { request, response } = await userDecrypt(alice, ciphertexts, net.domain, { extra_data });
	assertAnswer(alice, request, response);
	assert.deepEqual(response.extra_data, extra_data);
});
await test('the answer opens for its user', () => assert.deepEqual(open(alice), expected(values)));
await test('node-tkms refuses an answer made for another user', () =>
	refuses(() => open(new User(bob.address, alice.sk, alice.pk))));
await test('node-tkms refuses an answer made for another encryption key', () =>
	refuses(() => open(new User(alice.address))));
await test('node-tkms refuses an answer made for another handle', () =>
	refuses(() => open(alice, { h: [crypto.randomBytes(32), ...handles.slice(1)] })));
await test('node-tkms refuses an answer made for the same handles in another order', () =>
	refuses(() => open(alice, { h: [...handles].reverse() })));
for (const [what, changed] of [['chain', { chain_id: Number(net.domain.chain_id) + 1 }], ['name', { name: 'Decrypted' }],
	['version', { version: '2' }], ['contract', { verifying_contract: ethers.Wallet.createRandom().address }]])
	await test(`node-tkms refuses an answer made for a domain of another ${what}`, () =>
		refuses(() => open(alice, { domain: { ...net.domain, ...changed } })));
await test('node-tkms refuses an answer signed by a node it does not know', () =>
	refuses(() => open(alice, { by: [ethers.Wallet.createRandom().address] })));
await test('node-tkms refuses a changed payload', () =>
	refuses(() => open(alice, { answers: [{ ...answer, payload: flip(answer.payload, answer.payload.length - 600) }] })));
await test('node-tkms refuses a changed signature', () =>
	refuses(() => open(alice, { answers: [{ ...answer, signature: flip(answer.signature, 10) }] })));
await test('an answer that the node made for another user does not open for this one', async () => {
	const { response } = await userDecrypt(bob, ciphertexts);
	await refuses(() => open(alice, { answers: [answerFor(response)] }));
});
await test('an answer that the node made about other ciphertexts does not open for these', async () => {
	const others = asRequested(net, coprocess(keyset, tfhe17.encrypt(publicKey, values), 'big-expanded'), values);
	const { response } = await userDecrypt(alice, others);
	await refuses(() => open(alice, { answers: [answerFor(response)] }));
});
await test('an answer that the node made under another domain does not open under this one', async () => {
	const other = { ...net.domain, chain_id: Number(net.domain.chain_id) + 1 };
	const { request, response } = await userDecrypt(alice, ciphertexts, other);
	assertAnswer(alice, request, response, other);
	assert.deepEqual(open(alice, { domain: other, answers: [answerFor(response)] }), expected(values));
	await refuses(() => open(alice, { answers: [answerFor(response)] }));
});
await test('the node serves', () => net.serves());
finish();
