// SPDX-License-Identifier: MIT
/*
 * v015.mjs -- the contracts of v0.15 on two chains: decryptions on the gateway's, keys and contexts on a host chain.  Four connectors hear
 * both, four nodes answer, and each answer stands on the chain of its request.  One of the three coprocessors lies all the time.
 *
 * Both chains are anvil; the contracts are those of contracts/, beside the genuine KMSVerifier.  The host chain goes on by itself, for
 * what is asked there counts once it is final.
 */
import {
	BUILD, arca, assert, coprocess, ethers, finish, freePorts, fs, onExit, path, startCluster, startNode, tempDir, test, unhex, until,
} from './lib.mjs';
import { randomValue, tfhe17, typeNamed } from './tfhe.mjs';
import { assertClosed, connectorAt, counted, startConnector } from './connectors.mjs';
import { User } from './tkms.mjs';
import {
	CHAIN_ID, HOST_CHAIN_ID, compiled, deploy, deployGateway, membersOf, newWallet, partiesOf, publish, serveBuckets, startChain, thresholdsOf,
} from '../../contracts/gateway.mjs';

const N = 4, LIAR = 1, folder = path.join(BUILD, 'contracts'), contract = compiled(folder), dir = tempDir();
const net = await startCluster(N);
const chain = await startChain({ anvil: path.join(folder, 'anvil') }), { provider } = chain;
onExit(() => chain.stop());
const host = await startChain({ anvil: path.join(folder, 'anvil'), chainId: HOST_CHAIN_ID });
onExit(() => host.stop());
const buckets = await serveBuckets(dir);
onExit(() => buckets.stop());
const signers = net.info.parties.map(p => p.signer), parties = partiesOf(net.info, net.dir);
const g = await deployGateway({ provider, contract, threshold: 1, signers, parties, profile: 'v0.15', host: host.provider,
	buckets: [0, 1, 2].map(i => `${buckets.url}/${i}`) });
const at = Object.fromEntries(await Promise.all(['decryption', 'generation', 'config', 'protocol', 'acl'].map(async k => [k, await g[k].getAddress()])));
const heartbeat = setInterval(() => host.provider.send('evm_mine', []).catch(() => {}), 250);
onExit(() => clearInterval(heartbeat));
const word = n => ethers.toBeHex(n, 32);
const CONTEXT = (7n << 248n) + 1n, EPOCH = (8n << 248n) + 1n;
const now = { context: ethers.concat(['0x01', word(CONTEXT)]), epoch: ethers.concat(['0x02', word(CONTEXT), word(EPOCH)]) };

/* ---- connectors ---------------------------------------------------------------------------------------------------- */

const first = await freePorts(N);

/* The configuration of a connector for party i, which pays with this wallet and hears what happens from these blocks on. */
function configure(i, party, wallet, port, blocks = [0, 0]) {
	const file = path.join(dir, `connector-${i}.toml`), key = path.join(dir, `wallet-${i}.key`);
	fs.writeFileSync(key, wallet.privateKey + '\n', { mode: 0o600 });
	fs.writeFileSync(file, `profile = "v0.15"
database_url = "sqlite:${dir}/connector-${i}.db"
gateway_url = ["${chain.url}"]
gateway_chain_id = ${CHAIN_ID}
ethereum_url = ["${host.url}"]
ethereum_chain_id = ${HOST_CHAIN_ID}
ethereum_tx_required_confirmations = 2
kms_core_endpoints = ["http://${party.grpc}"]
private_key_file = "${key}"
monitoring_endpoint = "127.0.0.1:${port}"
decryption_contract.address = "${at.decryption}"
kms_generation_contract.address = "${at.generation}"
gateway_config_contract.address = "${at.config}"
protocol_config_contract.address = "${at.protocol}"
decryption_polling = "100ms"
key_management_polling = "100ms"
db_long_event_polling = "500ms"
decryption_from_block_number = ${blocks[0]}
kms_operation_from_block_number = ${blocks[1]}
max_decryption_attempts = 50
allow_insecure_key = true
[[host_chains]]
url = "${host.url}"
chain_id = ${HOST_CHAIN_ID}
acl_address = "${at.acl}"
`);
	return file;
}
const configs = net.info.parties.map((p, i) => configure(i + 1, p, g.nodes[i].wallet, first + i));
const connectors = configs.map(file => startConnector(file));
for (let i = 0; i < N; i++) await connectorAt(first + i);

/* ---- asking -------------------------------------------------------------------------------------------------------- */

async function encrypted(type, value, format = 'big-compressed', keyId = net.keyId) {
	const publicKey = await net.file('PublicKey', keyId), keyset = path.join(net.dir, `party-1/public/PUB/CompressedXofKeySet/${keyId}`);
	const [c] = coprocess(keyset, tfhe17.encrypt(publicKey, [{ type, value }]), format);
	return publish(g, dir, BigInt('0x' + keyId), c.ciphertext, type.code, format, LIAR);
}
const logs = async (c, name, ...args) => c.queryFilter(c.filters[name](...args), 0);
const some = (what, c, name, ...args) => until(what, async () => { const l = await logs(c, name, ...args); return l.length && l; });
const idIn = (receipt, name) => receipt.logs.map(l => g.decryption.interface.parseLog(l)).find(e => e?.name === name).args.decryptionId;
const mined = async transaction => (await transaction).wait();
const asked = async (handles, extra) =>
	idIn(await mined(g.decryption.connect(g.owner).publicDecryptionRequest(handles, extra)), 'PublicDecryptionRequest');

await test('a value is public with the signatures of the nodes, whatever its extra data name', async () => {
	for (const [name, extra, format] of [['uint16', '0x00', 'big-compressed'], ['uint64', now.context, 'big-expanded'],
		['bool', now.epoch, 'big-compressed']]) {
		const type = typeNamed(name), value = randomValue(type), handle = await encrypted(type, value, format);
		await g.allowForDecryption(handle);
		const [answer] = await some('answer', g.decryption, 'PublicDecryptionResponse', await asked([handle], extra));
		const { decryptedResult, signatures, extraData } = answer.args;
		assert.equal(BigInt(decryptedResult), value);
		assert.equal(extraData, extra === '0x00' ? '0x' : extra);
		const proof = ethers.concat([ethers.toBeHex(signatures.length, 1), ...signatures, extraData]);
		if (extraData === '0x') assert.equal(await g.verifier.verifyDecryptionEIP712KMSSignatures.staticCall([handle], decryptedResult, proof), true);
	}
});

/* ---- users --------------------------------------------------------------------------------------------------------- */

const fields = list => ({ UserDecryptRequestVerification: list.map(([type, name]) => ({ type, name })) });
const SIGNED = fields([['address', 'userAddress'], ['bytes', 'publicKey'], ['address[]', 'allowedContracts'], ['uint256', 'startTimestamp'],
	['uint256', 'durationSeconds'], ['bytes', 'extraData']]);
const CHECKED = fields([['bytes', 'publicKey'], ['address[]', 'contractAddresses'], ['uint256', 'startTimestamp'], ['uint256', 'durationDays'],
	['bytes', 'extraData']]);
const domain = { name: 'Decryption', version: '1', chainId: HOST_CHAIN_ID, verifyingContract: at.decryption };
const clock = async () => (await host.provider.getBlock('latest')).timestamp;
const request = (form, ...args) => g.decryption.connect(g.owner).getFunction(`userDecryptionRequest(${form})`)(...args);
const userId = async transaction => idIn(await mined(transaction), 'UserDecryptionRequest');

/* A request that connectors check (RFC-016), and what differs from a good one. */
async function askFor(handle, dapp, owner, wallet, user, { allowed = [], start, seconds = 3600, by = wallet, extra = '0x00' } = {}) {
	const publicKey = ethers.hexlify(user.encKey), startTimestamp = start ?? await clock() - 10;
	const signature = await by.signTypedData(domain, SIGNED, { userAddress: wallet.address, publicKey, allowedContracts: allowed, startTimestamp,
		durationSeconds: seconds, extraData: extra });
	return userId(request('(bytes32,address,address)[],address,bytes,address[],(uint256,uint256),bytes,bytes', [[handle, dapp, owner]],
		wallet.address, publicKey, allowed, [startTimestamp, seconds], signature, extra));
}

/* The older form, which the contract has checked. */
async function askAsBefore(handle, dapp, wallet, user) {
	const publicKey = ethers.hexlify(user.encKey), startTimestamp = await clock() - 10;
	const signature = await wallet.signTypedData(domain, CHECKED, { publicKey, contractAddresses: [dapp], startTimestamp, durationDays: 1, extraData: '0x00' });
	return userId(request('(bytes32,address)[],(uint256,uint256),(uint256,address[]),address,bytes,bytes,bytes', [[handle, dapp]], [startTimestamp, 1],
		[HOST_CHAIN_ID, [dapp]], wallet.address, publicKey, signature, '0x00'));
}
const shared = id => until('shares', async () => { const l = await logs(g.decryption, 'UserDecryptionResponse', id); return l.length === N && l; });
async function read(user, handle, id) {
	const answers = (await shared(id)).map(s => ({ payload: unhex(s.args.userDecryptedShare), signature: unhex(s.args.signature) }));
	return user.open(signers, [unhex(handle)], { ...net.domain, verifying_contract: at.decryption }, answers);
}

const type = typeNamed('uint32'), value = randomValue(type), handle = await encrypted(type, value), dapp = ethers.Wallet.createRandom().address;
const owner = await newWallet(host.provider), friend = await newWallet(host.provider), user = new User(owner.address);
await g.allow(handle, owner.address);
await g.allow(handle, dapp);

await test('a user reads what is the own, and what was delegated, with nothing but a signature', async () => {
	const mine = await askFor(handle, dapp, owner.address, owner, user, { allowed: [ethers.Wallet.createRandom().address, dapp] });
	assert.deepEqual(await read(user, handle, mine), [{ type: type.code, value }]);
	await mined(g.acl.connect(owner).delegateForUserDecryption(friend.address, dapp, await clock() + 3600));
	const other = new User(friend.address);
	assert.deepEqual(await read(other, handle, await askFor(handle, dapp, owner.address, friend, other)), [{ type: type.code, value }]);
});

await test('the older form is answered as before, and shares name the context that was asked for', async () => {
	assert.deepEqual(await read(user, handle, await askAsBefore(handle, dapp, owner, user)), [{ type: type.code, value }]);
	/* node-tkms 0.12.8 knows no extra data; the contract has checked what the nodes signed, and the context. */
	for (const s of await shared(await askFor(handle, dapp, owner.address, owner, user, { extra: now.epoch }))) assert.equal(s.args.extraData, now.epoch);
});

/* What connector i says of the request that failed last. */
const failure = (i, whose = 'user') => JSON.parse(arca('connector', 'status', '--config', configs[i], '--json')).queues
	.find(q => q.queue === `${whose}_decryption_request`).last_failure;

await test('what was not signed, is over or was taken back fails at every connector, and says why', async () => {
	const start = await clock() - 10;
	for (const [words, change] of [
		[/not the user's/, { by: friend }],
		[/ended \d+ s ago/, { start: start - 100, seconds: 50 }],
		[/the user is one of the allowed contracts/, { allowed: [owner.address] }],
		[/taken back what was signed before/, { start: start - 1000 }],
	]) {
		if (change.start === start - 1000) await mined(g.acl.connect(owner).invalidateDecryptionSignaturesBefore(start - 500));
		const id = await askFor(handle, dapp, owner.address, owner, user, change);
		for (let i = 0; i < N; i++) {
			const last = await until(`failure at connector ${i + 1}`, () => { const f = failure(i); return f?.id === word(id) && f; });
			assert.match(last.reason, words);
		}
		assert.deepEqual(await logs(g.decryption, 'UserDecryptionResponse', id), []);
	}
});

await test('a user that is a contract reads what its owners sign together, once it takes their signatures for its own', async () => {
	const pair = [friend, await newWallet(host.provider)], stranger = ethers.Wallet.createRandom();
	const account = await deploy(contract('SharedWallet'), friend, pair.map(w => w.address)), wallet = { address: await account.getAddress() };
	const signedBy = (...who) => ({ signTypedData: async (...what) => ethers.concat(await Promise.all(who.map(w => w.signTypedData(...what)))) });
	const user = new User(wallet.address), type = typeNamed('uint16'), value = randomValue(type), handle = await encrypted(type, value);
	await g.allow(handle, wallet.address);
	await g.allow(handle, dapp);
	const ours = await askFor(handle, dapp, wallet.address, wallet, user, { allowed: [dapp], by: signedBy(...pair) });
	assert.deepEqual(await read(user, handle, ours), [{ type: type.code, value }]);
	const refusals = () => Promise.all(configs.map((_, i) => counted(first + i, 'kms_connector_worker_request_check_errors{check_type="signature"}')));
	const before = await refusals();
	const early = await askFor(handle, dapp, wallet.address, wallet, user, { by: signedBy(friend, stranger) });
	await until('refusal by every connector', async () => (await refusals()).every((n, i) => n > before[i]));
	assert.deepEqual(await logs(g.decryption, 'UserDecryptionResponse', early), []);
	await mined(account.connect(friend).replaceOwner(1, stranger.address));
	assert.deepEqual(await read(user, handle, early), [{ type: type.code, value }]);
});

/* ---- keys ---------------------------------------------------------------------------------------------------------- */

await test('a key is asked for, made and agreed upon, on the host chain, and what is encrypted under it can be read', async () => {
	await mined(g.generation.keygen(1));
	const [prep] = await logs(g.generation, 'PrepKeygenRequest(uint256,uint8,bytes)');
	assert.equal(prep.args.extraData, now.epoch);
	const [key] = await some('key', g.generation, 'ActivateKey');
	assert.deepEqual([key.args.keyId, key.args.keyDigests.length > 0], [await g.generation.getActiveKeyId(), true]);
	const senders = (await logs(g.generation, 'KeygenResponse')).map(r => r.args.kmsTxSender), wallets = g.nodes.map(n => n.wallet.address);
	assert.ok(senders.length >= 3 && senders.every(s => wallets.includes(s)));
	const type = typeNamed('uint8'), value = randomValue(type), handle = await encrypted(type, value, 'big-compressed', word(key.args.keyId).slice(2));
	await g.allowForDecryption(handle);
	const [answer] = await some('answer', g.decryption, 'PublicDecryptionResponse', await asked([handle], now.epoch));
	assert.equal(BigInt(answer.args.decryptedResult), value);
});

/* ---- epochs -------------------------------------------------------------------------------------------------------- */

await test('a new epoch takes over the key, enough nodes attest it on chain, and requests may name it; the old one ends', async () => {
	const first = (await logs(g.generation, 'ActivateKey')).at(-1).args.keyId, next = EPOCH + 1n;
	const fresh = ethers.concat(['0x02', word(CONTEXT), word(next)]);
	await mined(g.protocol.defineNewEpochForCurrentKmsContext());
	const [active] = await some('epoch', g.protocol, 'ActivateEpoch');
	assert.deepEqual([active.args.kmsContextId, active.args.epochId], [CONTEXT, next]);
	assert.deepEqual(active.args[2].map(k => k.keyId), [first]);
	assert.deepEqual([...await g.protocol.getCurrentKmsContextAndEpoch()], [CONTEXT, next]);
	const type = typeNamed('uint8'), value = randomValue(type), handle = await encrypted(type, value, 'big-compressed', word(first).slice(2));
	await g.allowForDecryption(handle);
	const [answer] = await some('answer', g.decryption, 'PublicDecryptionResponse', await asked([handle], fresh));
	assert.equal(BigInt(answer.args.decryptedResult), value);
	await mined(g.protocol.destroyKmsEpoch(EPOCH));
	await until('the end of the epoch at every connector', () => configs.every(file =>
		JSON.parse(arca('connector', 'status', '--config', file, '--json')).queues.find(q => q.queue === 'kms_epoch_destroyed').completed === 1));
	const id = await asked([handle], now.epoch);
	for (let i = 0; i < N; i++)
		assert.match((await until(`failure at connector ${i + 1}`, () => { const f = failure(i, 'public'); return f?.id === word(id) && f; })).reason, /was destroyed/);
});

/* ---- contexts ------------------------------------------------------------------------------------------------------ */

/* The same nodes, each with another number: shares of one context are of no use in the other. */
await test('a new context is told to every node, confirmed by each, has the key in an epoch of its own, and requests may name it', async () => {
	const next = CONTEXT + 1n, keyId = (await logs(g.generation, 'ActivateKey')).at(-1).args.keyId;
	await mined(g.protocol.defineNewKmsContextAndEpoch(membersOf(g.nodes, parties, [2, 3, 4, 1]), thresholdsOf(1), '0.2.0', []));
	const [active] = await some('epoch', g.protocol, 'ActivateEpoch', next);
	assert.equal((await logs(g.protocol, 'KmsContextCreationConfirmation', next)).length, N);
	assert.deepEqual([...await g.protocol.getCurrentKmsContextAndEpoch()], [next, active.args.epochId]);
	const type = typeNamed('uint8'), value = randomValue(type), handle = await encrypted(type, value, 'big-compressed', word(keyId).slice(2));
	await g.allowForDecryption(handle);
	await mined(g.decryption.connect(g.owner).beginKmsContext());
	const extra = ethers.concat(['0x02', word(next), word(active.args.epochId)]);
	const [answer] = await some('answer', g.decryption, 'PublicDecryptionResponse', await asked([handle], extra));
	assert.deepEqual([BigInt(answer.args.decryptedResult), answer.args.extraData], [value, extra]);
});

/* ---- other nodes --------------------------------------------------------------------------------------------------- */

/* Whose transactions brought these answers. */
const sendersOf = async answers => (await Promise.all(answers.map(l => l.getTransaction()))).map(t => t.from).sort();

await test('a node that nobody knew takes the place of another: the key comes to it, its answers count, and the other has none', async () => {
	const fifth = await startNode(net, N + 1), wallet = await newWallet(provider), port = await freePorts(1), held = connectors[N - 1];
	await host.provider.send('anvil_setBalance', [wallet.address, ethers.toQuantity(ethers.parseEther('1000'))]);
	configs.push(configure(N + 1, fifth, wallet, port, [await provider.getBlockNumber(), await host.provider.getBlockNumber()]));
	connectors.push(startConnector(configs[N]));
	await connectorAt(port);
	const nodes = [{ wallet, signer: fifth.signer }, ...g.nodes.slice(1)], wallets = nodes.map(n => n.wallet.address);
	const members = membersOf(nodes, partiesOf({ parties: [fifth, ...net.info.parties.slice(1)] }, net.dir), [2, 3, 4, 1]);
	const [before] = await g.protocol.getCurrentKmsContextAndEpoch(), next = before + 1n;
	const keyId = (await logs(g.generation, 'ActivateKey')).at(-1).args.keyId;
	await mined(g.protocol.defineNewKmsContextAndEpoch(members, thresholdsOf(1), '0.3.0', []));
	const [active] = await some('epoch', g.protocol, 'ActivateEpoch', next);
	await mined(g.config.updateKmsNodes(nodes.map(n => [n.wallet.address, n.signer, '127.0.0.1', '']), 1, 3, 3, 3));
	await mined(g.decryption.connect(g.owner).beginKmsContext());
	const type = typeNamed('uint8'), value = randomValue(type), handle = await encrypted(type, value, 'big-compressed', word(keyId).slice(2));
	const extra = ethers.concat(['0x02', word(next), word(active.args.epochId)]);
	await g.allow(handle, owner.address);
	await g.allow(handle, dapp);
	const mine = await askFor(handle, dapp, owner.address, owner, user, { extra });
	assert.deepEqual(await sendersOf(await shared(mine)), [...wallets].sort());
	/* One of the four stands still, so the three others are all needed. */
	await g.allowForDecryption(handle);
	held.kill('SIGSTOP');
	try {
		const id = await asked([handle], extra), [answer] = await some('answer', g.decryption, 'PublicDecryptionResponse', id);
		assert.deepEqual([BigInt(answer.args.decryptedResult), answer.args.extraData], [value, extra]);
		assert.deepEqual(await sendersOf(await logs(g.decryption, 'PublicDecryptionResponseCall', id)), wallets.slice(0, N - 1).sort());
		const refused = await until('what the node that left says', () => { const f = failure(0, 'public'); return f?.id === word(id) && f; });
		assert.match(refused.reason, /this node is not a party of context/);
	} finally {
		held.kill('SIGCONT');
	}
});

await test('the connectors, which the kernel keeps from the rest of the machine, had all that they needed', () => {
	for (const i of connectors.keys()) assertClosed(connectors[i].pid, configs[i].replace(/toml$/, 'log'));
});
finish();
