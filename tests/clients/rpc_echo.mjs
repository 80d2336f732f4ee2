// SPDX-License-Identifier: MIT
/*
 * rpc_echo.mjs ECHO_SERVER -- our gRPC server against the real @grpc/grpc-js client.
 *
 * Starts the program (tests/rpc/echo_server.c), prints TAP, exits 1 if a case failed, and skips itself where
 * @grpc/grpc-js is not installed.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

const program = process.argv[2];
if (!program) {
	console.error('usage: rpc_echo.mjs ECHO_SERVER');
	process.exit(64);
}
const grpc = await import('@grpc/grpc-js').then(m => m.default, () => {
	console.log('1..0 # SKIP @grpc/grpc-js is not installed: run npm ci in tests/clients');
	process.exit(0);
});

/* With --hold PORT: the second client, which makes a call that is never answered, and says so. */
const second = process.argv[3] === '--hold';
const server = second ? null : spawn(program, { stdio: ['pipe', 'pipe', 'inherit'] });
const exited = second ? null : new Promise(done => server.on('exit', code => done(code)));
const port = second ? process.argv[4] : await new Promise(done => createInterface({ input: server.stdout }).once('line', done));

const BIG = 128 << 20;
const client = new grpc.Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure(), {
	'grpc.max_receive_message_length': BIG, 'grpc.max_send_message_length': BIG });
const same = x => x;
const begin = (method, request, options = {}, metadata = new grpc.Metadata(), done) =>
	client.makeUnaryRequest('/test.Echo/' + method, same, same, request, metadata, options, done);
const call = (method, request, options, metadata) => new Promise((good, bad) =>
	begin(method, request, options, metadata, (e, answer) => (e ? bad(e) : good(answer))));
const pattern = n => Buffer.from(Uint8Array.from({ length: n }, (_, i) => (i * 31 + (i >> 8)) & 255));
const code = (name, text) => e => {
	assert.equal(e.code, grpc.status[name], `${e.code} ${e.details}`);
	if (text) assert.match(e.details, text);
	return true;
};

if (second) {
	begin('Hold', Buffer.alloc(0), {}, undefined, () => process.exit(1));
	await call('Unary', pattern(1));
	console.log('held');
	await new Promise(() => {});
}

let cases = 0, failures = 0;
async function test(sentence, body) {
	cases++;
	try {
		await body();
		console.log(`ok ${cases} - ${sentence}`);
	} catch (e) {
		failures++;
		console.log(`not ok ${cases} - ${sentence}\n# ${String(e.stack).replaceAll('\n', '\n# ')}`);
	}
}

for (const n of [0, 1, 100, 16384, 65530, 65531, 1 << 20, 8 << 20, 20 << 20])
	await test(`${n} bytes come back`, async () => assert.ok((await call('Unary', pattern(n))).equals(pattern(n))));

await test('2000 small calls in flight come back', async () => {
	const request = pattern(200);
	const answers = await Promise.all(Array.from({ length: 2000 }, () => call('Unary', request)));
	assert.ok(answers.every(a => a.equals(request)));
});

await test('48 messages of 8 MiB in flight, more than the server sets memory aside for, come back', async () => {
	const request = pattern(8 << 20);
	const answers = await Promise.all(Array.from({ length: 48 }, () => call('Unary', request)));
	assert.ok(answers.every(a => a.equals(request)));
});

await test('a failure brings its sentence and its details', async () => {
	await assert.rejects(call('Fail', Buffer.from('100 % Schlüssel 🔑\nzwei')), e => {
		assert.equal(e.code, grpc.status.FAILED_PRECONDITION);
		assert.equal(e.details, '100 % Schlüssel 🔑\nzwei');
		assert.ok(e.metadata.get('grpc-status-details-bin')[0].equals(Buffer.from([8, 9])));
		return true;
	});
});

await test('an unknown method is UNIMPLEMENTED, also with a large message', async () => {
	await assert.rejects(call('Nothing', pattern(10)), code('UNIMPLEMENTED', /test\.Echo\/Nothing/));
	await assert.rejects(call('Nothing', pattern(8 << 20)), code('UNIMPLEMENTED'));
});

await test('a message over the limit is RESOURCE_EXHAUSTED', async () => {
	await assert.rejects(call('Unary', Buffer.alloc((100 << 20) + 1)), code('RESOURCE_EXHAUSTED', /the limit is 104857600/));
});

await test('a compressed message is UNIMPLEMENTED', async () => {
	const zipping = new grpc.Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure(), { 'grpc.default_compression_algorithm': 2 });
	await assert.rejects(new Promise((good, bad) => zipping.makeUnaryRequest('/test.Echo/Unary', same, same, Buffer.alloc(5000),
		(e, answer) => (e ? bad(e) : good(answer)))), code('UNIMPLEMENTED', /compressed/));
	zipping.close();
});

await test('the handler reads the trace context', async () => {
	const metadata = new grpc.Metadata();
	metadata.set('traceparent', '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01');
	assert.equal((await call('Trace', Buffer.alloc(0), {}, metadata)).toString(), metadata.get('traceparent')[0]);
});

const gone = async () => Number(await call('Gone', Buffer.alloc(0)));

await test('a deadline ends the call on both sides', async () => {
	const before = await gone();
	do await assert.rejects(call('Hold', Buffer.alloc(0), { deadline: Date.now() + 100 }), code('DEADLINE_EXCEEDED'));
	while (await gone() === before);
});

await test('the handler sees a cancelled call', async () => {
	const before = await gone();
	await assert.rejects(new Promise((good, bad) => {
		const held = begin('Hold', Buffer.alloc(0), {}, undefined, (e, answer) => (e ? bad(e) : good(answer)));
		call('Unary', pattern(1)).then(() => held.cancel());
	}), code('CANCELLED'));
	while (await gone() === before) continue;
});

await test('calls of a client that is killed are cancelled', async () => {
	const before = await gone();
	const second = spawn(process.execPath, [process.argv[1], program, '--hold', port], { stdio: ['ignore', 'pipe', 'inherit'] });
	await new Promise(done => createInterface({ input: second.stdout }).once('line', done));
	second.kill('SIGKILL');
	while (await gone() === before) continue;
});

await test('a drained server finishes what it has and stops', async () => {
	const request = pattern(4 << 20);
	const last = Promise.allSettled(Array.from({ length: 8 }, () => call('Unary', request)));
	await call('Unary', pattern(1));
	server.stdin.end();
	for (const answer of await last)
		if (answer.status === 'fulfilled') assert.ok(answer.value.equals(request));
		else code('UNAVAILABLE')(answer.reason);
	assert.equal(await exited, 0);
});

console.log(`1..${cases}`);
client.close();
server.kill();
process.exit(failures ? 1 : 0);
