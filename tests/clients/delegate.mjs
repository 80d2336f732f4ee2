// SPDX-License-Identifier: MIT
/* delegate.mjs -- the delegation KMS as others see it: Node's crypto, ethers, WebCrypto, and sockets that misbehave. */
import { spawn, spawnSync } from 'node:child_process';
import http from 'node:http';
import net from 'node:net';
import { promisify } from 'node:util';
import { arca, assert, BUILD, crypto, ethers, finish, flip, fs, hex, onExit, path, startCluster, tempDir, test, unhex, until } from './lib.mjs';
import * as example from '../../examples/delegate.mjs';

const CHAIN = 31337, OTHER_CHAIN = 421614;
const dir = tempDir(), at = name => path.join(dir, name);
const keygen = name => ({ ...JSON.parse(arca('delegate', 'keygen', '--out', at(name), '--json')), secret: fs.readFileSync(at(name), 'utf8').trim() });
const kms = keygen('kms.key'), second = keygen('second.key'), gateway = keygen('gateway.key'), wallet = keygen('wallet.key');
const gatewayWallet = new ethers.Wallet('0x' + gateway.secret);

/* ---- a node -------------------------------------------------------------------------------------------------------- */

fs.writeFileSync(at('gateway.json'), JSON.stringify(gateway));
const writer = new URL('../cli/delegate_node.py', import.meta.url).pathname;
assert.equal(spawnSync('python3', [writer, `${CHAIN}=kms.key`, `${OTHER_CHAIN}=second.key`], { cwd: dir, stdio: 'inherit' }).status, 0);
const url = fs.readFileSync(at('url'), 'utf8').trim(), port = Number(new URL(url).port), log = fs.openSync(at('node.log'), 'w');
let node;
async function startNode() {
	node = spawn(path.resolve(BUILD, 'arca-node'), ['--config-file', 'node.toml'], { cwd: dir, stdio: ['ignore', log, log] });
	await until('node that is ready, or has ended', () => node.exitCode !== null || node.signalCode !== null ||
		fetch(url + '/ready').then(r => r.status === 200, () => false));
}
onExit(() => node.kill());
await startNode();

/* ---- a gateway, by ethers ------------------------------------------------------------------------------------------ */

const TYPES = {
	auth: { DelegateAuthorization: ['ephemeralPubKey', 'targetPubKey'].map(name => ({ name, type: 'string' })) },
	response: { DelegateResponseProof: [{ name: 'encryptedSharedSecret', type: 'string' }] },
	key: { PublicKeyProof: [{ name: 'publicKey', type: 'string' }] },
};
const domain = (chainId, salt, name = 'ProtocolDelegate') => ({ name, version: '1', chainId, ...salt && { salt } });
const bare = o => Object.fromEntries(Object.entries(o).map(([k, v]) => [k, v.slice(2)]));
const PROFILES = { A: { form: bare }, B: { form: o => o }, C: { form: o => o, salt: '0x' + '00'.repeat(32) } };

async function post(body, signature, { chain = CHAIN, salt, headers = {}, query, to = url } = {}) {
	const answer = await fetch(`${to}/v0/delegate${query ?? `?chain_id=${chain}${salt ? `&salt=${salt}` : ''}`}`, {
		method: 'POST', body: typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body),
		headers: { 'Content-Type': 'application/json', ...signature && { Authorization: 'Bearer ' + signature }, ...headers },
	});
	return { status: answer.status, json: await answer.json() };
}

const sign = (message, { form = o => o, chain = CHAIN, by = gatewayWallet } = {}) =>
	by.signTypedData(domain(chain), TYPES.auth, form(message));

/* Any message, signed by the gateway: what the KMS itself makes of it. */
async function refusal(message, status, pattern = /./) {
	const r = await post(message, await sign(message));
	assert.equal(r.status, status);
	assert.match(r.json.error, pattern);
}

/* ---- ECIES, by Node's crypto ---------------------------------------------------------------------------------------- */

function encrypt(publicKey, plain) {
	const k = crypto.createECDH('secp256k1'), iv = crypto.randomBytes(12);
	const K = k.generateKeys(null, 'compressed'), x = k.computeSecret(unhex(publicKey));
	const key = Buffer.from(crypto.hkdfSync('sha256', x, Buffer.alloc(32), 'ECIES:AES_GCM:v1', 32));
	const c = crypto.createCipheriv('aes-256-gcm', key, iv);
	const body = c.update(plain);
	c.final();
	return { public_key: hex(K), nonce: hex(iv), ciphertext: hex(Buffer.concat([body, c.getAuthTag()])), x };
}

/* In the background, so that connections which the node closes meanwhile are seen. */
const rsa = (bits = 2048, more = {}) => promisify(crypto.generateKeyPair)('rsa', { modulusLength: bits, ...more });
const spki = key => hex(key.export({ type: 'spki', format: 'der' }));
const secretOf = (answer, key) =>
	crypto.privateDecrypt({ key, padding: crypto.constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' }, unhex(answer.encryptedSharedSecret));
const reader = await rsa(), target = spki(reader.publicKey);

/* ---- answers --------------------------------------------------------------------------------------------------------- */

await test('the public key is the one that was made, and ethers finds who signed it', async () => {
	for (const [query, form] of [['', bare], ['&prefixed=true', o => o]]) {
		const { publicKey, proof } = await (await fetch(`${url}/v0/public-key?chain_id=${CHAIN}${query}`)).json();
		assert.equal(publicKey, kms.public_key);
		assert.equal(ethers.verifyTypedData(domain(CHAIN, null, 'ProtocolPublicKey'), TYPES.key, form({ publicKey }), proof), wallet.address);
	}
	assert.equal((await (await fetch(`${url}/v0/public-key?chain_id=${OTHER_CHAIN}`)).json()).publicKey, second.public_key);
	assert.equal((await fetch(`${url}/v0/public-key`)).status, 400);
});

for (const [name, p] of Object.entries(PROFILES))
	await test(`profile ${name}: what ethers signs is recognised, the secret is right, the answer is signed alike`, async () => {
		const record = encrypt(kms.public_key, Buffer.from('a value')), message = { ephemeralPubKey: record.public_key, targetPubKey: target };
		for (const style of [s => s, s => s.slice(2)]) {
			const r = await post(message, style(await sign(message, p)), p);
			assert.equal(r.status, 200);
			assert.deepEqual(secretOf(r.json, reader.privateKey), record.x);
			const said = p.form({ encryptedSharedSecret: r.json.encryptedSharedSecret });
			assert.equal(ethers.verifyTypedData(domain(CHAIN, p.salt), TYPES.response, said, r.json.proof), wallet.address);
			const other = p.salt ? null : '0x' + '00'.repeat(32);
			assert.notEqual(ethers.verifyTypedData(domain(CHAIN, other), TYPES.response, said, r.json.proof), wallet.address);
		}
	});

await test('a chain has its own key', async () => {
	const record = encrypt(second.public_key, Buffer.from('x')), message = { ephemeralPubKey: record.public_key, targetPubKey: target };
	const r = await post(message, await sign(message, { chain: OTHER_CHAIN }), { chain: OTHER_CHAIN });
	assert.deepEqual(secretOf(r.json, reader.privateKey), record.x);
	assert.equal((await post(message, await sign(message), { chain: OTHER_CHAIN })).status, 401);
	assert.equal((await post(message, await sign(message), { chain: 1 })).status, 400);
});

await test('readers with keys of 2049 to 4096 bits get the secret', async () => {
	for (const bits of [2049, 3072, 4096]) {
		const record = encrypt(kms.public_key, Buffer.from('x')), pair = await rsa(bits);
		const message = { ephemeralPubKey: record.public_key, targetPubKey: spki(pair.publicKey) };
		const r = await post(message, await sign(message));
		assert.deepEqual(secretOf(r.json, pair.privateKey), record.x, `${bits} bits`);
	}
});

await test('an application of WebCrypto alone encrypts, and reads what the gateway lets it read', async () => {
	const text = new TextEncoder().encode('meet me at noon'), record = await example.protect(kms.public_key, text);
	const own = await example.newReader(), message = { ephemeralPubKey: record.public_key, targetPubKey: own.spki };
	const r = await post(message, await sign(message), PROFILES.C);
	assert.deepEqual(await example.open(record, r.json, own.jwk), text);
	await assert.rejects(example.open({ ...record, ciphertext: hex(flip(unhex(record.ciphertext), 3)) }, r.json, own.jwk));
});

await test('the example and arca read each other\'s files', async () => {
	const script = new URL('../../examples/delegate.mjs', import.meta.url).pathname;
	const run = (...args) => assert.equal(spawnSync(process.execPath, [script, ...args], { cwd: dir, stdio: 'inherit' }).status, 0);
	const there = ['--node', url, '--chain-id', String(CHAIN), '--wallet', wallet.address];
	fs.writeFileSync(at('letter.txt'), crypto.randomBytes(100_000));
	run('reader', 'reader.json', 'reader.pem.pub');
	run('protect', kms.public_key, 'letter.txt', 'theirs.json');
	arca('delegate', 'encrypt', ...there, '--in', at('letter.txt'), '--out', at('ours.json'));
	for (const record of ['theirs.json', 'ours.json']) {
		arca('delegate', 'request', ...there, '--in', at(record), '--reader', at('reader.pem.pub'), '--gateway-key', at('gateway.key'),
			'--out', at('answer.json'));
		run('open', record, 'answer.json', 'reader.json', 'got.txt');
		assert.deepEqual(fs.readFileSync(at('got.txt')), fs.readFileSync(at('letter.txt')));
	}
});

/* ---- refusals -------------------------------------------------------------------------------------------------------- */

const K = encrypt(kms.public_key, Buffer.from('x')).public_key, GOOD = { ephemeralPubKey: K, targetPubKey: target };
const signature = await sign(GOOD);

await test('keys that others cannot be given secrets under are refused', async () => {
	const with_ = targetPubKey => ({ ...GOOD, targetPubKey });
	await refusal(with_(spki((await rsa(1024)).publicKey)), 400, /1024 bits/);
	await refusal(with_(spki((await rsa(2040)).publicKey)), 400, /2040 bits/);
	await refusal(with_(spki((await rsa(2048, { publicExponent: 3 })).publicKey)), 400, /exponent/);
	await refusal(with_(spki(crypto.generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).publicKey)), 400, /rsaEncryption/);
	await refusal(with_(spki(crypto.generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey)), 400, /rsaEncryption/);
	await refusal(with_(hex(reader.publicKey.export({ type: 'pkcs1', format: 'der' }))), 400, /SubjectPublicKeyInfo/);
	await refusal(with_(target + '00'), 400, /SubjectPublicKeyInfo/);
	await refusal(with_(target + '0'), 400, /hexadecimal/);
});

await test('points that are none, or written otherwise, are refused', async () => {
	const uncompressed = hex(crypto.ECDH.convertKey(unhex(K), 'secp256k1', null, null, 'uncompressed'));
	for (const ephemeralPubKey of ['0x02' + '00'.repeat(31) + '05', '0x00' + K.slice(4), '0x', uncompressed, K + '00', K.slice(0, -2) + 'zz'])
		await refusal({ ...GOOD, ephemeralPubKey }, 400, /ephemeralPubKey/);
});

await test('only the gateway\'s signature is taken, in its one form', async () => {
	const s = ethers.Signature.from(signature), ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
	const high = ethers.concat([s.r, ethers.toBeHex(ORDER - BigInt(s.s), 32), s.v === 27 ? '0x1c' : '0x1b']);
	const low = ethers.concat([s.r, s.s, s.v === 27 ? '0x00' : '0x01']);
	assert.equal((await post(GOOD, low)).status, 200);
	for (const bad of [high, null, '0x', signature.slice(0, -2), signature + '00', '0x' + 'zz'.repeat(65), ethers.concat([s.r, s.s, '0x1d']),
		hex(flip(unhex(signature), 40)), await sign(GOOD, { by: ethers.Wallet.createRandom() }), await sign(GOOD, { chain: OTHER_CHAIN })])
		assert.equal((await post(GOOD, bad)).status, 401, String(bad));
	assert.equal((await post({ ...GOOD, ephemeralPubKey: encrypt(kms.public_key, 'y').public_key }, signature)).status, 401);
	assert.equal((await post(GOOD, null, { headers: { Authorization: 'Basic ' + signature } })).status, 401);
});

await test('malformed bodies, queries and types have their own statuses', async () => {
	const text = JSON.stringify(GOOD), cases = [
		[400, '{'], [400, text + text], [400, text.replace('{', `{"targetPubKey":"0x",`)], [400, text.replace('"0x', '"\\u00000x')],
		[400, Buffer.from(text.replace('"0x', '"\0'))], [400, Buffer.from([0xff, 0xfe])], [422, '[]'], [422, '{}'],
		[422, { ...GOOD, targetPubKey: 7 }], [422, { ephemeralPubKey: K }], [400, '['.repeat(60_000)],
	];
	for (const [status, body] of cases) assert.equal((await post(body, signature)).status, status, String(body).slice(0, 60));
	assert.equal((await post(GOOD, signature, { headers: { 'Content-Type': 'text/plain' } })).status, 415);
	for (const query of ['', '?chain_id=', '?chain_id=x', '?chain_id=-1', `?chain_id=${CHAIN}&salt=0x`, `?chain_id=${CHAIN}&salt=${'0x' + '0'.repeat(63)}`])
		assert.equal((await post(GOOD, signature, { query })).status, 400, query);
	for (const [method, route, status] of [['GET', '/v0/delegate', 405], ['PUT', '/v0/delegate', 405], ['POST', '/v0/public-key', 405],
		['GET', '/v0/nothing', 404], ['POST', '/v0/nothing', 404], ['GET', '/nothing', 404]]) {
		const r = await fetch(url + route, { method, ...method !== 'GET' && { body: '{}' } });
		assert.equal(r.status, status, `${method} ${route}`);
	}
	assert.deepEqual(await (await fetch(url + '/v0/nothing')).json(), { error: 'Route not found /v0/nothing' });
	assert.equal((await (await fetch(url + '/')).json()).service, 'arca delegation KMS');
	const told = async page => (await fetch(url + page, { headers: { Accept: 'application/json' } })).json();
	assert.deepEqual(await told('/health'), { status: 'ok' });
	const { build, ...more } = await told('/version');
	assert.match(build, /^[0-9a-f]{7,}(-dirty)?$|^[\d.]+$/);
	assert.deepEqual(more, { name: 'arca-node', version: (await (await fetch(url + '/version')).text()).trim() });
});

await test('a page of another origin may ask', async () => {
	const r = await fetch(url + '/v0/delegate', { method: 'OPTIONS' });
	assert.equal(r.status, 204);
	assert.equal(r.headers.get('access-control-allow-origin'), '*');
	assert.match(r.headers.get('access-control-allow-methods'), /POST/);
	assert.match(r.headers.get('access-control-allow-headers'), /Authorization/);
});

await test('a body of a megabyte is 413 and the node goes on', async () => {
	assert.equal((await post(' '.repeat(1 << 20), signature)).status, 413);
	assert.equal((await post(GOOD, signature)).status, 200);
});

await test('connections that give a byte now and then are ended, and nobody else waits for them', async () => {
	const ends = [];
	for (let i = 0; i < 40; i++) ends.push(new Promise(done => {
		const s = net.connect(port, '127.0.0.1', () => s.write(i % 2 ? 'POST /v0/delegate HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n\r\n' : 'GET'));
		const drip = setInterval(() => s.write('x'), 500);
		s.on('error', () => {});
		s.on('data', () => {});
		s.on('close', () => { clearInterval(drip); done(); });
	}));
	for (let i = 0; i < 20; i++) assert.equal((await post(GOOD, signature)).status, 200);
	await Promise.all(ends);
	assert.equal((await post(GOOD, signature)).status, 200);
});

await test('what was answered and refused is counted', async () => {
	const text = await (await fetch(url + '/metrics')).text();
	for (const line of [/^arca_delegate_requests_total\{status="200"\} [1-9]/m, /^arca_delegate_requests_total\{status="401"\} [1-9]/m,
		/^arca_delegate_answers_total\{chain_id="421614"\} 1$/m, /^arca_delegate_key_answers\{chain_id="421614"\} 1$/m,
		/^arca_delegate_answers_alarm\{chain_id="31337"\} 0$/m]) assert.match(text, line);
});

/* ---- authorizations that end and serve once --------------------------------------------------------------------------- */

const V1 = {
	auth: { DelegateAuthorizationV1: [['bytes32', 'handle'], ['bytes', 'ephemeralPubKey'], ['bytes32', 'targetKeyHash'], ['bytes32', 'keyId'],
		['uint64', 'epoch'], ['bytes32', 'nonce'], ['uint64', 'notBefore'], ['uint64', 'expiresAt']].map(([type, name]) => ({ type, name })) },
	response: { DelegateResponseV1: ['requestHash', 'ciphertextHash'].map(name => ({ name, type: 'bytes32' })) },
};
const v1Domain = more => ({ name: 'ArcaDelegate', version: '1', chainId: CHAIN, ...more });
const keyId = ethers.sha256(ethers.concat([ethers.toUtf8Bytes('arca/keyid/v1'), kms.public_key, ethers.ZeroHash, '0x00010001', ethers.ZeroHash]));

function once(record, more) {
	const now = Math.floor(Date.now() / 1000);
	return { handle: hex(crypto.randomBytes(32)), ephemeralPubKey: record.public_key, targetPubKey: target, keyId, epoch: 0,
		nonce: hex(crypto.randomBytes(32)), notBefore: now - 100, expiresAt: now + 200, ...more };
}

async function post1(body, domain = v1Domain()) {
	const { targetPubKey, verifyingContract, ...signed } = body;
	const signature = await gatewayWallet.signTypedData(domain, V1.auth, { ...signed, targetKeyHash: ethers.keccak256(targetPubKey) });
	const answer = await fetch(`${url}/v1/delegate?chain_id=${CHAIN}`, { method: 'POST', body: JSON.stringify(body),
		headers: { 'Content-Type': 'application/json', Authorization: 'Bearer ' + signature } });
	const json = await answer.json(), requestHash = ethers.TypedDataEncoder.hash(domain, V1.auth, { ...signed, targetKeyHash: ethers.keccak256(targetPubKey) });
	return { status: answer.status, json, requestHash };
}

await test('an authorization that ethers signs, with its end and its nonce, is answered once, also after a kill -9', async () => {
	const record = encrypt(kms.public_key, Buffer.from('x')), contract = { verifyingContract: gatewayWallet.address };
	for (const [body, domain] of [[once(record), v1Domain()], [once(record, contract), v1Domain(contract)]]) {
		const r = await post1(body, domain);
		assert.equal(r.status, 200, r.json.error);
		assert.deepEqual(secretOf(r.json, reader.privateKey), record.x);
		assert.equal(r.json.requestHash, r.requestHash);
		const said = { requestHash: r.requestHash, ciphertextHash: ethers.keccak256(r.json.encryptedSharedSecret) };
		assert.equal(ethers.verifyTypedData(domain, V1.response, said, r.json.proof), wallet.address);
		assert.equal((await post1(body, domain)).status, 409);
		node.kill('SIGKILL');
		await new Promise(done => node.on('exit', done));
		await startNode();
		assert.equal((await post1(body, domain)).status, 409);
	}
	const now = Math.floor(Date.now() / 1000);
	assert.match((await post1(once(record, { notBefore: now - 400, expiresAt: now - 100 }))).json.error, /ended/);
	assert.match((await post1(once(record, { notBefore: now + 100 }))).json.error, /holds in/);
	assert.match((await post1(once(record, { keyId: ethers.ZeroHash }))).json.error, /another key/);
	assert.equal((await post1(once(record), v1Domain({ chainId: 1 }))).status, 401);
});

/* ---- the contract that names the gateway and the key ------------------------------------------------------------------- */

/* A provider of a chain whose one contract says what `says` says. */
async function contract(says) {
	const coder = ethers.AbiCoder.defaultAbiCoder(), answers = {
		eth_chainId: () => ethers.toQuantity(says.chain),
		eth_call: ([call]) => call.data === ethers.id('gateway()').slice(0, 10)
			? coder.encode(['address'], [says.gateway]) : coder.encode(['bytes'], [says.key]),
	};
	const rpc = http.createServer(async (request, response) => {
		let body = '';
		for await (const piece of request) body += piece;
		const one = q => ({ jsonrpc: '2.0', id: q.id, result: answers[q.method](q.params) }), question = JSON.parse(body);
		response.setHeader('Content-Type', 'application/json');
		response.end(JSON.stringify(Array.isArray(question) ? question.map(one) : one(question)));
	});
	await new Promise(done => rpc.listen(0, '127.0.0.1', done));
	return { config: `contract = "${wallet.address}"\nrpc_urls = "http://127.0.0.1:1,http://127.0.0.1:${rpc.address().port}"`,
		close: () => { rpc.close(); rpc.closeAllConnections(); } };
}

const lastOf = (file, word) => fs.readFileSync(file, 'utf8').trim().split('\n').filter(l => l.includes(word)).at(-1);

await test('a node starts only if the contract that is named knows its gateway and its key', async () => {
	const config = fs.readFileSync(at('node.toml'), 'utf8'), right = { chain: CHAIN, gateway: gateway.address, key: kms.public_key };
	const says = { ...right }, there = await contract(says);
	fs.writeFileSync(at('node.toml'), config.replace('key_file = "kms.key"', `$&\n${there.config}`));
	const stop = async () => { node.kill('SIGKILL'); await new Promise(done => node.exitCode === null ? node.on('exit', done) : done()); };
	await stop();
	for (const [wrong, sentence] of [[{ gateway: wallet.address }, /gateway\(\) is 0x.* and 0x.* is believed here/],
		[{ key: second.public_key }, /kmsPublicKey\(\) is 0x.* and 0x.* is the key here/], [{ key: '0x' }, /no key yet/], [{ chain: 5 }, /chain/]]) {
		Object.assign(says, right, wrong);
		await startNode();
		assert.notEqual(node.exitCode, null);
		assert.notEqual(node.exitCode, 0);
		assert.match(lastOf(at('node.log'), 'delegation'), sentence);
	}
	Object.assign(says, right);
	await startNode();
	assert.equal((await post(GOOD, signature)).status, 200);
	await stop();
	there.close();
});

/* ---- a key that four nodes share ------------------------------------------------------------------------------------------- */

const { info: cluster, dir: dirOf } = await startCluster(4, '--keygen', 'none', '--delegation');
const groupGateway = new ethers.Wallet('0x' + fs.readFileSync(cluster.delegation.gateway_key_file, 'utf8').trim());
const urls = cluster.parties.map(p => p.http), groupKey = cluster.delegation.public_key;
const metric = async (at, pattern) => Number((await (await fetch(at + '/metrics')).text()).match(pattern)?.[1]);
const wrongParts = at => metric(at, /^arca_delegate_partials_total\{what="wrong"\} (\d+)$/m);

/* The first form, of one node for all: the secret is right, and the answer is signed by the node that was asked. */
async function delegated(i) {
	const record = encrypt(groupKey, Buffer.from('x')), message = { ephemeralPubKey: record.public_key, targetPubKey: target };
	const r = await post(message, await sign(message, { by: groupGateway }), { to: urls[i - 1] });
	assert.equal(r.status, 200, r.json.error);
	assert.deepEqual(secretOf(r.json, reader.privateKey), record.x);
	assert.equal(ethers.verifyTypedData(domain(CHAIN), TYPES.response, { encryptedSharedSecret: r.json.encryptedSharedSecret }, r.json.proof),
		cluster.parties[i - 1].signer);
}

const kill = party => arca('devnet', 'kill', '--dir', dirOf, '--party', String(party));
const start = (party, lie) => {
	const options = lie ? ['--program', path.join(BUILD, 'arca-node-liar')] : [];
	const r = spawnSync(path.join(BUILD, 'arca'), ['devnet', 'start', '--dir', dirOf, '--party', String(party), ...options],
		{ encoding: 'utf8', env: { ...process.env, ...lie && { ARCA_LIE: lie } } });
	assert.equal(r.status, 0, r.stderr);
};
const answersAgain = i => until(`answer of node ${i}`, () => fetch(`${urls[i - 1]}/v0/public-key?chain_id=${CHAIN}`).then(r => r.ok, () => false));

await test('each of four nodes answers for the key that they share, and all name the same key', async () => {
	for (let i = 1; i <= 4; i++) {
		await delegated(i);
		const { publicKey, proof } = await (await fetch(`${urls[i - 1]}/v0/public-key?chain_id=${CHAIN}`)).json();
		assert.equal(publicKey, groupKey);
		assert.equal(ethers.verifyTypedData(domain(CHAIN, null, 'ProtocolPublicKey'), TYPES.key, bare({ publicKey }), proof), cluster.parties[i - 1].signer);
		const about = await (await fetch(`${urls[i - 1]}/v1/public-key?chain_id=${CHAIN}`)).json();
		assert.deepEqual([about.publicKey, about.needed, about.index, about.verificationShares.length], [groupKey, 2, i, 4]);
	}
});

await test('an application of WebCrypto alone reads through nodes that share the key as through one', async () => {
	const text = new TextEncoder().encode('meet me at noon'), record = await example.protect(groupKey, text);
	const own = await example.newReader(), message = { ephemeralPubKey: record.public_key, targetPubKey: own.spki };
	const r = await post(message, await sign(message, { by: groupGateway }), { to: urls[2] });
	assert.deepEqual(await example.open(record, r.json, own.jwk), text);
});

await test('a node that was killed comes back with its share, and the others answer meanwhile', async () => {
	kill(4);
	for (let i = 1; i <= 3; i++) await delegated(i);
	start(4);
	await answersAgain(4);
	await delegated(4);
});

await test('a shared key must be the contract\'s, once it has one', async () => {
	const { config, log } = cluster.parties[3], before = fs.readFileSync(config, 'utf8');
	const says = { chain: CHAIN, gateway: groupGateway.address, key: second.public_key }, there = await contract(says);
	fs.writeFileSync(config, before.replace(/^chain_id = 31337$/m, `$&\n${there.config}`));
	/* The provider answers from here meanwhile. */
	const begin = () => new Promise(done => spawn(path.join(BUILD, 'arca'), ['devnet', 'start', '--dir', dirOf, '--party', '4']).on('exit', done));
	kill(4);
	assert.notEqual(await begin(), 0);
	assert.match(lastOf(log, 'kmsPublicKey'), new RegExp(`is ${second.public_key}, and ${groupKey} is the key here`));
	for (const key of ['0x', groupKey]) {
		says.key = key;
		const warned = lastOf(log, 'no key yet');
		assert.equal(await begin(), 0);
		assert.equal(lastOf(log, 'no key yet') !== warned, key === '0x');
		if (key === '0x') kill(4);
	}
	there.close();
	fs.writeFileSync(config, before);
	await answersAgain(4);
});

await test('one node lies and one is silent: answers are right, and who lied is counted and named', async () => {
	for (const [party, lie] of [[2, 'delegation'], [3, 'mute']]) {
		kill(party);
		start(party, lie);
	}
	await answersAgain(2);
	for (let k = 0; k < 6; k++) await delegated(1);
	assert.ok(await wrongParts(urls[0]) > 0);
	assert.match(fs.readFileSync(cluster.parties[0].log, 'utf8'), /party 2\b.*a wrong part of a delegation/);
	assert.doesNotMatch(fs.readFileSync(cluster.parties[0].log, 'utf8'), /party [34]\b.*a wrong part/);
});

await test('without enough nodes that answer it is 503, and arca says so', async () => {
	for (const party of [3, 4]) kill(party);
	const record = encrypt(groupKey, Buffer.from('x')), message = { ephemeralPubKey: record.public_key, targetPubKey: target };
	const r = await post(message, await sign(message, { by: groupGateway }), { to: urls[0] });
	assert.equal(r.status, 503);
	assert.match(r.json.error, /1 nodes answered rightly, and 2 are needed/);
	kill(2);
	for (const party of [2, 3, 4]) start(party);
	for (const party of [2, 3, 4]) await answersAgain(party);
	await delegated(1);
});

await test('a reader combines the parts of four nodes, one of which is away, and the gateway learns nothing', async () => {
	kill(2);
	fs.writeFileSync(at('shared.txt'), crypto.randomBytes(1000));
	const there = ['--devnet', dirOf];
	arca('delegate', 'encrypt', ...there, '--in', at('shared.txt'), '--out', at('shared.json'));
	arca('delegate', 'keygen', '--rsa', '2048', '--out', at('own.pem'));
	arca('delegate', 'request', ...there, '--in', at('shared.json'), '--reader', at('own.pem.pub'), '--gateway-key',
		cluster.delegation.gateway_key_file, '--out', at('parts.json'));
	assert.equal(JSON.parse(fs.readFileSync(at('parts.json'))).parts.length, 3);
	arca('delegate', 'decrypt', '--in', at('shared.json'), '--answer', at('parts.json'), '--reader-key', at('own.pem'), '--out', at('shared.got'));
	assert.deepEqual(fs.readFileSync(at('shared.got')), fs.readFileSync(at('shared.txt')));
});

await test('the example asks nodes for parts, takes only those whose proofs are right, and combines them', async () => {
	/* Where ethers is installed, as it is for who takes the example. */
	fs.symlinkSync(new URL('node_modules', import.meta.url).pathname, at('node_modules'));
	for (const name of ['delegate.mjs', 'delegate_parts.mjs']) fs.copyFileSync(new URL(`../../examples/${name}`, import.meta.url), at(name));
	const parts = await import(at('delegate_parts.mjs'));
	const own = await example.newReader(), record = JSON.parse(fs.readFileSync(at('shared.json'))), plain = fs.readFileSync(at('shared.txt'));
	fs.writeFileSync(at('own.json'), JSON.stringify(own.jwk));

	const key = await parts.describe(cluster);
	assert.equal(key.publicKey, groupKey);
	const answers = await parts.ask(cluster, await parts.authorize(groupGateway, CHAIN, key, record, own.spki));
	assert.equal(answers.length, 3);                       /* of four, one is away */
	const rsaKeys = { private: crypto.createPrivateKey({ key: own.jwk, format: 'jwk' }) }, oaep = { padding: crypto.constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' };
	rsaKeys.public = crypto.createPublicKey(rsaKeys.private);
	const opened = crypto.privateDecrypt({ key: rsaKeys.private, ...oaep }, unhex(answers[0].sealed));
	const spoiled = change => ({ ...answers[0], sealed: hex(crypto.publicEncrypt({ key: rsaKeys.public, ...oaep }, change(Buffer.from(opened)))) });
	const negative = b => { b[7] ^= 1; return b; };          /* -D, a point as well */
	for (const wrong of [spoiled(b => flip(b, 103)), spoiled(b => flip(b, 60)), spoiled(negative), spoiled(b => { b[2] = b[2] % 4 + 1; return b; }),
		spoiled(b => flip(b, 6)), spoiled(b => { b[2] = 9; return b; }), spoiled(b => b.subarray(1)), { ...answers[0], requestHash: ethers.ZeroHash },
		{ ...answers[0], sealed: '0x' + '00'.repeat(256) }])
		assert.deepEqual(await parts.openParts([wrong], key, record, own.jwk), { parts: [], useless: 1 });
	const { parts: right, useless } = await parts.openParts([spoiled(negative), ...answers, answers[1]], key, record, own.jwk);
	assert.deepEqual([right.length, useless], [3, 2]);
	for (const some of [right, right.slice(1), right.toReversed()]) assert.deepEqual(await parts.combine(some, key, record), new Uint8Array(plain));
	await assert.rejects(parts.combine(right.slice(2), key, record), /1 parts are right, and 2 are needed/);

	const run = (...args) => assert.equal(spawnSync(process.execPath, [at('delegate_parts.mjs'), ...args], { cwd: dir, stdio: 'inherit' }).status, 0);
	run('protect', path.join(dirOf, 'devnet.json'), 'shared.txt', 'parted.json');
	run('open', path.join(dirOf, 'devnet.json'), 'parted.json', 'own.json', cluster.delegation.gateway_key_file, 'parted.got');
	assert.deepEqual(fs.readFileSync(at('parted.got')), plain);
	assert.equal(fs.statSync(at('parted.got')).mode & 0o777, 0o600);
});

finish();
