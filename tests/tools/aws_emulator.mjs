// SPDX-License-Identifier: MIT
// tests/tools/aws_emulator.mjs -- S3 and KMS on loopback, in memory, for tests.  Shares nothing with aws/.
//
//   node aws_emulator.mjs               prints its port, serves until its input ends
//   node aws_emulator.mjs --self-test   the verifier of signatures against AWS's published examples
//
// Every signature (Version 4) is checked from scratch: scope, date, every header that a proxy could not have added is signed, the
// hash of the body is that of the body, path and query are put in canonical form here.  Answers have the form of AWS's.
//
// POST /_emulator (unsigned) takes { page, clock_s, clock_skew_s, conditions, expired, forget, put, moved, secrets, gather, most, faults }:
//   conditions  "kept", "ignored" (as old servers do) or "unknown" (501)
//   moved       { alias: alias }: the first names the key of the second from now on
//   secrets     { alias: 64 digits }: the private key of one that signs
//   gather      answers wait until so many are waiting
//   faults      a list; each of { method, name, status, code, cut, stall, lost, count, after }: the first whose method and part of a name
//               fit a request is used, `count` times once `after` others have passed.  cut: half of the answer; stall: no answer;
//               lost: done, but the answer is not sent
// GET /_emulator: { requests, refused, log } so far, and the most that were waiting at a time.
import crypto from 'node:crypto';
import http from 'node:http';

const ID = 'AKIDEMULATOR', SECRET = 'emulator+secret/of+no+use', REGION = 'eu-test-1', TOKEN = 'token+of/the+day==', SKEW_S = 900;

const sha256 = data => crypto.createHash('sha256').update(data).digest('hex');
const hmac = (key, text) => crypto.createHmac('sha256', key).update(text).digest();

// ---- signatures ----------------------------------------------------------------------------------------------------------

const encode = text => encodeURIComponent(text).replace(/[!'()*]/g, c => '%' + c.charCodeAt(0).toString(16).toUpperCase());
const order = (a, b) => (a < b ? -1 : a > b ? 1 : 0);

function canonicalQuery(raw) {
	if (!raw) return '';
	const pairs = raw.split('&').map(p => {
		const at = p.indexOf('=');
		return (at < 0 ? [p, ''] : [p.slice(0, at), p.slice(at + 1)]).map(decodeURIComponent).map(encode);
	});
	return pairs.sort((a, b) => order(a[0], b[0]) || order(a[1], b[1])).map(p => p.join('=')).join('&');
}

const canonicalPath = path => path.split('/').map(decodeURIComponent).map(encode).join('/');

// { method, path, query, headers: [[name, value]], body hash } -> signature
function signature(r, signed, date, scope, secret) {
	const values = name => r.headers.filter(h => h[0].toLowerCase() === name).map(h => h[1].trim().replace(/ +/g, ' ')).join(',');
	const canonical = [r.method, canonicalPath(r.path), canonicalQuery(r.query), ...signed.map(n => `${n}:${values(n)}`), '',
		signed.join(';'), r.hash].join('\n');
	const text = ['AWS4-HMAC-SHA256', date, scope.join('/'), sha256(canonical)].join('\n');
	const key = scope.reduce((k, part) => hmac(k, part), 'AWS4' + secret);
	return hmac(key, text).toString('hex');
}

class Refusal extends Error {
	constructor(status, code, message) { super(message); this.status = status; this.code = code; }
}
const refuse = (status, code, message) => { throw new Refusal(status, code, message); };

// What is added on the way, or says how bytes travel, need not be signed.
const FREE = new Set(['authorization', 'user-agent', 'accept', 'content-length', 'connection', 'expect', 'transfer-encoding']);

function verify(r, service, body, now) {
	const header = name => r.headers.find(h => h[0].toLowerCase() === name)?.[1];
	const m = /^AWS4-HMAC-SHA256 Credential=([^,]+), ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/.exec(header('authorization') ?? '');
	if (!m) refuse(403, 'AccessDenied', 'the request is not signed');
	const [id, ...scope] = m[1].split('/'), signed = m[2].split(';'), date = header('x-amz-date') ?? '';
	if (id !== ID) refuse(403, service === 's3' ? 'InvalidAccessKeyId' : 'UnrecognizedClientException', 'there is no such key id');
	if (!/^\d{8}T\d{6}Z$/.test(date) || scope.join() !== [date.slice(0, 8), REGION, service, 'aws4_request'].join())
		refuse(403, 'AuthorizationHeaderMalformed', `the scope ${scope.join('/')} is not of this day, region and service`);
	if (signed.join() !== [...signed].sort(order).join() || new Set(signed).size !== signed.length || !signed.includes('host'))
		refuse(403, 'AuthorizationHeaderMalformed', 'the signed headers are not in order');
	for (const [name] of r.headers)
		if (!FREE.has(name.toLowerCase()) && !signed.includes(name.toLowerCase())) refuse(403, 'AccessDenied', `${name} is not signed`);
	for (const name of signed)
		if (header(name) === undefined) refuse(403, 'SignatureDoesNotMatch', `${name} is signed but was not sent`);
	const at = Date.parse(date.replace(/(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z/, '$1-$2-$3T$4:$5:$6Z'));
	if (Math.abs(at / 1000 - now) > SKEW_S) refuse(403, 'RequestTimeTooSkewed', 'the difference between the clocks is too large');
	const hash = sha256(body), claimed = header('x-amz-content-sha256');
	if (service === 's3' && claimed === undefined) refuse(400, 'MissingSecurityHeader', 'x-amz-content-sha256 is missing');
	if (claimed !== undefined && claimed !== hash) refuse(400, 'XAmzContentSHA256Mismatch', 'the body has another hash');
	const want = Buffer.from(signature({ ...r, hash }, signed, date, scope, SECRET)), have = Buffer.from(m[3]);
	if (!crypto.timingSafeEqual(want, have)) refuse(403, 'SignatureDoesNotMatch', 'the signature is another');
	const token = header('x-amz-security-token');
	if (token !== undefined && token !== TOKEN) refuse(403, 'InvalidToken', 'the token is malformed');
	if (state.expired && token !== undefined) refuse(400, service === 's3' ? 'ExpiredToken' : 'ExpiredTokenException', 'the token has expired');
}

function selfTest() {
	const iam = signature({ method: 'GET', path: '/', query: 'Action=ListUsers&Version=2010-05-08', hash: sha256(''),
		headers: [['Content-Type', 'application/x-www-form-urlencoded; charset=utf-8'], ['Host', 'iam.amazonaws.com'], ['X-Amz-Date', '20150830T123600Z']] },
		['content-type', 'host', 'x-amz-date'], '20150830T123600Z', ['20150830', 'us-east-1', 'iam', 'aws4_request'],
		'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY');
	const s3 = signature({ method: 'GET', path: '/test.txt', query: '', hash: sha256(''), headers: [['Host', 'examplebucket.s3.amazonaws.com'],
		['Range', 'bytes=0-9'], ['x-amz-content-sha256', sha256('')], ['x-amz-date', '20130524T000000Z']] },
		['host', 'range', 'x-amz-content-sha256', 'x-amz-date'], '20130524T000000Z', ['20130524', 'us-east-1', 's3', 'aws4_request'],
		'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY');
	const list = signature({ method: 'GET', path: '/', query: 'max-keys=2&prefix=J', hash: sha256(''), headers: [
		['Host', 'examplebucket.s3.amazonaws.com'], ['x-amz-content-sha256', sha256('')], ['x-amz-date', '20130524T000000Z']] },
		['host', 'x-amz-content-sha256', 'x-amz-date'], '20130524T000000Z', ['20130524', 'us-east-1', 's3', 'aws4_request'],
		'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY');
	const right = [['iam', iam, '5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7'],
		['s3 get', s3, 'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41'],
		['s3 list', list, '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7']];
	console.log(`1..${right.length}`);
	right.forEach(([name, have, want], i) => console.log(`${have === want ? 'ok' : 'not ok'} ${i + 1} - the published signature of ${name}`));
	process.exit(right.every(([, have, want]) => have === want) ? 0 : 1);
}

// ---- S3 --------------------------------------------------------------------------------------------------------------------

const xml = text => text.replace(/[&<>"]/g, c => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c]);
const XML = '<?xml version="1.0" encoding="UTF-8"?>\n';

function list(bucket, query) {
	const q = new Map(query.split('&').map(p => p.split('=').map(decodeURIComponent)));
	if (q.get('list-type') !== '2') refuse(400, 'InvalidArgument', 'only the second version of lists is known');
	const prefix = q.get('prefix') ?? '', token = q.get('continuation-token');
	const after = token === undefined ? '' : Buffer.from(token, 'base64').toString();
	const names = [...bucket.keys()].filter(n => n.startsWith(prefix) && n > after).sort(order), page = names.slice(0, state.page);
	const more = names.length > page.length;
	const contents = page.map(n => `<Contents><Key>${xml(n)}</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified><ETag>${xml(bucket.get(n).etag)}</ETag>` +
		`<Size>${bucket.get(n).body.length}</Size><StorageClass>STANDARD</StorageClass></Contents>`).join('');
	const next = more ? `<NextContinuationToken>${Buffer.from(page.at(-1)).toString('base64')}</NextContinuationToken>` : '';
	return { status: 200, body: `${XML}<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>b</Name><Prefix>${xml(prefix)}</Prefix>` +
		`<KeyCount>${page.length}</KeyCount><MaxKeys>${state.page}</MaxKeys><IsTruncated>${more}</IsTruncated>${contents}${next}</ListBucketResult>` };
}

function condition(old, ifNone, ifSame) {
	if (ifNone === undefined && ifSame === undefined) return;
	if (state.conditions === 'ignored') return;
	if (state.conditions === 'unknown') refuse(501, 'NotImplemented', 'a header implies functionality that is not implemented');
	if (ifNone !== undefined && old) refuse(412, 'PreconditionFailed', 'at least one of the conditions did not hold');
	if (ifSame !== undefined && !old) refuse(404, 'NoSuchKey', 'the specified key does not exist');
	if (ifSame !== undefined && old.etag !== ifSame) refuse(412, 'PreconditionFailed', 'at least one of the conditions did not hold');
}

function s3(method, path, query, headers, body) {
	const [, name, ...rest] = path.split('/').map(decodeURIComponent), object = rest.join('/');
	const bucket = state.buckets.get(name);
	if (!bucket) refuse(404, 'NoSuchBucket', 'the specified bucket does not exist');
	if (!object) return method === 'GET' ? list(bucket, query) : refuse(405, 'MethodNotAllowed', 'the method is not allowed against this resource');
	const old = bucket.get(object);
	switch (method) {
	case 'PUT': {
		condition(old, headers['if-none-match'], headers['if-match']);
		const etag = `"${crypto.createHash('md5').update(body).digest('hex')}"`;
		bucket.set(object, { body, etag });
		return { status: 200, headers: { ETag: etag }, body: '' };
	}
	case 'GET':
	case 'HEAD':
		if (!old) refuse(404, 'NoSuchKey', 'the specified key does not exist');
		return { status: 200, headers: { ETag: old.etag, 'Content-Type': 'application/octet-stream' }, body: old.body };
	case 'DELETE':
		bucket.delete(object);
		return { status: 204, body: '' };
	default:
		return refuse(405, 'MethodNotAllowed', 'the method is not allowed against this resource');
	}
}

// ---- KMS -------------------------------------------------------------------------------------------------------------------

const P = 2n ** 256n - 2n ** 32n - 977n, N = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const G = [0x79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798n, 0x483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8n];
const mod = (a, m) => ((a % m) + m) % m;

function inverse(a, m) {
	let [r0, r1, s0, s1] = [m, mod(a, m), 0n, 1n];
	while (r1) [r0, r1, s0, s1] = [r1, r0 % r1, s1, s0 - (r0 / r1) * s1];
	return mod(s0, m);
}
function add(a, b) {
	if (!a || !b) return a ?? b;
	if (a[0] === b[0] && a[1] !== b[1]) return null;
	const l = a[0] === b[0] ? 3n * a[0] * a[0] * inverse(2n * a[1], P) : (b[1] - a[1]) * inverse(b[0] - a[0], P);
	const x = mod(l * l - a[0] - b[0], P);
	return [x, mod(l * (a[0] - x) - a[1], P)];
}
function times(k, p) {
	let sum = null;
	for (; k; k >>= 1n, p = add(p, p)) if (k & 1n) sum = add(sum, p);
	return sum;
}
const number = bytes => BigInt('0x' + bytes.toString('hex'));
const bytes32 = n => Buffer.from(n.toString(16).padStart(64, '0'), 'hex');

function derInteger(n) {
	let hex = n.toString(16);
	if (hex.length % 2) hex = '0' + hex;
	if (parseInt(hex.slice(0, 2), 16) > 127) hex = '00' + hex;
	const b = Buffer.from(hex, 'hex');
	return Buffer.concat([Buffer.from([2, b.length]), b]);
}
function sign(d, digest) {
	const k = mod(number(crypto.randomBytes(40)), N - 1n) + 1n, r = times(k, G)[0] % N;
	const s = mod(inverse(k, N) * (number(digest) + r * d), N), body = Buffer.concat([derInteger(r), derInteger(s)]);
	return Buffer.concat([Buffer.from([0x30, body.length]), body]);
}
// SubjectPublicKeyInfo of id-ecPublicKey on secp256k1
const spki = q => Buffer.concat([Buffer.from('3056301006072a8648ce3d020106052b8104000a03420004', 'hex'), bytes32(q[0]), bytes32(q[1])]);

const KEYS = new Map([['alias/vault', { kind: 'AES', secret: crypto.randomBytes(32) }], ['alias/other', { kind: 'AES', secret: crypto.randomBytes(32) }],
	['alias/disabled', { kind: 'AES', disabled: true }], ['alias/forbidden', { kind: 'AES', forbidden: true }],
	...['alias/wallet', 'alias/second'].map(name => [name, { kind: 'EC', secret: mod(number(crypto.randomBytes(40)), N - 1n) + 1n }])]);
const NAMES = [...KEYS.keys()];
const context = c => Buffer.from(JSON.stringify(Object.entries(c ?? {}).sort((a, b) => order(a[0], b[0]))));

function wrap(name, q, plain) {
	const iv = crypto.randomBytes(12), c = crypto.createCipheriv('aes-256-gcm', KEYS.get(name).secret, iv).setAAD(context(q.EncryptionContext));
	const body = Buffer.concat([c.update(plain), c.final()]);
	return Buffer.concat([Buffer.from([NAMES.indexOf(name)]), iv, c.getAuthTag(), body]).toString('base64');
}
function unwrap(name, q) {
	const b = Buffer.from(q.CiphertextBlob ?? '', 'base64');
	if (b.length < 30 || NAMES[b[0]] !== name) refuse(400, 'IncorrectKeyException', 'the key ID in the request does not identify a key that can perform this operation');
	const d = crypto.createDecipheriv('aes-256-gcm', KEYS.get(name).secret, b.subarray(1, 13)).setAAD(context(q.EncryptionContext)).setAuthTag(b.subarray(13, 29));
	try { return Buffer.concat([d.update(b.subarray(29)), d.final()]); } catch { return refuse(400, 'InvalidCiphertextException', undefined); }
}

function kms(target, q) {
	const action = target.replace(/^TrentService\./, ''), name = q.KeyId, key = KEYS.get(state.moved[name] ?? name);
	if (!key) refuse(400, 'NotFoundException', `Alias arn:aws:kms:${REGION}:0:${name} is not found.`);
	if (key.forbidden) refuse(400, 'AccessDeniedException', `User: arn:aws:iam::0:user/test is not authorized to perform: kms:${action}`);
	if (key.disabled) refuse(400, 'DisabledException', `arn:aws:kms:${REGION}:0:${name} is disabled.`);
	const signs = ['Sign', 'GetPublicKey'].includes(action);
	if (signs !== (key.kind === 'EC')) refuse(400, 'InvalidKeyUsageException', `arn:aws:kms:${REGION}:0:${name} key usage does not allow it.`);
	switch (action) {
	case 'GenerateDataKey': {
		if (q.KeySpec !== 'AES_256') refuse(400, 'ValidationException', 'KeySpec is not AES_256');
		const plain = crypto.randomBytes(32);
		return { KeyId: name, Plaintext: plain.toString('base64'), CiphertextBlob: wrap(name, q, plain) };
	}
	case 'Decrypt':
		return { KeyId: name, Plaintext: unwrap(name, q).toString('base64'), EncryptionAlgorithm: 'SYMMETRIC_DEFAULT' };
	case 'Sign': {
		const digest = Buffer.from(q.Message ?? '', 'base64');
		if (q.MessageType !== 'DIGEST' || q.SigningAlgorithm !== 'ECDSA_SHA_256' || digest.length !== 32)
			refuse(400, 'ValidationException', 'Digest is invalid length for algorithm ECDSA_SHA_256.');
		return { KeyId: name, Signature: sign(key.secret, digest).toString('base64'), SigningAlgorithm: q.SigningAlgorithm };
	}
	case 'GetPublicKey':
		return { KeyId: name, KeySpec: 'ECC_SECG_P256K1', KeyUsage: 'SIGN_VERIFY', PublicKey: spki(times(key.secret, G)).toString('base64'),
			SigningAlgorithms: ['ECDSA_SHA_256'] };
	default:
		return refuse(400, 'UnknownOperationException', undefined);
	}
}

// ---- the server --------------------------------------------------------------------------------------------------------------

const fresh = () => ({ page: 3, clock_s: 0, clock_skew_s: 0, conditions: 'kept', expired: false, moved: {}, faults: [], buckets: new Map([['vault', new Map()], ['public.files', new Map()]]),
	requests: 0, refused: 0, log: [], gather: 0, waiting: [], most: 0 });
let state = fresh();

function control(method, body, out) {
	if (method === 'GET') {
		const objects = Object.fromEntries([...state.buckets].map(([b, o]) => [b, [...o.keys()].sort(order)]));
		out.end(JSON.stringify({ requests: state.requests, refused: state.refused, log: state.log, most: state.most, objects }));
		return;
	}
	const { forget, put, secrets, ...rest } = JSON.parse(body);
	if (forget) state = fresh();
	Object.assign(state, rest);
	for (const f of state.faults) f.count ??= 1, f.after ??= 0;
	for (const [name, hex] of Object.entries(secrets ?? {})) KEYS.get(name).secret = BigInt('0x' + hex);
	if (put) state.buckets.get(put.bucket).set(put.name, { body: Buffer.from(put.text), etag: `"${sha256(put.text)}"` });
	out.end('{}');
}

// The first fault that fits and is due.
function faultFor(method, path) {
	const f = state.faults.find(g => (!g.method || g.method === method) && (!g.name || path.includes(g.name)) && g.count > 0);
	if (!f) return {};
	if (f.after > 0) { f.after--; return {}; }
	f.count--;
	return f;
}

function serve(request, body) {
	const at = request.url.indexOf('?'), path = at < 0 ? request.url : request.url.slice(0, at), query = at < 0 ? '' : request.url.slice(at + 1);
	const target = request.headers['x-amz-target'], service = target === undefined ? 's3' : 'kms', headers = [];
	for (let i = 0; i < request.rawHeaders.length; i += 2) headers.push(request.rawHeaders.slice(i, i + 2));
	try {
		verify({ method: request.method, path, query, headers }, service, body, Date.now() / 1000 + state.clock_skew_s);
		if (service === 's3') return s3(request.method, path, query, request.headers, body);
		return { status: 200, headers: { 'Content-Type': 'application/x-amz-json-1.1' }, body: JSON.stringify(kms(target, JSON.parse(body))) };
	} catch (e) {
		if (!(e instanceof Refusal)) throw e;
		return refusal(service, e.status, e.code, e.message);
	}
}

function refusal(service, status, code, message) {
	state.refused++;
	if (service === 'kms') return { status, headers: { 'Content-Type': 'application/x-amz-json-1.1' }, body: JSON.stringify({ __type: code, ...(message && { message }) }) };
	return { status, headers: { 'Content-Type': 'application/xml' }, body: `${XML}<Error><Code>${xml(code)}</Code><Message>${xml(message)}</Message><RequestId>1</RequestId></Error>` };
}

function send(request, out, answer, fault) {
	const body = Buffer.from(answer.body), head = request.method === 'HEAD';
	out.writeHead(answer.status, { ...answer.headers, Date: new Date((Date.now() / 1000 + state.clock_s) * 1000).toUTCString(),
		...(answer.status !== 204 && { 'Content-Length': body.length }) });
	if (!fault.cut) return out.end(head ? undefined : body);
	return out.write(body.subarray(0, body.length / 2), () => request.socket.destroy());
}

function gather(answer) {
	state.most = Math.max(state.most, state.waiting.push(answer));
	if (state.waiting.length === state.gather) setImmediate(() => state.waiting.splice(0).forEach(a => a()));
}

function handle(request, out) {
	const parts = [];
	request.on('data', p => parts.push(p)).on('end', () => {
		const body = Buffer.concat(parts);
		if (request.url === '/_emulator') return control(request.method, body, out);
		state.requests++;
		const service = request.headers['x-amz-target'] === undefined ? 's3' : 'kms';
		state.log.push(`${request.method} ${request.headers['x-amz-target'] ?? request.url}`);
		const fault = faultFor(request.method, request.headers['x-amz-target'] ?? request.url);
		if (fault.stall) return undefined;
		const answer = fault.status ? refusal(service, fault.status, fault.code ?? 'InternalError', 'as it was told') : serve(request, body);
		if (fault.lost) return request.socket.destroy();
		if (!state.gather) return send(request, out, answer, fault);
		return gather(() => send(request, out, answer, fault));
	});
}

if (process.argv[2] === '--self-test') selfTest();
const server = http.createServer(handle);
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
process.stdin.on('end', () => process.exit(0)).resume();
