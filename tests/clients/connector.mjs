// SPDX-License-Identifier: MIT
/*
 * connector.mjs -- the whole way: a contract asks on a chain, four connectors hear it, four nodes decrypt, the signed answers stand on
 * chain, and the contract takes the value.  Connectors and a node are killed on the way: nothing is lost, nothing is answered twice.
 *
 * The chain is anvil with the contracts of contracts/, and the genuine ACL and KMSVerifier.
 */
import { spawn, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import {
	BUILD, arca, assert, coprocess, crypto, ethers, finish, freePorts, fs, onExit, path, startCluster, startDevnet, tempDir, test, unhex,
} from './lib.mjs';
import { randomValue, tfhe17, typeNamed } from './tfhe.mjs';
import { User } from './tkms.mjs';
import { CHAIN_ID, compiled, deployGateway, newWallet, publish, serveBuckets, startChain } from '../../contracts/gateway.mjs';

const N = 4, long = process.argv.includes('--long'), ROUNDS = long ? 200 : 6;
const folder = path.join(BUILD, 'contracts'), contract = compiled(folder), dir = tempDir();
const net = await startCluster(N);
const chain = await startChain({ anvil: path.join(folder, 'anvil') }), { provider } = chain;
onExit(() => chain.stop());
const buckets = await serveBuckets(dir);
onExit(() => buckets.stop());
const signers = net.info.parties.map(p => p.signer);
const g = await deployGateway({ provider, contract, threshold: 1, signers, buckets: [0, 1, 2].map(i => `${buckets.url}/${i}`) });
const at = Object.fromEntries(await Promise.all(['decryption', 'generation', 'config', 'acl'].map(async k => [k, await g[k].getAddress()])));
const sleep = ms => new Promise(yes => setTimeout(yes, ms));

/* ---- connectors ---------------------------------------------------------------------------------------------------- */

const first = await freePorts(N), ports = Array.from({ length: N }, (_, i) => first + i), connectors = Array(N).fill(null);
const configs = net.info.parties.map((p, i) => {
	const file = path.join(dir, `connector-${i + 1}.toml`), key = path.join(dir, `wallet-${i + 1}.key`);
	fs.writeFileSync(key, g.nodes[i].wallet.privateKey + '\n', { mode: 0o600 });
	fs.writeFileSync(file, `database_url = "sqlite:${dir}/connector-${i + 1}.db"
gateway_url = ["${chain.url}"]
gateway_chain_id = ${CHAIN_ID}
kms_core_endpoints = ["http://${p.grpc}"]
private_key_file = "${key}"
monitoring_endpoint = "127.0.0.1:${ports[i]}"
decryption_contract.address = "${at.decryption}"
kms_generation_contract.address = "${at.generation}"
gateway_config_contract.address = "${at.config}"
decryption_polling = "100ms"
decryption_from_block_number = 0
max_decryption_attempts = 50
under_process_lease = "5s"
[[host_chains]]
url = "${chain.url}"
chain_id = ${CHAIN_ID}
acl_address = "${at.acl}"
`);
	return file;
});
function start(i) {
	const log = fs.openSync(path.join(dir, `connector-${i + 1}.log`), 'a');
	connectors[i] = spawn(path.join(BUILD, 'arca-connector'), ['--config', configs[i]], { stdio: ['ignore', log, log] });
}
const kill = i => connectors[i]?.kill('SIGKILL');
onExit(() => connectors.forEach((_, i) => kill(i)));
for (let i = 0; i < N; i++) start(i);

/* ---- asking -------------------------------------------------------------------------------------------------------- */

const publicKey = await net.file('PublicKey', net.keyId), keyset = path.join(net.dir, `party-1/public/PUB/CompressedXofKeySet/${net.keyId}`);
const keyId = BigInt('0x' + net.keyId);

/* A value as a handle whose ciphertext lies in the buckets. */
async function encrypted(type, value, format = 'big-compressed') {
	const [c] = coprocess(keyset, tfhe17.encrypt(publicKey, [{ type, value }]), format);
	return publish(g, dir, keyId, c.ciphertext, type.code, format);
}
const logs = async (name, id) => {
	const filter = g.decryption.filters[name](id);
	return g.decryption.queryFilter(filter, 0);
};
async function until(what, find, seconds = 60) {
	for (const end = Date.now() + seconds * 1000; ;) {
		const found = await find();
		if (found) return found;
		if (Date.now() > end) throw new Error(`no ${what} within ${seconds} s`);
		await sleep(50);
	}
}
const idIn = (receipt, name) => receipt.logs.map(l => g.decryption.interface.parseLog(l)).find(e => e?.name === name).args.decryptionId;

await test('a contract asks, and its callback receives the value with the signatures of the nodes', async () => {
	for (const [name, format] of [['uint16', 'big-compressed'], ['uint64', 'big-expanded'], ['bool', 'big-compressed']]) {
		const type = typeNamed(name), value = randomValue(type), handle = await encrypted(type, value, format);
		await g.allowForDecryption(handle);
		const id = idIn(await (await g.asker.ask(handle)).wait(), 'PublicDecryptionRequest');
		const [answer] = await until('answer', async () => { const l = await logs('PublicDecryptionResponse', id); return l.length && l; });
		const { decryptedResult, signatures } = answer.args;
		await (await g.asker.callback(decryptedResult, ethers.concat([ethers.toBeHex(signatures.length, 1), ...signatures]))).wait();
		assert.equal(await g.asker.answered(), true);
		assert.equal(await g.asker.value(), value);
	}
});

await test('what the ACL does not allow is not decrypted before it does', async () => {
	const type = typeNamed('uint8'), value = randomValue(type), handle = await encrypted(type, value);
	const id = idIn(await (await g.decryption.connect(g.owner).publicDecryptionRequest([handle], '0x')).wait(), 'PublicDecryptionRequest');
	await sleep(3000);
	assert.deepEqual(await logs('PublicDecryptionResponseCall', id), []);
	await g.allowForDecryption(handle);
	const [answer] = await until('answer', async () => { const l = await logs('PublicDecryptionResponse', id); return l.length && l; });
	assert.equal(BigInt(answer.args.decryptedResult), value);
});

await test('a user reads a value from the shares that the connectors brought on chain', async () => {
	const type = typeNamed('uint32'), value = randomValue(type), handle = await encrypted(type, value);
	const wallet = await newWallet(provider), user = new User(wallet.address), dapp = ethers.Wallet.createRandom().address;
	await g.allow(handle, user.address);
	await g.allow(handle, dapp);
	const start = (await provider.getBlock('latest')).timestamp - 10, key = ethers.hexlify(user.encKey);
	const signature = await wallet.signTypedData({ name: 'Decryption', version: '1', chainId: CHAIN_ID, verifyingContract: at.decryption },
		{ UserDecryptRequestVerification: [{ name: 'publicKey', type: 'bytes' }, { name: 'contractAddresses', type: 'address[]' },
			{ name: 'startTimestamp', type: 'uint256' }, { name: 'durationDays', type: 'uint256' }, { name: 'extraData', type: 'bytes' }] },
		{ publicKey: key, contractAddresses: [dapp], startTimestamp: start, durationDays: 1, extraData: '0x' });
	const id = idIn(await (await g.decryption.connect(wallet).userDecryptionRequest([[handle, dapp]], [start, 1], [CHAIN_ID, [dapp]],
		user.address, key, signature, '0x')).wait(), 'UserDecryptionRequest');
	const shares = await until('shares', async () => { const l = await logs('UserDecryptionResponse', id); return l.length === N && l; });
	const domain = { ...net.domain, verifying_contract: at.decryption };
	const answers = shares.map(s => ({ payload: unhex(s.args.userDecryptedShare), signature: unhex(s.args.signature) }));
	assert.deepEqual(user.open(signers, [unhex(handle)], domain, answers), [{ type: type.code, value }]);
});

await test(`connectors and a node are killed ${ROUNDS} times under load: every request is answered once by each`, async () => {
	const type = typeNamed('uint8'), asked = [];
	const handles = [];
	for (let i = 0; i < 3; i++) {
		const value = randomValue(type), handle = await encrypted(type, value);
		await g.allowForDecryption(handle);
		handles.push({ handle, value });
	}
	for (let round = 0; round < ROUNDS; round++) {
		for (let k = 0; k < 5; k++) {
			const { handle, value } = handles[crypto.randomInt(handles.length)];
			const receipt = await (await g.decryption.connect(g.owner).publicDecryptionRequest([handle], '0x')).wait();
			asked.push({ id: idIn(receipt, 'PublicDecryptionRequest'), value });
		}
		const i = crypto.randomInt(N);
		if (round % 3 === 2) {
			arca('devnet', 'kill', '--dir', net.dir, '--party', String(i + 1));
			await sleep(crypto.randomInt(500));
			arca('devnet', 'start', '--dir', net.dir, '--party', String(i + 1));
		} else {
			await sleep(crypto.randomInt(300));
			kill(i);
			await sleep(crypto.randomInt(500));
			start(i);
		}
	}
	/* Who comes when the others have agreed already may leave it at that. */
	for (const { id, value } of asked) {
		const done = await until(`answer to ${id}`, async () => { const l = await logs('PublicDecryptionResponse', id); return l.length && l; }, 120);
		assert.equal(done.length, 1);
		const calls = await logs('PublicDecryptionResponseCall', id);
		assert.ok(calls.length >= 3 && calls.length <= N);
		assert.equal(new Set(calls.map(c => c.args.kmsTxSender)).size, calls.length);
		for (const c of calls) assert.equal(BigInt(c.args.decryptedResult), value);
	}
}, long ? 60 : 5);

await test('every request is done in every database, and the metrics say so', async () => {
	for (const port of ports) await until('an empty queue', async () => {
		const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
		const of = name => text.split('\n').filter(l => l.startsWith(name)).map(l => Number(l.split(' ').pop())).reduce((a, b) => a + b, 0);
		return of('kms_connector_pending_events') + of('kms_connector_pending_responses') + of('kms_connector_tx_sender_transactions_under_way') === 0;
	});
	for (const port of ports) {
		const health = await fetch(`http://127.0.0.1:${port}/healthz`);
		assert.deepEqual([health.status, (await health.json()).healthy], [200, true]);
	}
});

await test('arca devnet up --with-gateway: a contract receives its value, also after everything was stopped and started again', async () => {
	const home = path.join(tempDir(), 'net'), devnet = (...words) => arca('devnet', words[0], '--dir', home, ...words.slice(1));
	startDevnet(home, '--with-gateway', '--contracts', fileURLToPath(new URL('../../contracts', import.meta.url)));
	const { gateway } = JSON.parse(fs.readFileSync(path.join(home, 'devnet.json')));
	assert.deepEqual(Object.keys(gateway), ['dir', 'tool', 'url', 'chain_id', 'contracts', 'owner_key_file', 'connectors']);
	const ask = value => {
		const r = spawnSync(process.execPath, [gateway.tool, 'ask', '--dir', gateway.dir, '--nodes', path.join(home, 'devnet.json'),
			'--value', value, '--arca', path.join(BUILD, 'arca')], { encoding: 'utf8', timeout: 60_000 });
		assert.equal(r.status, 0, r.stderr);
		assert.match(r.stdout, new RegExp(`: ${value}\n$`));
	};
	ask('18446744073709551615');
	devnet('down');
	devnet('start');
	ask('7');
	await until('both answers of the first connector', () => {           /* a contract has its value as soon as enough others answered */
		const { queues } = JSON.parse(arca('connector', 'status', '--config', gateway.connectors[0].config, '--json'));
		return queues.find(q => q.queue === 'public_decryption_response').completed === 2;
	});
	devnet('kill', '--party', '1', '--connector');
	assert.throws(() => devnet('status'), /exit [12]/);
	devnet('start');
	devnet('down');
	await assert.rejects(fetch(gateway.url));
});
finish();
