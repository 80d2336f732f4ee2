// SPDX-License-Identifier: MIT
/* trouble.mjs -- a port in use and a full disk are told in a sentence, and nothing is lost when they are over. */
import { spawnSync } from 'node:child_process';
import net from 'node:net';
import {
	arca, asRequested, assert, assertPublicAnswer, assertStatus, coprocess, finish, freePorts, fs, newId, onExit, openDevnet,
	path, publicDecrypt, publicRequest, refused, refuses, skip, startDevnet, tempDir, test,
} from './lib.mjs';
import { randomValues, tfhe17 } from './tfhe.mjs';

for (const [what, offset] of [['gRPC', 0], ['HTTP', 2]])
	await test(`a devnet names the port that is in use, when it is the one for ${what}`, async () => {
		const base = await freePorts(10), dir = path.join(tempDir(), 'net'), taken = base + offset;
		const holder = net.createServer().listen(taken, '127.0.0.1');
		await new Promise(r => holder.once('listening', r));
		const start = () => startDevnet(dir, '--base-port', String(base));
		await refuses(start, new RegExp(`\\b${taken}\\b`)).finally(() => holder.close());
	});

/* A disk of our own to fill: a memory file system, which takes root. */
const disk = tempDir();
const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64m', 'arca-test', disk]).status === 0;
if (mounted) onExit(() => spawnSync('umount', ['-l', disk]));

const FULL = 'a full disk';
if (!mounted) skip(FULL, 'mounting a file system takes root');
else {
	const dir = path.join(disk, 'net'), filler = path.join(disk, 'filler');
	const fill = () => {
		const f = fs.openSync(filler, 'w');
		for (const size of [1 << 20, 4096, 1])
			try { while (fs.writeSync(f, Buffer.alloc(size)) === size); }
			catch (e) { if (e.code !== 'ENOSPC') throw e; }
		fs.closeSync(f);
	};
	await test(`${FULL}: a devnet does not start and says why`, async () => {
		fill();
		await refuses(() => startDevnet(dir), /space|disk|write/i);
		fs.rmSync(filler);
		fs.rmSync(dir, { recursive: true, force: true });
	});
	startDevnet(dir);
	const devnet = await openDevnet(dir), values = randomValues();
	const list = tfhe17.encrypt(await devnet.file('PublicKey', devnet.keyId), values);
	const ciphertexts = asRequested(devnet, coprocess(await devnet.keyset(), list, 'big-compressed'), values);
	const plain = values.map(v => v.value), first = publicRequest(devnet, ciphertexts);
	const answer = await publicDecrypt(devnet, first);
	fill();
	const BAD = ['INTERNAL', 'RESOURCE_EXHAUSTED'];
	/* What the journal has room for ahead is still taken. */
	await refused(devnet, `${FULL}: a decryption that cannot be recorded`, BAD, async () => {
		for (let i = 0; i < 5000; i++) await publicDecrypt(devnet, publicRequest(devnet, ciphertexts));
	});
	await refused(devnet, `${FULL}: a key set that cannot be written`, BAD, () => devnet.generate());
	await test(`${FULL}: what was done is still served`, async () =>
		assert.deepEqual(await devnet.core.GetPublicDecryptionResult(first.request_id), answer));
	fs.rmSync(filler);
	await test('with space again the node decrypts and generates keys', async () => {
		const request = publicRequest(devnet, ciphertexts);
		assertPublicAnswer(devnet, request, await publicDecrypt(devnet, request), plain);
		await devnet.generate();
	});
	await test('after it all a restart finds every answer and no torn file', async () => {
		arca('devnet', 'kill', '--dir', dir, '--party', '1');
		arca('devnet', 'start', '--dir', dir, '--party', '1');
		devnet.connect();
		await devnet.serves();
		assert.deepEqual(await devnet.core.GetPublicDecryptionResult(first.request_id), answer);
		await assertStatus('ALREADY_EXISTS', devnet.core.PublicDecrypt(first));
		await assertStatus('NOT_FOUND', devnet.core.GetPublicDecryptionResult({ request_id: newId(1) }));
	});
}
finish();
