// SPDX-License-Identifier: MIT
/*
 * connectors.mjs -- a gateway on a chain of this machine for a cluster, and connectors for its nodes, as scripts start and kill them.
 */
import { spawn } from 'node:child_process';
import { BUILD, assert, coprocess, fs, onExit, path, until } from './lib.mjs';
import { tfhe17 } from './tfhe.mjs';
import { CHAIN_ID, compiled, deployGateway, eventIn, publish, serveBuckets, startChain } from '../../contracts/gateway.mjs';

/* A connector with this monitoring port answers. */
export const connectorAt = port => until(`connector at port ${port}`, () => fetch(`http://127.0.0.1:${port}/liveness`).then(r => r.ok, () => false));

/* What a connector has counted under this name; under several, their sum. */
export async function counted(port, ...names) {
	const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
	return text.split('\n').filter(l => names.some(n => l.startsWith(n))).reduce((sum, l) => sum + Number(l.split(' ').pop()), 0);
}

/* { chain, provider, g: what deployGateway returns, at: addresses }, and buckets in dir; chainDir: where the chain saves its state. */
export async function gatewayFor(net, dir, chainDir) {
	const folder = path.join(BUILD, 'contracts'), contract = compiled(folder), anvil = path.join(folder, 'anvil');
	const chain = await startChain({ anvil, dir: chainDir }), { provider } = chain;
	onExit(() => chain.stop());
	const buckets = await serveBuckets(dir);
	onExit(() => buckets.stop());
	const signers = net.info.parties.map(p => p.signer);
	const g = await deployGateway({ provider, contract, threshold: 1, signers, buckets: [0, 1, 2].map(i => `${buckets.url}/${i}`) });
	const at = Object.fromEntries(await Promise.all(['decryption', 'generation', 'config', 'acl'].map(async k => [k, await g[k].getAddress()])));
	return { chain, provider, g, at, anvil, contract, buckets };
}

/* The configuration of a connector of party i + 1, as a file. */
export function writeConfig({ g, at, chain }, net, i, { file, database, port, wallet, more = '' }) {
	const key = file.replace(/toml$/, 'key');
	if (!wallet) fs.writeFileSync(key, g.nodes[i].wallet.privateKey + '\n', { mode: 0o600 });
	fs.writeFileSync(file, `database_url = "${database}"
gateway_url = ["${chain.url}"]
gateway_chain_id = ${CHAIN_ID}
kms_core_endpoints = ["http://${net.info.parties[i].grpc}"]
${wallet ?? `private_key_file = "${key}"`}
monitoring_endpoint = "127.0.0.1:${port}"
decryption_contract.address = "${at.decryption}"
kms_generation_contract.address = "${at.generation}"
gateway_config_contract.address = "${at.config}"
decryption_polling = "100ms"
decryption_from_block_number = 0
max_decryption_attempts = 50
under_process_lease = "5s"
${more}[[host_chains]]
url = "${chain.url}"
chain_id = ${CHAIN_ID}
acl_address = "${at.acl}"
`);
	return file;
}

/* A process of it, whose log is beside the configuration; the script kills it if nobody does before. */
export function startConnector(config, ...words) {
	const log = fs.openSync(config.replace(/toml$/, 'log'), 'a');
	const child = spawn(path.join(BUILD, 'arca-connector'), ['--config', config, ...words], { stdio: ['ignore', log, log] });
	fs.closeSync(log);
	onExit(() => child.kill('SIGKILL'));
	return child;
}

/* Each thread of the process is in the sandbox, and nothing that the connector needed was refused. */
export function assertClosed(pid, log) {
	const states = fs.readdirSync(`/proc/${pid}/task`).map(t => fs.readFileSync(`/proc/${pid}/task/${t}/status`, 'utf8').match(/^Seccomp:\t(\d)/m)?.[1]);
	const text = fs.readFileSync(log, 'utf8');
	assert.match(text, /sandbox of serving: /);
	if (!/warn  sandbox/.test(text)) assert.deepEqual([...new Set(states)], ['2']);
	assertNothingRefused(log);
}
export const assertNothingRefused = log => assert.doesNotMatch(fs.readFileSync(log, 'utf8'), /refused the system call|Permission denied|permission denied/);

/* A function that makes a value a handle whose ciphertext lies in the buckets in dir. */
export async function encrypter(net, g, dir) {
	const publicKey = await net.file('PublicKey', net.keyId), keyset = path.join(net.dir, `party-1/public/PUB/CompressedXofKeySet/${net.keyId}`);
	return async (type, value, format = 'big-compressed') => {
		const [c] = coprocess(keyset, tfhe17.encrypt(publicKey, [{ type, value }]), format);
		return publish(g, dir, BigInt('0x' + net.keyId), c.ciphertext, type.code, format);
	};
}

/* Events of the contract of decryptions, of one request or (null) of all; and the id that a transaction was given. */
export const logsOf = g => (name, id = null) => g.decryption.queryFilter(g.decryption.filters[name](id), 0);
export const idIn = (g, receipt, name) => eventIn(g.decryption, receipt, name).decryptionId;
