// SPDX-License-Identifier: MIT
/*
 * gateway.mjs -- a chain on this machine with everything that a connector meets on one: the gateway's contracts (ours), a host
 * chain's ACL and KMSVerifier (the genuine ones), and a contract of a user, all on one anvil.
 *
 *   node gateway.mjs up --dir DIR --nodes DEVNET.JSON [--compiled DIR] [--profile gateway-v0.11|v0.15] [--port P]
 *   node gateway.mjs down|start --dir DIR
 *   node gateway.mjs ask --dir DIR --nodes DEVNET.JSON --value N [--arca PROGRAM]
 *   node gateway.mjs init|reshare --dir DIR
 *   node gateway.mjs keygen --dir DIR [--params test|default] [--out FILE]
 *   node gateway.mjs crsgen --dir DIR [--bits N]
 *
 * up compiles the contracts if --compiled names a folder without them, starts the chain, deploys, registers the nodes of
 * DEVNET.JSON with a wallet each, and writes DIR/gateway.json: addresses, chain, wallets' files, coprocessors.  The chain
 * saves its state in DIR and goes on from there when it is started again.  ask has the contract of the user ask for the value
 * of a fresh ciphertext and waits until its callback has it; connectors and nodes must run.  The ciphertext is under the key that is
 * active on chain, or else under that of DEVNET.JSON.
 *
 * init (a first epoch), reshare (of the active key) and crsgen are asked for, and that is all that the chain hears of the first two.
 * keygen waits until enough nodes have signed the same key, and has FILE say which and how long it took.
 *
 * Tests import what it is made of.
 */
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { ethers } from 'ethers';

const here = path.dirname(fileURLToPath(import.meta.url));
const abi = ethers.AbiCoder.defaultAbiCoder();
const word = n => ethers.toBeHex(n, 32);

export const CHAIN_ID = 54321, HOST_CHAIN_ID = 2025;
const ETHER = 10n ** 18n;

/* ---- compiled contracts --------------------------------------------------------------------------------------- */

/* The time of a file; 0 without it. */
const changed = file => fs.statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;

export function compiled(dir) {
	const newest = Math.max(...fs.readdirSync(here).filter(f => f.endsWith('.sol')).map(f => changed(path.join(here, f))));
	if (changed(path.join(dir, 'Decryption.json')) < newest || !fs.existsSync(path.join(dir, 'anvil'))) {
		const { status, stderr } = spawnSync(process.execPath, [path.join(here, 'build.mjs'), dir], { encoding: 'utf8' });
		if (status !== 0) throw new Error(`the contracts do not compile:\n${stderr}`);
	}
	return name => JSON.parse(fs.readFileSync(path.join(dir, name + '.json')));
}

/* ---- the chain ------------------------------------------------------------------------------------------------ */

export function freePort() {
	return new Promise((yes, no) => {
		const s = net.createServer().on('error', no);
		s.listen(0, '127.0.0.1', () => { const { port } = s.address(); s.close(() => yes(port)); });
	});
}

/* { url, provider, pid, stop() }; it outlives us if detached. */
export async function startChain({ anvil, port, dir, detached = false, more = [], chainId = CHAIN_ID }) {
	port ??= await freePort();
	const state = dir ? ['--state', path.join(dir, 'chain.json'), '--state-interval', '1'] : [];
	const log = dir ? fs.openSync(path.join(dir, 'chain.log'), 'a') : 'ignore';
	const child = spawn(anvil, ['--port', String(port), '--host', '127.0.0.1', '--chain-id', String(chainId), '--accounts', '1',
		'--slots-in-an-epoch', '1', '--silent', ...state, ...more],
	{ detached, stdio: ['ignore', log, log], env: { ...process.env, NO_PROXY: '*', no_proxy: '*' } });
	if (detached) child.unref();
	const url = `http://127.0.0.1:${port}`;
	const provider = new ethers.JsonRpcProvider(url, chainId, { staticNetwork: true, cacheTimeout: -1, pollingInterval: 100 });
	for (const until = Date.now() + 30_000; ; await new Promise(r => setTimeout(r, 50))) {
		try { await provider.send('eth_chainId', []); break; }
		catch (e) { if (Date.now() > until || child.exitCode !== null) throw new Error(`the chain does not answer: ${e.message}`); }
	}
	return { url, provider, pid: child.pid, stop() { provider.destroy(); try { process.kill(child.pid); } catch { /* it is gone */ } } };
}

export async function newWallet(provider, ether = 1000n) {
	const wallet = ethers.Wallet.createRandom().connect(provider);
	await provider.send('anvil_setBalance', [wallet.address, ethers.toQuantity(ether * ETHER)]);
	return wallet;
}

/* ---- contracts ------------------------------------------------------------------------------------------------ */

const sent = async transaction => (await transaction).wait();

export async function deploy(contract, wallet, ...args) {
	const c = await new ethers.ContractFactory(contract.abi, contract.bytecode, wallet).deploy(...args);
	return c.waitForDeployment();
}

/* The namespaces of storage [ERC-7201], which the initialisers of the genuine contracts would fill. */
const namespace = name => ethers.toBigInt(ethers.keccak256(word(ethers.toBigInt(ethers.id(name)) - 1n))) & ~0xffn;
const mapped = (key, type, slot) => ethers.keccak256(abi.encode([type, 'uint256'], [key, slot]));
const shortString = s => ethers.concat([ethers.toUtf8Bytes(s), new Uint8Array(31 - s.length), new Uint8Array([2 * s.length])]);

/* KMSVerifier with these signers, for answers under the domain of `decryption`; ACL that allows what allow() names. */
async function hostContracts(provider, contract, signers, threshold, decryption) {
	const at = { acl: '0x41434c0000000000000000000000000000000001', verifier: '0x4b4d535665726966696572000000000000000001' };
	const set = (address, slot, value) => provider.send('anvil_setStorageAt', [address, word(slot), ethers.zeroPadValue(value, 32)]);
	const acl = contract('ACL'), verifier = contract('KMSVerifier');
	await provider.send('anvil_setCode', [at.acl, acl.deployedBytecode]);
	await provider.send('anvil_setCode', [at.verifier, verifier.deployedBytecode]);
	const KV = 0x7e81a744be86773af8644dd7304fa1dc9350ccabf16cfcaa614ddb78b4ce8900n;
	const E = 0xe910845fd818f61127c84f3586776436a37dead33625056c65162537e3373600n;
	for (const s of signers) await set(at.verifier, mapped(s, 'address', KV), word(1));
	await set(at.verifier, KV + 2n, word(threshold));
	await set(at.verifier, E + 2n, shortString('Decryption'));
	await set(at.verifier, E + 3n, shortString('1'));
	await set(at.verifier, E + 4n, word(BigInt(CHAIN_ID) << 160n | BigInt(decryption)));
	return hostAt(provider, contract, at);
}

function hostAt(provider, contract, at) {
	const set = (slot, value) => provider.send('anvil_setStorageAt', [at.acl, word(slot), ethers.zeroPadValue(value, 32)]);
	const base = namespace('fhevm.storage.ACL');
	return {
		acl: new ethers.Contract(at.acl, contract('ACL').abi, provider),
		verifier: new ethers.Contract(at.verifier, contract('KMSVerifier').abi, provider),
		allowForDecryption: handle => set(mapped(handle, 'bytes32', base + 1n), word(1)),
		allow: (handle, account) => set(mapped(account, 'address', mapped(handle, 'bytes32', base)), word(1)),
	};
}

/* With an ACL of the later profile, whose owner says what is whose; the KMSVerifier stays the genuine one. */
const laterHost = (host, acl) => ({
	...host, acl,
	allowForDecryption: async handle => sent(acl.allowForDecryption([handle])),
	allow: async (handle, account) => sent(acl.allow(handle, account)),
});

/* The nodes of a devnet as ProtocolConfig describes them, without their wallets; of one node alone there is nothing to say. */
export const partiesOf = (devnet, dir) => devnet.parties.filter(p => p.mpc).map(p => ({
	ipAddress: `https://${p.mpc}`, storageUrl: p.http, storagePrefix: 'PUB', mpcIdentity: `party-${p.party_id}`,
	caCert: fs.readFileSync(path.join(dir, `party-${p.party_id}`, 'tls', 'ca.pem')),
}));

/* A context's members, and its thresholds when so many nodes may be corrupt. */
export const membersOf = (nodes, parties, numbers = nodes.map((_, i) => i + 1)) => nodes.map((n, i) => {
	const { ipAddress = '127.0.0.1', storageUrl = '', mpcIdentity = `party-${i + 1}`, caCert = '0x', storagePrefix = '' } = parties[i] ?? {};
	return [n.wallet.address, n.signer, ipAddress, storageUrl, numbers[i], mpcIdentity, caCert, storagePrefix];
});
export const thresholdsOf = t => [2 * t + 1, 2 * t + 1, 2 * t + 1, t];

/*
 * Everything deployed.  signers: one address a node.  threshold: how many nodes may be corrupt.  Wallets are made for nodes
 * (tx senders) and coprocessors; buckets are the coprocessors' URLs.  host: another chain, on which the later profile has keys,
 * contexts and its ACL; the wallets of owner and nodes are known there, too.  parties: what partiesOf says, for the first context.
 */
export async function deployGateway({ provider, contract, signers, threshold, buckets, profile = 'gateway-v0.11', host: second = null, parties = [] }) {
	const later = profile === 'v0.15', hostProvider = second ?? provider;
	const owner = await newWallet(provider), nodes = [], coprocessors = [];
	for (const signer of signers) nodes.push({ wallet: await newWallet(provider), signer });
	for (const url of buckets) coprocessors.push({ wallet: await newWallet(provider), url });

	const there = wallet => second ? wallet.connect(second) : wallet;
	if (second) for (const w of [owner, ...nodes.map(n => n.wallet)])
		await second.send('anvil_setBalance', [w.address, ethers.toQuantity(1000n * ETHER)]);
	const configOf = async by => {
		const config = await deploy(contract('GatewayConfig'), by);
		await sent(config.updateKmsNodes(nodes.map(n => [n.wallet.address, n.signer, '127.0.0.1', '']), threshold,
			2 * threshold + 1, 2 * threshold + 1, 2 * threshold + 1));
		return config;
	};
	const config = await configOf(owner);
	await sent(config.updateCoprocessors(coprocessors.map(c => [c.wallet.address, c.wallet.address, c.url]),
		Math.floor(coprocessors.length / 2) + 1));
	const commits = await deploy(contract('CiphertextCommits'), owner, config);
	const decryption = await deploy(contract(later ? 'DecryptionV15' : 'Decryption'), owner, config, commits);
	let protocol = null, generation;
	if (later) {
		const by = there(owner);
		protocol = await deploy(contract('ProtocolConfig'), by, membersOf(nodes, parties), thresholdsOf(threshold), '0.1.0', []);
		generation = await deploy(contract('KMSGenerationV15'), by, second ? await configOf(by) : config, protocol);
	} else {
		generation = await deploy(contract('KMSGeneration'), owner, config);
	}
	let host = await hostContracts(hostProvider, contract, signers, 2 * threshold + 1, await decryption.getAddress());
	if (later) host = laterHost(host, await deploy(contract('HostACL'), there(owner)));
	/* A contract that asks stands where it can see both. */
	const asker = second ? null : await deploy(contract('Asker'), owner, host.verifier, decryption);
	return { owner, nodes, coprocessors, config, commits, decryption, generation, protocol, asker, attests: later,
		handleChain: second ? HOST_CHAIN_ID : CHAIN_ID, ...host };
}

/* ---- keys ----------------------------------------------------------------------------------------------------- */

const PARAMS = { default: 0, test: 1 };

/* The arguments of the event of this name that a contract emitted in the transaction. */
export const eventIn = (contract, receipt, name) =>
	receipt.logs.map(l => contract.interface.parseLog(l)).find(e => e?.name === name)?.args;

/* Asks for a key: the id of its preprocessing; that of the key has another tag. */
export async function askKey(g, params) {
	if (!(params in PARAMS)) throw new Error(`--params ${params}: contracts know ${Object.keys(PARAMS).join(' and ')}`);
	const receipt = await sent(g.generation.connect(g.owner).keygen(PARAMS[params]));
	return eventIn(g.generation, receipt, 'PrepKeygenRequest').prepKeygenId;
}
export const keyOf = prepId => prepId + (1n << 248n);

/* A handle for a ciphertext: 21 bytes of its hash, its chain, the type, version 0. */
export const handleOf = (ciphertext, type, chainId = CHAIN_ID) => ethers.concat([ethers.dataSlice(ethers.keccak256(ciphertext), 0, 21), '0xff',
	ethers.toBeHex(chainId, 8), ethers.toBeHex(type, 1), '0x00']);

/* ---- buckets -------------------------------------------------------------------------------------------------- */

const FORMATS = { 'big-compressed': 'compressed_on_cpu', 'big-expanded': 'uncompressed_on_cpu' };

/* DIR/N/NAME over HTTP as /N/NAME, with the headers that say its format (DIR/N/NAME.format) and what is attested (.attestation). */
export async function serveBuckets(dir, port) {
	const server = http.createServer((request, response) => {
		const file = path.join(dir, path.normalize('/' + request.url));
		if (request.method !== 'GET' && request.method !== 'HEAD' || !fs.existsSync(file) || !fs.statSync(file).isFile()) {
			response.writeHead(404).end();
			return;
		}
		const about = suffix => fs.existsSync(file + suffix) ? fs.readFileSync(file + suffix, 'utf8') : '';
		const attested = about('.attestation');
		response.writeHead(200, { 'Content-Length': fs.statSync(file).size, 'x-amz-meta-Ct-Format': about('.format'),
			...attested && { 'x-amz-meta-ct-attestation': attested } });
		if (request.method === 'HEAD') response.end();
		else fs.createReadStream(file).pipe(response);
	});
	await new Promise((yes, no) => server.on('error', no).listen(port ?? 0, '127.0.0.1', yes));
	return { url: `http://127.0.0.1:${server.address().port}`, stop: () => server.close() };
}

const FORMAT_NUMBERS = { compressed_on_cpu: 11, uncompressed_on_cpu: 10 };

/* What a coprocessor signs of a ciphertext, for the header of its object. */
export function attestation(wallet, handle, keyId, digest, squashed, format) {
	const { address, signingKey } = wallet.signer ?? wallet;
	const said = ethers.concat([ethers.toUtf8Bytes('FHEVMCTA'), '0x01', handle, word(keyId), word(1), digest, squashed,
		ethers.toBeHex(FORMAT_NUMBERS[format], 1)]);
	return JSON.stringify({ version: 1, key_id: ethers.toQuantity(keyId), ciphertext_digest: digest, sns_ciphertext_digest: squashed, format,
		signer: address.toLowerCase(), signature: signingKey.sign(ethers.keccak256(said)).serialized });
}

/* Puts a ciphertext into every bucket and has every coprocessor vouch for it; returns its handle.  liar: one that attests something else. */
export async function publish(gateway, dir, keyId, ciphertext, type, format, liar = -1) {
	const handle = handleOf(ciphertext, type, gateway.handleChain), digest = ethers.keccak256(ciphertext);
	for (const [i, c] of gateway.coprocessors.entries()) {
		const file = path.join(dir, String(i), digest.slice(2));
		fs.mkdirSync(path.dirname(file), { recursive: true });
		fs.writeFileSync(file, ciphertext);
		fs.writeFileSync(file + '.format', FORMATS[format]);
		if (gateway.attests) {
			const object = path.join(dir, String(i), 'ct128', handle.slice(2), '1'), squashed = i === liar ? ethers.id('a lie') : digest;
			fs.mkdirSync(path.dirname(object), { recursive: true });
			fs.writeFileSync(object, ciphertext);
			fs.writeFileSync(object + '.attestation', attestation(c.wallet, handle, keyId, digest, squashed, FORMATS[format]));
		}
		await sent(gateway.commits.connect(c.wallet).addCiphertextMaterial(handle, keyId, digest, digest));
	}
	return handle;
}

/* ---- by hand -------------------------------------------------------------------------------------------------- */

function options(argv) {
	const o = {};
	for (let i = 0; i < argv.length; i += 2) {
		if (!argv[i].startsWith('--') || argv[i + 1] === undefined) throw new Error(`${argv[i]} is not understood`);
		o[argv[i].slice(2)] = argv[i + 1];
	}
	return o;
}

const secret = (file, text) => { fs.mkdirSync(path.dirname(file), { recursive: true }); fs.writeFileSync(file, text + '\n', { mode: 0o600 }); };

async function up({ dir, nodes, profile = 'gateway-v0.11', port, compiled: folder = path.join(dir, 'contracts') }) {
	const devnet = JSON.parse(fs.readFileSync(nodes)), parties = partiesOf(devnet, path.dirname(nodes));
	fs.mkdirSync(dir, { recursive: true });
	const contract = compiled(folder);
	const chain = await startChain({ anvil: path.join(folder, 'anvil'), port, dir, detached: true });
	const bucketPort = await freePort();
	const buckets = startBuckets(path.join(dir, 'buckets'), bucketPort);
	const undo = () => { chain.stop(); try { process.kill(buckets); } catch { /* it is gone */ } };
	for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => { undo(); process.exit(1); });
	const g = await deployGateway({
		provider: chain.provider, contract, profile, threshold: devnet.threshold, signers: devnet.parties.map(p => p.signer),
		parties,
		buckets: [0, 1, 2].map(i => `http://127.0.0.1:${bucketPort}/${i}`),
	}).catch(e => { undo(); throw e; });
	const wallet = (name, w) => {
		const file = path.join(dir, 'wallets', name + '.key');
		secret(file, w.privateKey);
		return { address: w.address, key_file: file };
	};
	const about = {
		profile, compiled: path.resolve(folder), chain: { url: chain.url, chain_id: CHAIN_ID, pid: chain.pid },
		buckets: { url: `http://127.0.0.1:${bucketPort}`, dir: path.join(dir, 'buckets'), pid: buckets },
		contracts: Object.fromEntries(await Promise.all(Object.entries({
			decryption: g.decryption, kms_generation: g.generation, gateway_config: g.config, ciphertext_commits: g.commits,
			protocol_config: g.protocol, acl: g.acl, kms_verifier: g.verifier, asker: g.asker,
		}).filter(([, c]) => c).map(async ([name, c]) => [name, await c.getAddress()]))),
		owner: wallet('owner', g.owner),
		nodes: g.nodes.map((n, i) => ({ ...wallet(`node-${i + 1}`, n.wallet), signer: n.signer })),
		coprocessors: g.coprocessors.map((c, i) => ({ ...wallet(`coprocessor-${i}`, c.wallet), bucket: c.url })),
	};
	fs.writeFileSync(path.join(dir, 'gateway.json'), JSON.stringify(about, null, 2) + '\n');
	console.log(JSON.stringify(about));
	process.exit(0);
}

const read = dir => JSON.parse(fs.readFileSync(path.join(dir, 'gateway.json')));

/* A number that the system has given to somebody else since is not ours: its command line names another port. */
function runs({ pid, url }) {
	try { return fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(new URL(url).port); } catch { return false; }
}

function startBuckets(dir, port) {
	const buckets = spawn(process.execPath, [fileURLToPath(import.meta.url), 'buckets', '--dir', dir, '--port', String(port)],
		{ detached: true, stdio: 'ignore' });
	buckets.unref();
	return buckets.pid;
}

/* The chain saves its state before it ends. */
async function down({ dir }) {
	const { chain, buckets } = read(dir);
	for (const p of [chain, buckets]) if (runs(p)) process.kill(p.pid);
	for (const p of [chain, buckets]) await until(30, 'the chain does not end', () => !runs(p));
}

async function start({ dir }) {
	const about = read(dir), { chain, buckets } = about;
	if (!runs(chain))
		chain.pid = (await startChain({ anvil: path.join(about.compiled, 'anvil'), port: new URL(chain.url).port, dir, detached: true })).pid;
	if (!runs(buckets)) buckets.pid = startBuckets(buckets.dir, new URL(buckets.url).port);
	fs.writeFileSync(path.join(dir, 'gateway.json'), JSON.stringify(about, null, 2) + '\n');
	process.exit(0);
}

/* ---- a contract asks ------------------------------------------------------------------------------------------- */

const UINT64 = 5;

/* What deployGateway returned, as far as a user and the coprocessors need it. */
function connect(about) {
	const contract = compiled(about.compiled), at = about.contracts;
	const provider = new ethers.JsonRpcProvider(about.chain.url, CHAIN_ID, { staticNetwork: true, cacheTimeout: -1, pollingInterval: 100 });
	const wallet = w => new ethers.NonceManager(new ethers.Wallet(fs.readFileSync(w.key_file, 'utf8').trim(), provider));
	const later = about.profile === 'v0.15', owner = wallet(about.owner), host = hostAt(provider, contract, { acl: at.acl, verifier: at.kms_verifier });
	const found = (name, address) => new ethers.Contract(address, contract(name).abi, owner), of = name => name + (later ? 'V15' : '');
	return {
		provider, owner, coprocessors: about.coprocessors.map(c => ({ wallet: wallet(c) })), commits: found('CiphertextCommits', at.ciphertext_commits),
		decryption: found(of('Decryption'), at.decryption), generation: found(of('KMSGeneration'), at.kms_generation), asker: found('Asker', at.asker),
		attests: later, handleChain: CHAIN_ID, ...later ? laterHost(host, found('HostACL', at.acl)) : host,
	};
}

function run(program, ...words) {
	const { status, stderr, error } = spawnSync(program, words, { encoding: 'utf8' });
	if (status !== 0) throw new Error(`${path.basename(program)} ${words[0]}: ${error?.message ?? stderr.trim()}`);
}

const hexId = id => ethers.toBeHex(id, 32).slice(2);

/* The value as a handle whose ciphertext lies in the buckets: what an application and the coprocessors do. */
async function encrypted(g, about, devnet, value, arca) {
	const active = await g.generation.getActiveKeyId(), key = active ? hexId(active) : devnet.key_id;
	const { http } = devnet.parties[0], dir = fs.mkdtempSync(path.join(path.dirname(about.buckets.dir), 'ask-'));
	if (!key) throw new Error("there is no key: the devnet was made with --keygen none; 'gateway.mjs keygen' asks for one");
	try {
		run(arca, 'encrypt', '--public-key', `${http}/PUB/PublicKey/${key}`, '--type', 'uint64', '--value', value, '--out', path.join(dir, 'list'));
		run(arca, 'coprocess', '--keyset', `${http}/PUB/CompressedXofKeySet/${key}`, '--in', path.join(dir, 'list'),
			'--format', 'big-compressed', '--out-dir', dir);
		return await publish(g, about.buckets.dir, BigInt('0x' + key), fs.readFileSync(path.join(dir, '0.bin')), UINT64, 'big-compressed');
	} finally {
		fs.rmSync(dir, { recursive: true, force: true });
	}
}

async function until(seconds, what, find) {
	for (const end = Date.now() + seconds * 1000; ; await new Promise(r => setTimeout(r, 50))) {
		const found = await find();
		if (found) return found;
		if (Date.now() > end) throw new Error(`${what} within ${seconds} s; 'arca connector status' may say why`);
	}
}

async function ask({ dir, nodes, value, arca = 'arca' }) {
	const about = read(dir), g = connect(about), devnet = JSON.parse(fs.readFileSync(nodes));
	let began = Date.now();
	const told = what => {
		console.log(`${((Date.now() - began) / 1000).toFixed(1).padStart(6)} s  ${what}`);
		began = Date.now();
	};
	if (!/^\d+$/.test(value ?? '') || BigInt(value) >> 64n) throw new Error('--value wants a number of 64 bits');
	const handle = await encrypted(g, about, devnet, value, arca);
	told(`encrypted, in ${about.coprocessors.length} buckets, and each coprocessor vouches for it: handle ${handle}`);
	await g.allowForDecryption(handle);
	told('the ACL of the host chain allows everybody to know the value');
	const receipt = await sent(g.asker.ask(handle));
	const id = eventIn(g.decryption, receipt, 'PublicDecryptionRequest').decryptionId;
	told(`the contract asks: decryption ${ethers.toBeHex(id, 32)}, block ${receipt.blockNumber}`);
	const { decryptedResult, signatures } = (await until(60, 'no answer came on chain',
		async () => (await g.decryption.queryFilter(g.decryption.filters.PublicDecryptionResponse(id), 0))[0])).args;
	told(`the connectors bring the answer on chain, with ${signatures.length} signatures of the nodes`);
	await sent(g.asker.callback(decryptedResult, ethers.concat([ethers.toBeHex(signatures.length, 1), ...signatures])));
	const got = await g.asker.value();
	told(`the contract's callback takes it, after KMSVerifier verified every signature: ${got}`);
	if (got !== BigInt(value)) throw new Error(`${value} was encrypted, and the contract received ${got}`);
	process.exit(0);
}

/* ---- keys, by hand -------------------------------------------------------------------------------------------- */

const HOURS = 3600;
const first = async (contract, name, wanted) => (await contract.queryFilter(contract.filters[name](), 0)).find(e => wanted(e.args))?.args;

async function init({ dir }) {
	const g = connect(read(dir));
	await sent(g.generation.prssInit());
	console.log("asked for: nodes set up their first epoch; 'arca epoch status' says when it is there");
	process.exit(0);
}

async function keygen({ dir, params = 'test', out }) {
	const about = read(dir), g = connect(about), began = Date.now(), seconds = since => (Date.now() - since) / 1000;
	const prepId = await askKey(g, params), keyId = keyOf(prepId);
	console.log(`asked for: preprocessing ${hexId(prepId)}`);
	await until(4 * HOURS, 'no preprocessing was signed by enough nodes',
		() => first(g.generation, 'KeygenRequest', e => e.prepKeygenId === prepId));
	const prepared = Date.now(), preprocessing_s = seconds(began);
	console.log(`${preprocessing_s.toFixed(1).padStart(6)} s  enough nodes have signed it; the contract asks for key ${hexId(keyId)}`);
	const key = await until(4 * HOURS, 'no key was signed by enough nodes', () => first(g.generation, 'ActivateKey', e => e.keyId === keyId));
	const keygen_s = seconds(prepared);
	console.log(`${keygen_s.toFixed(1).padStart(6)} s  the key is active: enough nodes have signed the same ${key.keyDigests.length} digests`);
	const all = about.nodes.length, answered = async () => (await g.generation.queryFilter(g.generation.filters.KeygenResponse(), 0))
		.filter(e => e.args.keyId === keyId).length;
	await until(60, '', async () => await answered() === all).catch(() => {});
	console.log(`answers of ${await answered()} of ${all} nodes are on chain`);
	if (out) fs.writeFileSync(out, JSON.stringify({ prep_id: hexId(prepId), key_id: hexId(keyId), preprocessing_s, keygen_s }) + '\n');
	process.exit(0);
}

async function reshare({ dir }) {
	const g = connect(read(dir)), keyId = await g.generation.getActiveKeyId();
	if (!keyId) throw new Error("no key is active on chain; 'gateway.mjs keygen' asks for one");
	const { keyReshareId } = eventIn(g.generation, await sent(g.generation.keyReshareSameSet(keyId)), 'KeyReshareSameSet');
	console.log(`asked for: reshare ${hexId(keyReshareId)} of key ${hexId(keyId)}, to an epoch of its own`);
	process.exit(0);
}

async function crsgen({ dir, bits = '2048' }) {
	const g = connect(read(dir));
	if (!/^\d+$/.test(bits)) throw new Error(`--bits ${bits}: a number is wanted`);
	const { crsId } = eventIn(g.generation, await sent(g.generation.crsgenRequest(bits, PARAMS.test)), 'CrsgenRequest');
	console.log(`asked for: CRS ${hexId(crsId)}`);
	process.exit(0);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
	const verbs = { up, down, start, ask, init, keygen, reshare, crsgen, buckets: ({ dir, port }) => serveBuckets(dir, Number(port)) };
	try {
		const verb = verbs[process.argv[2]];
		if (!verb) throw new Error(`usage: node gateway.mjs up|down|start|ask|init|keygen|reshare|crsgen --dir DIR ... (${process.argv[2] ?? 'nothing'} is not understood)`);
		await verb(options(process.argv.slice(3)));
	} catch (e) {
		console.error(`gateway: ${e.message}`);
		process.exit(1);
	}
}
