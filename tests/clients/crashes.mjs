// SPDX-License-Identifier: MIT
/*
 * crashes.mjs -- under load, whatever takes part is killed at random moments (kill -9): listeners, workers and senders, connectors that
 * are all three, nodes, the database, the chain, which goes on from the state that it saved last; and the chain takes blocks back.
 *
 *   parties 1, 2    each role is a process, all on one PostgreSQL server
 *   parties 3, 4    one process, with SQLite, whose queues somebody looks at before it is killed
 *
 * In the end every request that is on the chain was answered there, once, with its value; no node paid for more than it answered; and in
 * each database every request is done, or failed with a reason.
 */
import { spawn, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { arca, assert, crypto, finish, freePorts, fs, onExit, path, sleep, startCluster, tempDir, test, until } from './lib.mjs';
import { assertNothingRefused, encrypter, gatewayFor, idIn, logsOf, startConnector, writeConfig } from './connectors.mjs';
import { randomValue, typeNamed } from './tfhe.mjs';
import { startChain } from '../../contracts/gateway.mjs';

const N = 4, long = process.argv.includes('--long'), ROUNDS = long ? 200 : 20, PER_ROUND = 6, DEPTH = 2;
const pick = list => list[crypto.randomInt(list.length)];
const dir = tempDir(), chainDir = path.join(dir, 'chain'), net = await startCluster(N);
fs.mkdirSync(chainDir);
const world = await gatewayFor(net, dir, chainDir), { provider, g } = world, everything = logsOf(g);

/* ---- the chain ------------------------------------------------------------------------------------------------------ */

/* From now on a block a second; requests and answers count when the chain will not take them back any more. */
let chain = world.chain, began = await provider.getBlockNumber();
await provider.send('evm_setAutomine', [false]);
await provider.send('evm_setIntervalMining', [1]);

/* Its state as saved last; null while it is being written, which anvil does in place. */
const stateFile = path.join(chainDir, 'chain.json');
function savedState() {
	try {
		const text = fs.readFileSync(stateFile);
		JSON.parse(text);
		return text;
	} catch { return null; }
}

async function killChain() {
	const saved = await until('saved state of the chain', savedState);
	process.kill(chain.pid, 'SIGKILL');
	await sleep(50 + crypto.randomInt(500));
	if (!savedState()) fs.writeFileSync(stateFile, saved);
	chain = await startChain({ anvil: world.anvil, dir: chainDir, port: Number(new URL(chain.url).port), more: ['--block-time', '1'] });
	chain.provider.destroy();
	began = await provider.getBlockNumber();
	const { pid } = chain;
	onExit(() => { try { process.kill(pid, 'SIGKILL'); } catch { /* it was killed */ } });
}
/* It knows what was before its last start, but not how to go back there. */
async function takeBack() {
	await until('block that can be taken back', async () => await provider.getBlockNumber() > began + DEPTH);
	await provider.send('anvil_reorg', [DEPTH, []]);
}

/* Of an event in a block that was taken back, or lost with the chain's last second, anvil may still tell. */
async function logs(name) {
	const all = await everything(name), hashes = new Map();
	for (const n of new Set(all.map(e => e.blockNumber))) hashes.set(n, (await provider.getBlock(n))?.hash);
	return all.filter(e => e.blockHash === hashes.get(e.blockNumber));
}

/* ---- the database --------------------------------------------------------------------------------------------------- */

const open = tempDir(), pg = path.join(open, 'pg'), tool = fileURLToPath(new URL('../tools/postgres', import.meta.url));
fs.chmodSync(open, 0o711);                               /* the server may be another user */
const server = spawn(tool, ['run', pg], { stdio: 'ignore' });
onExit(() => server.kill());
await until('database server', () => fs.existsSync(path.join(pg, 'users')));
const user = fs.openSync(path.join(pg, 'users'), 'w');
fs.writeSync(user, 'here\n');
const sql = text => spawnSync('psql', ['-qX', `host=${pg}/socket user=arca dbname=postgres`, '-c', text], { encoding: 'utf8' });
await until('answer of the database', () => sql('SELECT 1').status === 0);
for (const i of [1, 2]) assert.equal(sql(`CREATE DATABASE party${i}`).status, 0);
const killDatabase = () => process.kill(Number(fs.readFileSync(path.join(pg, 'data/postmaster.pid'), 'utf8').split('\n')[0]), 'SIGKILL');

/* ---- connectors, which somebody starts again when they end ----------------------------------------------------------- */

const ROLES = ['listener', 'worker', 'sender'], first = await freePorts(2 * ROLES.length + 2);
const more = `gateway_confirmations = ${DEPTH}\nhealthcheck_timeout = "1s"\n`;
let port = first, over = false;
const sockets = encodeURIComponent(`${pg}/socket`);
const configured = (i, name, database) => writeConfig(world, net, i, { file: path.join(dir, `${name}.toml`), database, port: port++, more });
const started = [];
function keep(i, config, role) {
	const process = { i, role, config };
	const run = () => {
		process.child = startConnector(config, '--role', role);
		process.child.on('exit', () => { if (!over) setTimeout(run, 200); });
	};
	run();
	started.push(process);
}
for (const i of [0, 1]) for (const role of ROLES) keep(i, configured(i, `party-${i + 1}-${role}`, `postgres://arca@/party${i + 1}?host=${sockets}`), role);
for (const i of [2, 3]) keep(i, configured(i, `party-${i + 1}`, `sqlite:${dir}/party-${i + 1}.db`), 'all');
const status = ({ config }) => JSON.parse(arca('connector', 'status', '--config', config, '--json'));
const ofRole = role => pick(started.filter(p => p.role === role));
const kill = p => p.child.kill('SIGKILL');

async function killNode() {
	const party = String(1 + crypto.randomInt(N));
	arca('devnet', 'kill', '--dir', net.dir, '--party', party);
	await sleep(crypto.randomInt(500));
	arca('devnet', 'start', '--dir', net.dir, '--party', party);
}
function lookAndKill() {
	const p = ofRole('all');
	status(p);
	kill(p);
}
const DISTURBANCES = {
	listener: () => kill(ofRole('listener')), worker: () => kill(ofRole('worker')), sender: () => kill(ofRole('sender')), connector: lookAndKill,
	node: killNode, database: killDatabase, chain: killChain, reorganisation: takeBack,
};

/* ---- the load ------------------------------------------------------------------------------------------------------- */

const encrypted = await encrypter(net, g, dir), type = typeNamed('uint8'), values = new Map();
for (let i = 0; i < 3; i++) {
	const value = randomValue(type), handle = await encrypted(type, value);
	await g.allowForDecryption(handle);
	values.set(handle, value);
}
const requests = async () => (await logs('PublicDecryptionRequest')).map(e => ({ id: e.args.decryptionId, handle: e.args[1][0][0] }));

/* Not waited for: whether it comes on the chain, and stays there, is the chain's affair. */
async function ask() {
	const contract = g.decryption.connect(g.owner);
	let nonce = await provider.getTransactionCount(g.owner.address, 'pending');
	for (let k = 0; k < PER_ROUND; k++)
		await contract.publicDecryptionRequest([pick([...values.keys()])], '0x', { nonce: nonce++, gasLimit: 1_000_000 }).catch(() => {});
}

await test(`${ROUNDS} times something is killed under load, and every request that is on the chain is answered there`, async () => {
	const kinds = Object.keys(DISTURBANCES), order = Array.from({ length: ROUNDS }, (_, i) => kinds[i % kinds.length])
		.map(k => [crypto.randomInt(1 << 30), k]).sort((a, b) => a[0] - b[0]).map(x => x[1]);
	for (const kind of order) {
		await ask();
		await sleep(crypto.randomInt(1500));
		await DISTURBANCES[kind]();
	}
	await ask();
	await until('block with the last requests', async () => await provider.getTransactionCount(g.owner.address) ===
		await provider.getTransactionCount(g.owner.address, 'pending'));
	const all = await requests();
	assert.ok(all.length >= ROUNDS, `only ${all.length} requests are left on the chain`);
	await until('answer to each request', async () => {
		const answered = new Set((await everything('PublicDecryptionResponse')).map(e => e.args.decryptionId));
		return all.every(({ id }) => answered.has(id));
	}, long ? 600 : 90);
}, long ? 60 : 5);

await test('each answer is right, from at least three nodes, and no node answered or paid twice', async () => {
	await until('rest', () => started.every(p => status(p).queues.every(q => q.pending + q.under_process === 0)), 60);
	const answers = await logs('PublicDecryptionResponse'), calls = await logs('PublicDecryptionResponseCall');
	for (const { id, handle } of await requests()) {
		assert.equal(answers.filter(a => a.args.decryptionId === id).length, 1);
		const said = calls.filter(c => c.args.decryptionId === id);
		assert.ok(said.length >= 3 && said.length <= N, `${said.length} nodes answered ${id}`);
		assert.equal(new Set(said.map(c => c.args.kmsTxSender)).size, said.length);
		for (const c of said) assert.equal(BigInt(c.args.decryptedResult), values.get(handle));
	}
	for (const { wallet } of g.nodes)
		assert.equal(await provider.getTransactionCount(wallet.address), calls.filter(c => c.args.kmsTxSender === wallet.address).length);
});

await test('in each database every request is done, or failed with a reason', async () => {
	const all = (await requests()).length;
	for (const p of started.filter(p => p.role === 'all' || p.role === 'worker')) {
		const { queues, transactions } = status(p), q = queues.find(q => q.queue === 'public_decryption_request');
		assert.equal(q.completed + q.failed, all, `party ${p.i + 1}`);
		for (const { failed, last_failure } of queues) assert.equal(failed > 0, Boolean(last_failure?.reason));
		assert.equal(transactions.signed + transactions.sent, 0);
	}
});
await test('none of them wanted more of the machine than the kernel leaves it', () => {
	for (const { config } of started) assertNothingRefused(config.replace(/toml$/, 'log'));
});
over = true;
for (const p of started) kill(p);
fs.closeSync(user);
finish();
