// SPDX-License-Identifier: MIT
/*
 * expansion.mjs -- what the coprocessor expands, node-tfhe decrypts with the client key of the same key set.
 *
 * One key set comes from tests/tools/testkeys, the only program that writes a client key, another from the known
 * answers; the lists come from both clients.  A wrong casting key, bootstrap key or bootstrap shows as a wrong value.
 */
import { spawnSync } from 'node:child_process';
import { BUILD, VECTORS, assert, coprocess, crypto, finish, fs, path, tempDir, test, vector } from './lib.mjs';
import {
	asReadByBoth, asWrittenBy17, halves, largestValues, packed, proven, randomValues, tfhe14, tfhe17, typeNamed, unpacked,
	zeroValues,
} from './tfhe.mjs';

const program = ['tests/tools/testkeys', 'tests/testkeys'].map(p => path.join(BUILD, p)).find(p => fs.existsSync(p));
if (!program) throw new Error(`${BUILD} has no tests/tools/testkeys: build with -Dtests=true`);
function testkeys(seed) {
	const dir = tempDir();
	const r = spawnSync(program, ['--seed', seed, '--tag', seed, '--params', 'test', '--out-dir', dir],
		{ encoding: 'utf8', timeout: 120_000 });
	if (r.status !== 0) throw new Error(`testkeys: exit ${r.status ?? r.signal}: ${r.stderr}`);
	const read = name => fs.readFileSync(path.join(dir, name));
	return { keysetFile: path.join(dir, 'CompressedXofKeySet.bin'), keyset: read('CompressedXofKeySet.bin'),
		publicKey: read('PublicKey.bin'), clientKey: read('ClientKey.bin') };
}

const seed = crypto.randomBytes(32).toString('hex');
console.log(`# seed ${seed}`);
/* A proof takes a client many seconds. */
const proves = keys => keys === sets[1] || process.argv.includes('--long');
const oracle = name => vector(`tfhe/xofset_test/${name}.bin`);
const sets = [
	{ name: 'a key set of testkeys', ...testkeys(seed) },
	{ name: 'the known key set', keysetFile: path.join(VECTORS, 'tfhe/xofset_test/compressed_xof_key_set.bin'),
		keyset: oracle('compressed_xof_key_set'), publicKey: asReadByBoth(oracle('compact_public_key')),
		clientKey: oracle('client_key') },
];

await test('one seed makes one key set', () => {
	const again = testkeys(seed);
	for (const name of ['keyset', 'publicKey', 'clientKey']) assert.deepEqual(again[name], sets[0][name]);
});

for (const keys of sets) {
	const clientKey = tfhe17.read('TfheClientKey', keys.clientKey);
	const decrypt = (type, bytes) => BigInt(tfhe17.read(type.kind, bytes).decrypt(clientKey));
	const expand = list => coprocess(keys.keysetFile, list, 'small-expanded');

	await test(`${keys.name}: node-tfhe reads the client key and writes the same bytes`, () =>
		assert.deepEqual(tfhe17.write(clientKey), keys.clientKey));
	await test(`${keys.name}: node-tfhe reads the server key and writes the same bytes`, () => {
		const { compressedServerKey } = halves(keys.keyset);
		assert.deepEqual(tfhe17.write(tfhe17.read('TfheCompressedServerKey', compressedServerKey)), compressedServerKey);
	});
	await test(`${keys.name}: node-tfhe expands the compressed public key to the public key`, () => {
		const expanded = tfhe17.read('TfheCompressedCompactPublicKey', halves(keys.keyset).compressedPublicKey).decompress();
		assert.deepEqual(tfhe17.write(expanded), asWrittenBy17(keys.publicKey));
	});
	for (const client of [tfhe17, tfhe14])
		for (const [name, build] of [['packed', packed], ['unpacked', unpacked], ...proves(keys) ? [['proven', proven]] : []])
			for (const [what, values] of build === proven ? [['random', randomValues()]] :
				[['random', randomValues()], ['largest', largestValues()], ['zero', zeroValues()]])
				await test(`${keys.name}: ${what} values of ${client.name}, list ${name}, are decrypted by node-tfhe`, () => {
					const expanded = expand(client.encrypt(keys.publicKey, values, build));
					assert.deepEqual(expanded.map((c, i) => decrypt(values[i].type, c.ciphertext)), values.map(v => v.value));
				});
	for (const [what, names] of [['an odd number of blocks', ['bool']], ['two booleans in one block', ['bool', 'bool']],
		['pairs that cross values', ['bool', 'uint8', 'bool', 'uint16', 'bool', 'bool', 'uint32']],
		['more values than one mask serves', Array(10).fill('uint256')]])
		await test(`${keys.name}: ${what}: node-tfhe decrypts what we expanded`, () => {
			const values = randomValues(names.map(typeNamed));
			const expanded = expand(tfhe17.encrypt(keys.publicKey, values));
			assert.deepEqual(expanded.map((c, i) => decrypt(values[i].type, c.ciphertext)), values.map(v => v.value));
		});
}
finish();
