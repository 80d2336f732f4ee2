// SPDX-License-Identifier: MIT
/* known_answers.mjs -- the clients and the contract do with known answers what the other scripts rely on. */
import { STRUCTS, assert, digestOf, finish, refuses, test, unhex, vector, vectorJson } from './lib.mjs';
import { TYPES, asReadByBoth, packed, proven, randomValues, tfhe14, tfhe17, unpacked } from './tfhe.mjs';
import { kmsVerifier } from './chain.mjs';
import { User } from './tkms.mjs';

const publicKey = vector('tfhe/xofset_test/compact_public_key.bin');

const clientKey = tfhe17.read('TfheClientKey', vector('tfhe/xofset_test/client_key.bin'));
tfhe17.T.set_server_key(tfhe17.T.TfheServerKey.new(clientKey));
const decrypt = expander => TYPES.map((t, i) =>
	BigInt(t.name === 'bool' ? expander.get_bool(i).decrypt(clientKey) : expander[`get_uint${t.bits}`](i).decrypt(clientKey)));

for (const client of [tfhe17, tfhe14])
	for (const build of [packed, unpacked, proven])
		await test(`${client.name}: a list built as ${build.name} expands to the values that were encrypted`, () => {
			const values = randomValues(), bytes = client.encrypt(asReadByBoth(publicKey), values, build);
			const list = tfhe17.read(build === proven ? 'ProvenCompactCiphertextList' : 'CompactCiphertextList', bytes);
			const expander = build === proven ? list.expand_without_verification() : list.expand();
			assert.deepEqual(decrypt(expander), values.map(v => v.value));
		});
await test('tfhe 1.4.0-alpha.3 cannot read a public key with version word 1', () =>
	refuses(() => tfhe14.read('TfheCompactPublicKey', publicKey), /expected variant index/));

const answer = vectorJson('kms-service/central_user_decrypt.json');
const userDomain = { name: 'Decryption', version: '1', chain_id: 10900,
	verifying_contract: '0x66f9664f97F2b50F62D13eA064982f936dE76657' };
await test('node-tkms reconstructs the known answer of one node', () => {
	const user = User.fromBytes(answer.user, unhex(answer.enc_pk), unhex(answer.enc_sk));
	assert.deepEqual(user.open([answer.server_addr], [unhex(answer.handle)], userDomain,
		[{ payload: unhex(answer.payload), signature: unhex(answer.external_signature) }]), [{ type: 2, value: 42n }]);
});

const known = vectorJson('kms-service/public_decrypt_eip712.json');
const domain = { name: known.domain.name, version: known.domain.version, chain_id: known.domain.chainId,
	verifying_contract: known.domain.verifyingContract };
const signers = known.signers.map(s => s.addr);
const verifier = await kmsVerifier(signers, 3, domain);
for (const c of known.cases) {
	await test(`the digest over extra data ${c.extra.slice(0, 10)} of ${c.extra.length / 2 - 1} bytes is the known one`, () =>
		assert.equal(digestOf({ ...known.domain, chainId: BigInt(known.domain.chainId) }, STRUCTS.publicDecryption,
			{ ctHandles: known.handles, decryptedResult: known.decrypted, extraData: c.extra }), c.digest));
	await test(`KMSVerifier accepts three signatures over extra data of ${c.extra.length / 2 - 1} bytes`, async () =>
		assert.equal(await verifier.verify(known.handles, known.decrypted, c.sigs.slice(0, 3), c.extra), true));
}
await test('KMSVerifier refuses two of three signatures', async () =>
	assert.equal(await verifier.verify(known.handles, known.decrypted, known.cases[0].sigs.slice(0, 2)),
		'KMSSignatureThresholdNotReached'));
finish();
