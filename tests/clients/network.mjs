// SPDX-License-Identifier: MIT
/* network.mjs -- four parties on a bad network: late, cut, or not there; decryptions are right, and go on. */
import { arca, assert, finish, fs, inEveryFormat, path, startCluster, tempDir, test, until } from './lib.mjs';
import { randomValues, tfhe17 } from './tfhe.mjs';
import { betweenParties } from './proxy.mjs';

const net = await startCluster(4), values = randomValues();
const list = tfhe17.encrypt(await net.file('PublicKey', net.keyId), values);
const byFormat = inEveryFormat(net, await net.keyset(), list, values);
const proxies = await betweenParties(net), folder = tempDir();

/* arca verifies every signature and every share. */
function decryptAll(format) {
	for (const [i, v] of values.entries()) {
		const file = path.join(folder, `${i}`);
		fs.writeFileSync(file, byFormat[format][i].ciphertext);
		for (const kind of ['public', 'user']) {
			const said = JSON.parse(arca('decrypt', kind, '--devnet', net.dir, '--type', v.type.name, '--in', file, '--json'));
			const is = said.value === 'true' ? 1n : said.value === 'false' ? 0n : BigInt(said.value);
			assert.equal(is, v.value, `${kind} ${v.type.name}`);
		}
	}
}
const everybody = command => { for (const p of proxies) p.say(command); };

await test('through the proxies, as through the bare network, all is well', () => decryptAll('big-compressed'));
await test('with every byte 40 ms late, decryptions are right', () => {
	everybody('delay 40');
	decryptAll('big-compressed');
	everybody('delay 0');
});
await test('with connections cut again and again, decryptions are right', () => {
	everybody('cut-every 70');
	for (const format of ['big-expanded', 'small-expanded', 'big-compressed']) decryptAll(format);
	everybody('cut-every 0');
});
await test('with one party cut off from the others, decryptions go on', () => {
	proxies[1].say('stall');
	decryptAll('small-expanded');
});
await test('the party that was cut off is back by itself', async () => {
	proxies[1].say('resume');
	await until('way from each party to the others', () =>
		JSON.parse(arca('devnet', 'status', '--dir', net.dir, '--json')).parties.every(p => p.peers?.every(q => q.reachable)));
	decryptAll('big-compressed');
});
finish();
