// SPDX-License-Identifier: MIT
/*
 * connector.mjs -- the whole way: a contract asks on a chain, four connectors hear it, four nodes decrypt, the signed answers stand on
 * chain, and the contract takes the value.  crashes.mjs kills what takes part.
 *
 * The chain is anvil with the contracts of contracts/, and the genuine ACL and KMSVerifier.  The last connector's wallet is a key that
 * AWS KMS keeps, as an emulator of ours does.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import {
	BUILD, arca, assert, ethers, finish, freePorts, fs, onExit, path, patience, startCluster, startDevnet, tempDir, test, unhex, until,
} from './lib.mjs';
import { assertClosed, connectorAt, counted, encrypter, gatewayFor, idIn, logsOf, startConnector, writeConfig } from './connectors.mjs';
import { randomValue, typeNamed } from './tfhe.mjs';
import { User } from './tkms.mjs';
import { CHAIN_ID, deploy, newWallet } from '../../contracts/gateway.mjs';

const N = 4;
const dir = tempDir(), net = await startCluster(N);
const world = await gatewayFor(net, dir), { provider, g, at } = world, signers = net.info.parties.map(p => p.signer);

/* ---- a wallet in KMS ------------------------------------------------------------------------------------------------ */

const kms = spawn(process.execPath, [fileURLToPath(new URL('../tools/aws_emulator.mjs', import.meta.url))], { stdio: ['pipe', 'pipe', 'inherit'] });
onExit(() => kms.stdin.end());
const kmsUrl = `http://127.0.0.1:${await new Promise(yes => kms.stdout.once('data', d => yes(parseInt(d))))}`, credentials = path.join(dir, 'aws');
await fetch(`${kmsUrl}/_emulator`, { method: 'POST', body: JSON.stringify({ secrets: { 'alias/wallet': g.nodes[N - 1].wallet.privateKey.slice(2) } }) });
fs.writeFileSync(credentials, '[default]\naws_access_key_id = AKIDEMULATOR\naws_secret_access_key = emulator+secret/of+no+use\n', { mode: 0o600 });
const walletInKms = `aws_kms_config.key_id = "alias/wallet"
aws_kms_config.region = "eu-test-1"
aws_kms_config.endpoint = "${kmsUrl}"
aws_kms_config.credentials_file = "${credentials}"`;

/* ---- connectors ---------------------------------------------------------------------------------------------------- */

const first = await freePorts(N), ports = Array.from({ length: N }, (_, i) => first + i), connectors = Array(N).fill(null);
const configs = ports.map((port, i) => {
	const file = path.join(dir, `connector-${i + 1}.toml`);
	return writeConfig(world, net, i, { file, database: `sqlite:${file.replace(/toml$/, 'db')}`, port,
		...i === N - 1 && { wallet: walletInKms, more: `s3_ports = ["${new URL(world.buckets.url).port}"]\n` } });
});
const start = i => { connectors[i] = startConnector(configs[i]); }, kill = i => connectors[i]?.kill('SIGKILL');
for (let i = 0; i < N; i++) start(i);
for (const port of ports) await connectorAt(port);

/* ---- asking -------------------------------------------------------------------------------------------------------- */

const encrypted = await encrypter(net, g, dir), logs = logsOf(g);

await test('a contract asks, and its callback receives the value with the signatures of the nodes', async () => {
	for (const [name, format] of [['uint16', 'big-compressed'], ['uint64', 'big-expanded'], ['bool', 'big-compressed']]) {
		const type = typeNamed(name), value = randomValue(type), handle = await encrypted(type, value, format);
		await g.allowForDecryption(handle);
		const id = idIn(g, await (await g.asker.ask(handle)).wait(), 'PublicDecryptionRequest');
		const [answer] = await until('answer', async () => { const l = await logs('PublicDecryptionResponse', id); return l.length && l; });
		const { decryptedResult, signatures } = answer.args;
		await (await g.asker.callback(decryptedResult, ethers.concat([ethers.toBeHex(signatures.length, 1), ...signatures]))).wait();
		assert.equal(await g.asker.answered(), true);
		assert.equal(await g.asker.value(), value);
	}
});

await test('what the ACL does not allow is not decrypted before it does', async () => {
	const type = typeNamed('uint8'), value = randomValue(type), handle = await encrypted(type, value);
	const refusals = () => Promise.all(ports.map(port => counted(port, 'kms_connector_worker_request_check_errors{check_type="acl"}'))), before = await refusals();
	const id = idIn(g, await (await g.decryption.connect(g.owner).publicDecryptionRequest([handle], '0x')).wait(), 'PublicDecryptionRequest');
	await until('refusal by every connector', async () => (await refusals()).every((n, i) => n > before[i]));
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
	const id = idIn(g, await (await g.decryption.connect(wallet).userDecryptionRequest([[handle, dapp]], [start, 1], [CHAIN_ID, [dapp]],
		user.address, key, signature, '0x')).wait(), 'UserDecryptionRequest');
	const shares = await until('shares', async () => { const l = await logs('UserDecryptionResponse', id); return l.length === N && l; });
	const domain = { ...net.domain, verifying_contract: at.decryption };
	const answers = shares.map(s => ({ payload: unhex(s.args.userDecryptedShare), signature: unhex(s.args.signature) }));
	assert.deepEqual(user.open(signers, [unhex(handle)], domain, answers), [{ type: type.code, value }]);
});

await test('every request is done in every database, and the metrics say so', async () => {
	for (const port of ports) await until('an empty queue', async () => {
		if (await counted(port, 'kms_connector_pending_events', 'kms_connector_pending_responses', 'kms_connector_tx_sender_transactions_under_way')) return false;
		assert.ok(await counted(port, 'kms_connector_tx_sender_gateway_tx_sync_counter') > 0, 'anvil answers when a transaction is mined');
		return true;
	});
	const { log } = await (await fetch(`${kmsUrl}/_emulator`)).json();
	const signed = log.filter(l => l === 'POST TrentService.Sign').length, sent = await provider.getTransactionCount(g.nodes[N - 1].wallet.address);
	assert.ok(signed >= sent && sent > 0, `${signed} signatures for ${sent} transactions`);
	for (const port of ports) {
		const health = await fetch(`http://127.0.0.1:${port}/healthz`);
		assert.deepEqual([health.status, (await health.json()).healthy], [200, true]);
		const of = async path => (await fetch(`http://127.0.0.1:${port}/${path}`)).json();
		assert.deepEqual(await of('liveness'), { status_code: '200', status: 'alive' });
		assert.deepEqual(Object.keys(await of('version')), ['name', 'version', 'build']);
	}
});

await test('all of that was done by processes that the kernel keeps from the rest of the machine', () => {
	for (const i of connectors.keys()) assertClosed(connectors[i].pid, configs[i].replace(/toml$/, 'log'));
	assert.match(fs.readFileSync(configs[N - 1].replace(/toml$/, 'log'), 'utf8'), /and of others \d+ can be reached|warn  sandbox/);
});

/* What its worker answered while it had no sender is there at once. */
await test('a wallet that delegates brings several answers in one transaction', async () => {
	const executor = await deploy(world.contract('Batch'), await newWallet(provider)), us = g.nodes[0].wallet.address, ids = [];
	const status = () => JSON.parse(arca('connector', 'status', '--config', configs[0], '--json')).queues;
	const rows = name => status().find(q => q.queue === name), spare = await freePorts(2), roles = [];
	/* Two that send nothing: what enough others have answered would be left at that. */
	for (const i of [0, 1]) {
		const apart = configs[i].replace(/toml$/, 'worker.toml');
		connectors[i].kill('SIGTERM');                    /* it lets go of the right to send */
		await once(connectors[i], 'exit');
		fs.writeFileSync(apart, fs.readFileSync(configs[i], 'utf8').replace(`:${ports[i]}"`, `:${spare + i}"`), { mode: 0o600 });
		roles.push(startConnector(configs[i], '--role', 'listener'), startConnector(apart, '--role', 'worker'));
	}
	const handle = await encrypted(typeNamed('uint8'), randomValue(typeNamed('uint8')));
	await g.allowForDecryption(handle);
	for (let i = 0; i < 6; i++)
		ids.push(idIn(g, await (await g.decryption.connect(g.owner).publicDecryptionRequest([handle], '0x')).wait(), 'PublicDecryptionRequest'));
	await until('six answers', () => rows('public_decryption_response').pending === 6);
	for (const role of roles) role.kill('SIGKILL'), await once(role, 'exit');
	const before = await provider.getTransactionCount(us);
	fs.writeFileSync(configs[0], `batch_executor = "${await executor.getAddress()}"\nresponses_per_transaction = 4\n${fs.readFileSync(configs[0])}`);
	start(0);
	await until('answers on chain', () => rows('public_decryption_response').pending === 0 && rows('public_decryption_response').under_process === 0);
	for (const id of ids) assert.ok((await logs('PublicDecryptionResponseCall', id)).some(l => l.args.kmsTxSender === us), 'its answer');
	assert.equal(await provider.getTransactionCount(us) - before, 1 + 1 + 2, 'it delegates, which counts twice; four answers, and two');
});

await test('arca devnet up --with-gateway: a contract receives its value, also after everything was stopped and started again', async () => {
	const home = path.join(tempDir(), 'net'), devnet = (...words) => arca('devnet', words[0], '--dir', home, ...words.slice(1));
	startDevnet(home, '--with-gateway', '--contracts', fileURLToPath(new URL('../../contracts', import.meta.url)));
	const { gateway } = JSON.parse(fs.readFileSync(path.join(home, 'devnet.json')));
	assert.deepEqual(Object.keys(gateway), ['dir', 'tool', 'url', 'chain_id', 'contracts', 'owner_key_file', 'connectors']);
	const ask = value => {
		const r = spawnSync(process.execPath, [gateway.tool, 'ask', '--dir', gateway.dir, '--nodes', path.join(home, 'devnet.json'),
			'--value', value, '--arca', path.join(BUILD, 'arca')], { encoding: 'utf8', timeout: patience.ms });
		assert.equal(r.status, 0, r.stderr || r.error?.message);
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
