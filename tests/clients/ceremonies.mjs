// SPDX-License-Identifier: MIT
/*
 * ceremonies.mjs -- the life of a key as the gateway's contracts ask for it (profile gateway-v0.11): the first epoch, preprocessing, the
 * key itself, activated when enough nodes have signed the same, used for a contract, shared anew; and what ends otherwise: asked for
 * while nodes are away, aborted at the nodes, or not built.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { BUILD, arca, assert, ethers, finish, fs, onExit, openDevnet, path, patience, shake256, tempDir, test, until } from './lib.mjs';
import { askKey, compiled, keyOf } from '../../contracts/gateway.mjs';

const home = path.join(tempDir(), 'net'), contracts = fileURLToPath(new URL('../../contracts', import.meta.url));
const devnet = (verb, ...words) => arca('devnet', verb, '--dir', home, ...words);
onExit(() => spawnSync(path.join(BUILD, 'arca'), ['devnet', 'down', '--dir', home], { timeout: 60_000 }));
devnet('up', '--params', 'test', '--with-gateway', '--contracts', contracts, '--keygen', 'chain');

const net = await openDevnet(home), { gateway, parties } = net.info, N = parties.length;
const provider = new ethers.JsonRpcProvider(gateway.url, gateway.chain_id, { staticNetwork: true, cacheTimeout: -1, pollingInterval: 100 });
onExit(() => provider.destroy());
const owner = new ethers.Wallet(fs.readFileSync(gateway.owner_key_file, 'utf8').trim(), provider);
const generation = new ethers.Contract(gateway.contracts.kms_generation, compiled(path.join(BUILD, 'contracts'))('KMSGeneration').abi, owner);
const events = async (name, wanted = () => true) => (await generation.queryFilter(generation.filters[name](), 0)).map(e => e.args).filter(wanted);
const hexId = id => ethers.toBeHex(id, 32).slice(2);

/* The tool of an operator's hand, as doc/operate.md has it. */
function tool(verb, ...words) {
	const r = spawnSync(process.execPath, [gateway.tool, verb, '--dir', gateway.dir, ...words], { encoding: 'utf8', timeout: patience.ms });
	assert.equal(r.status, 0, r.stderr || r.error?.message);
	return r.stdout;
}
const ask = value => assert.match(tool('ask', '--nodes', path.join(home, 'devnet.json'), '--value', value, '--arca', path.join(BUILD, 'arca')),
	new RegExp(`: ${value}\n$`));
const queue = (i, name) => JSON.parse(arca('connector', 'status', '--config', gateway.connectors[i].config, '--json')).queues.find(q => q.queue === name);
const everywhere = (name, wanted) => until(`end of ${name}`, () => parties.every((_, i) => wanted(queue(i, name))));
const epochIs = async (id, n) => until(`epoch ${id} at ${n} parties`, () => {
	const r = spawnSync(path.join(BUILD, 'arca'), ['epoch', 'status', '--devnet', home, '--epoch', id, '--json'], { encoding: 'utf8' });
	return r.stdout && JSON.parse(r.stdout).parties.filter(p => p.state === 'ready').length >= n;
});
const EPOCH = n => '08' + String(n).padStart(62, '0');

await test('the contracts ask for epoch, preprocessing and key, and each node answers for its part', async () => {
	assert.equal(net.info.keygen, 'dkg');
	assert.equal(hexId(await generation.getActiveKeyId()), net.keyId);
	for (const name of ['PrepKeygenResponse', 'KeygenResponse']) {
		const who = (await events(name)).map(e => e.kmsTxSender);
		assert.deepEqual(who.sort(), gateway.connectors.map(c => c.wallet).sort(), name);
	}
	await everywhere('prss_init', q => q.completed === 1);
	await epochIs(EPOCH(1), N);
});

await test('the digests on chain are those of the files that every node publishes', async () => {
	const [, digests] = await generation.getKeyMaterials('0x' + net.keyId), files = { 1: 'PublicKey', 3: 'CompressedXofKeySet' };
	assert.deepEqual(digests.map(d => Number(d.keyType)), [1, 3]);
	for (let i = 1; i <= N; i++) for (const { keyType, digest } of digests)
		assert.equal(ethers.hexlify(shake256('PDAT_KEY', await net.of(i).file(files[keyType], net.keyId))), digest);
});

await test('a contract receives a value that was encrypted under that key', () => ask('42'));

/* The third is back in time, the fourth is not: for it there is no second epoch, and it says what to do. */
await test('shares are dealt anew though two nodes are away when it is asked for, and who missed it has the next', async () => {
	for (const i of ['3', '4']) devnet('kill', '--party', i);
	tool('reshare');
	await until('two that try', () => [0, 1].every(i => queue(i, 'key_reshare_same_set').pending + queue(i, 'key_reshare_same_set').under_process === 1));
	devnet('start', '--party', '3');
	await until('the epoch of three', () => [0, 1, 2].every(i => queue(i, 'key_reshare_same_set').completed === 1));
	devnet('start', '--party', '4');
	await until('what the fourth says', () => /the epoch exists at parties [123, ]+ and is not set up again for one that missed it; make a new epoch/
		.test(fs.readFileSync(parties[3].log, 'utf8')));
	ask('43');
	tool('reshare');
	await epochIs(EPOCH(3), N);
});

await test('the key goes on without the epochs before', async () => {
	assert.match(arca('epoch', 'destroy', '--devnet', home, '--epoch', EPOCH(1)), /by 4 of 4 parties/);
	assert.throws(() => arca('epoch', 'destroy', '--devnet', home, '--epoch', EPOCH(2)), /exit 2: party 4: .*there is no epoch \S+$/);
	ask('44');
	tool('reshare');                                             /* from the epoch in which the key is */
	await epochIs(EPOCH(4), N);
});

await test('a reference string, which no node makes yet, fails with a reason, and is tried again when an operator says so', async () => {
	tool('crsgen');
	await everywhere('crsgen_request', q => q.failed === 1);
	const { last_failure } = queue(0, 'crsgen_request');
	assert.match(last_failure.reason, /UNIMPLEMENTED/);
	assert.match(arca('connector', 'retry', '--config', gateway.connectors[0].config, last_failure.id), /is pending again/);
	await until('second refusal', () => queue(0, 'crsgen_request').failed === 1);
});

await test('a preprocessing that is aborted at the nodes is aborted in the queues, and made after all when operators say so', async () => {
	/* While two stand still it cannot end before it is aborted. */
	const still = JSON.parse(devnet('status', '--json')).parties.slice(2), signal = s => { for (const { pid } of still) process.kill(pid, s); };
	signal('SIGSTOP');
	const prepId = await askKey({ generation, owner }, 'test'), id = hexId(prepId);
	const abortAt = i => until(`abort at node ${i}`, () => net.of(i).core.AbortKeyGen({ request_id: id }).then(() => true, () => false));
	try { for (const i of [1, 2]) await abortAt(i); } finally { signal('SIGCONT'); }
	for (const i of [3, 4]) await abortAt(i);
	await everywhere('prep_keygen_request', q => q.aborted === 1);
	assert.equal((await events('KeygenRequest', e => e.prepKeygenId === prepId)).length, 0);
	for (const { config } of gateway.connectors) arca('connector', 'retry', '--config', config, id);
	await until('second key', async () => (await events('ActivateKey', e => e.keyId === keyOf(prepId))).length);
	ask('45');
});

await test('the logs of the nodes show no crash', () => {
	for (const p of parties) assert.doesNotMatch(fs.readFileSync(p.log, 'utf8'), /must hold and does not|Sanitizer|panic/);
});
finish();
