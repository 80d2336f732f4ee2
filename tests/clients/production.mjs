// SPDX-License-Identifier: MIT
/*
 * production.mjs -- production parameters: both generations of clients encrypt under a public key that a node, or four
 * that share it, published beside half a gigabyte of evaluation keys; every format comes back as it went in, for everybody
 * and, as node-tkms 0.12.8 puts it together, for one user.  Takes minutes.
 *
 *   node production.mjs [--parties 1,4]        these if not given; each is a devnet of its own, with a key of its own
 *   node production.mjs --devnet DIR           one that runs, with production parameters; it goes on running
 */
import {
	FORMATS, arca, asRequested, assert, assertPublicAnswer, finish, fs, grpc, newId, openDevnet, path, patience, publicRequest, shake256,
	startCluster, startDevnet, tempDir, test,
} from './lib.mjs';
import {
	asWrittenBy17, largestValues, packed, provenInProduction, randomValues, tfhe14, tfhe17, typeNamed, unpacked,
} from './tfhe.mjs';
import { User, answerFor } from './tkms.mjs';

patience.ms = 40 * 60_000;                               /* four parties on two cores make a key in a quarter of an hour */
const option = name => process.argv.includes(name) ? process.argv[process.argv.indexOf(name) + 1] : undefined;
const running = option('--devnet') && await openDevnet(option('--devnet'));
const sizes = running ? [running.info.parties.length] : (option('--parties') ?? '1,4').split(',').map(Number);
const KEYSET_BYTES = 511_412_641, PUBLIC_KEY_BYTES = 33_018 + 32;
const MEMORY_OF_ALL = 3 * 2 ** 30, MEMORY_OF_IDLE = 150 * 2 ** 20;
const few = ['bool', 'uint8', 'uint64'].map(typeNamed);

async function start(parties) {
	if (running) return running;
	if (parties > 1) return startCluster(parties, '--params', 'default');
	const dir = tempDir();
	startDevnet(dir, '--params', 'default');
	return openDevnet(dir);
}

/* One file a value and format, by format; the keys are expanded once. */
function inAll(net, list, formats) {
	const dir = tempDir(), input = path.join(dir, 'list');
	fs.writeFileSync(input, list);
	const keyset = path.join(net.dir, `party-1/public/PUB/CompressedXofKeySet/${net.keyId}`);
	const out = formats.length > 1 ? f => path.join(dir, f) : () => dir;
	const printed = arca('coprocess', '--keyset', keyset, '--in', input, '--out-dir', dir, ...formats.flatMap(f => ['--format', f]));
	const count = printed.trim().split('\n').length / formats.length;
	return Object.fromEntries(formats.map(f => [f, Array.from({ length: count }, (_, i) => (
		{ ciphertext: fs.readFileSync(path.join(out(f), `${i}.bin`)), ciphertext_format: FORMATS[f] }))]));
}

/* Parties that prepare their keys for the first small format take longer than a call waits. */
async function ask(node, kind, request) {
	await node.core[`${kind}Decrypt`](request);
	for (const until = Date.now() + 900_000; ;)
		try { return await node.core[`Get${kind}DecryptionResult`](request.request_id); }
		catch (e) { if (e.code !== grpc.status.UNAVAILABLE || Date.now() > until) throw e; }
}

/* What /proc says of a node, in bytes. */
function memory(net, i, field) {
	const status = fs.readFileSync(`/proc/${net.info.parties[i].pid}/status`, 'utf8');
	return Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)[1]) * 1024;
}

for (const parties of sizes) {
	const who = parties > 1 ? `${parties} parties` : 'one node';
	let net;
	await test(`${who}: a production key set is made, published and verified`, async () => { net = await start(parties); }, 40);
	if (!net) continue;
	if (parties === 1 && !running)
		await test(`${who}: while the key set was made it was not in memory twice`, () => {
			const most = memory(net, 0, 'VmHWM');
			assert.ok(most < 2 * KEYSET_BYTES, `${most} bytes, where the set has ${KEYSET_BYTES}`);
		});
	if (!running)
		await test(`${who}: stopped and started again with the key, a node has 150 MiB of memory at most`, async () => {
			arca('devnet', 'down', '--dir', net.dir);
			arca('devnet', 'start', '--dir', net.dir);
			net = await openDevnet(net.dir);
			const each = net.info.parties.map((_, i) => memory(net, i, 'VmRSS'));
			assert.ok(each.every(m => m <= MEMORY_OF_IDLE), `${each} bytes`);
		}, 5);
	const nodes = net.info.parties.map((_, i) => net.of(i + 1));
	const publicKey = await net.file('PublicKey', net.keyId);

	/* Over fresh connections: while a coprocessor ran, this script answered no ping. */
	const askAll = (kind, request) => Promise.all(net.info.parties.map((_, i) =>
		ask(net.of(i + 1), kind, { ...request, epoch_id: { request_id: net.info.epoch_id } })));
	async function everybodyAnswers(files, values) {
		const request = publicRequest(net, asRequested(net, files, values)), answers = await askAll('Public', request);
		answers.forEach((a, i) => assertPublicAnswer(net.of(i + 1), request, a, values.map(v => v.value)));
	}
	async function itsUserOpens(files, values) {
		const user = new User(), ciphertexts = asRequested(net, files, values);
		const answers = await askAll('User', user.request(newId(2), net.keyId, ciphertexts, net.domain));
		const opened = user.open(net.info.parties.map(p => p.signer), ciphertexts.map(c => c.external_handle), net.domain,
			answers.map(answerFor), 'default');
		assert.deepEqual(opened, values.map(v => ({ type: v.type.code, value: v.value })));
	}

	await test(`${who}: the files have the sizes and digests that were signed, at every node`, async () => {
		for (const node of nodes) {
			const { key_digests } = await node.keygenResult(net.keyId);
			assert.equal(publicKey.length, PUBLIC_KEY_BYTES);
			for (const d of key_digests) {
				const file = await node.file(d.key_type, net.keyId);
				if (d.key_type === 'CompressedXofKeySet') assert.equal(file.length, KEYSET_BYTES);
				assert.deepEqual(d.digest, shake256('PDAT_KEY', file));
			}
		}
	});
	await test(`${who}: arca inspect says what the key set is`, () => {
		const said = arca('inspect', path.join(net.dir, `party-1/public/PUB/CompressedXofKeySet/${net.keyId}`));
		for (const line of ['type: high_level_api::CompressedXofKeySet', `bytes: ${KEYSET_BYTES}`, 'parameters: default', `tag: ${net.keyId}`])
			assert.ok(said.split('\n').includes(line), said);
	});
	for (const client of [tfhe17, tfhe14])
		await test(`${who}: ${client.name} reads the public key and writes it back`, () => {
			const again = client.write(client.read('TfheCompactPublicKey', publicKey));
			assert.deepEqual(again, client === tfhe17 ? asWrittenBy17(publicKey) : publicKey);
		});
	for (const [client, form, build, values] of [
		[tfhe17, 'packed', packed, randomValues()], [tfhe17, 'unpacked', unpacked, largestValues()],
		[tfhe17, 'proven', provenInProduction, randomValues()], [tfhe14, 'packed', packed, randomValues(few)],
		[tfhe14, 'unpacked', unpacked, largestValues(few)], [tfhe14, 'proven', provenInProduction, randomValues(few)],
	])
		await test(`${who}: ${values.length} types, a list of ${client.name}, ${form}, are decrypted in every format${form === 'packed' ? ', also for a user' : ''}`, async () => {
			const all = inAll(net, client.encrypt(publicKey, values, build), Object.keys(FORMATS));
			for (const [format, files] of Object.entries(all)) {
				await everybodyAnswers(files, values);
				/* Four parties would squash the same once more for one user. */
				if (form === 'packed' && (parties === 1 || format !== 'small-compressed')) await itsUserOpens(files, values);
			}
		}, 15);
	/* What each has of its own since it was started again, and the keys that they share; what else is mapped is the program. */
	if (parties > 1)
		await test(`${who}: all together have 3 GiB of memory at most, with one copy of the keys for small formats`, () => {
			const derived = path.join(net.dir, 'derived');
			const files = fs.readdirSync(derived).filter(f => f !== 'lock');
			assert.equal(files.length, 1, files.join(' '));
			const own = nodes.map((_, i) => memory(net, i, 'RssAnon') + memory(net, i, 'RssShmem'));
			const all = own.reduce((a, b) => a + b) + fs.statSync(path.join(derived, files[0])).size;
			assert.ok(all <= MEMORY_OF_ALL, `${all} bytes, of which the nodes' own: ${own}`);
		});
	if (!running) arca('devnet', 'down', '--dir', net.dir);
}
finish();
