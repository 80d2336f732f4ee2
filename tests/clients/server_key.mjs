// SPDX-License-Identifier: MIT
/*
 * server_key.mjs -- node-tfhe computes with the Fourier numbers of our uncompressed ServerKey.
 *
 * Its WebAssembly build reads no ServerKey file.  But it makes a server key from a client key, and what it makes stands in
 * its memory: the bootstrap key as numbers, in the order in which a file has them.  They are found there (a row is what
 * decrypts to almost nothing under the secret key), and ours, of the same client key, are put in their place.  Then lists must
 * expand to what was encrypted, which they do with no other order, sign or scale.
 */
import { spawnSync } from 'node:child_process';
import { BUILD, assert, coprocess, crypto, finish, fs, path, tempDir, test } from './lib.mjs';

/* The instance of node-tfhe, whose memory is looked at. */
const instances = [];
WebAssembly.Instance = new Proxy(WebAssembly.Instance, {
	construct(Instance, args) {
		instances.push(new Instance(...args));
		return instances.at(-1);
	},
});
const { randomValues, tfhe17, typeNamed } = await import('./tfhe.mjs');
const memory = () => instances[0].exports.memory.buffer;

/* ---- one set of keys, ours and theirs -------------------------------------------------------------------------------- */

const seed = crypto.randomBytes(32).toString('hex'), dir = tempDir();
console.log(`# seed ${seed}`);
const r = spawnSync(path.join(BUILD, 'tests/tools/testkeys'),
	['--seed', seed, '--tag', seed, '--params', 'test', '--out-dir', dir, '--also', 'ServerKey'], { encoding: 'utf8', timeout: 120_000 });
if (r.status !== 0) throw new Error(`testkeys: exit ${r.status ?? r.signal}: ${r.stderr ?? r.error}`);
const read = name => fs.readFileSync(path.join(dir, name));
const ours = read('ServerKey.bin'), clientFile = read('ClientKey.bin'), publicKey = read('PublicKey.bin');

const clientKey = tfhe17.read('TfheClientKey', clientFile);
tfhe17.T.set_server_key(tfhe17.T.TfheServerKey.new(clientKey));

const values = randomValues(['uint8', 'bool', 'uint64', 'uint16'].map(typeNamed));
const list = tfhe17.read('CompactCiphertextList', tfhe17.encrypt(publicKey, values));
function expanded() {
	const e = list.expand();
	return values.map(({ type }, i) => BigInt((type.bits === 1 ? e.get_bool(i) : e[`get_uint${type.bits}`](i)).decrypt(clientKey)));
}
const right = () => assert.deepEqual(expanded(), values.map(v => v.value));

/* ---- their bootstrap key in memory ----------------------------------------------------------------------------------- */

const N = 256, HALF = N / 2, POLYNOMIAL = 8 * N, ROW = 2 * POLYNOMIAL, KEY = 2 * ROW;

/* The first array of N words that are 0 or 1 is the key S of all values. */
function secretBits() {
	for (let at = 0; ; at++) {
		if (clientFile.readBigUInt64LE(at) !== BigInt(N)) continue;
		const bits = Array.from({ length: N }, (_, j) => clientFile.readBigUInt64LE(at + 8 + 8 * j));
		if (bits.every(b => b <= 1n)) return bits.map(Number);
	}
}
const S = secretBits();
const COS = Array.from({ length: 2 * N }, (_, i) => Math.cos(Math.PI * i / N));
const SIN = Array.from({ length: 2 * N }, (_, i) => Math.sin(Math.PI * i / N));

/* Coefficients of a polynomial from its values at e^(i pi (1 - 4k) / N). */
function coefficients(numbers, count = HALF) {
	const p = new Float64Array(N);
	for (let j = 0; j < count; j++)
		for (let k = 0; k < HALF; k++) {
			const turn = ((1 - 4 * k) * j % (2 * N) + 2 * N) % (2 * N), re = numbers[2 * k], im = numbers[2 * k + 1];
			p[j] += (re * COS[turn] + im * SIN[turn]) / HALF;
			p[j + HALF] += (im * COS[turn] - re * SIN[turn]) / HALF;
		}
	return p;
}

/* b - a S, modulo 1, is almost nothing in the first coefficients. */
function isRow(at) {
	const numbers = new Float64Array(memory(), at, ROW / 8);
	for (let i = 0; i < N; i += 7) if (!(Math.abs(numbers[i]) < 60 && Math.abs(numbers[i]) > 1e-9)) return false;
	const a = coefficients(numbers.subarray(0, N)), b = coefficients(numbers.subarray(N), 4);
	for (let c = 0; c < 4; c++) {
		let phase = b[c];
		for (let j = 0; j < N; j++) if (S[j]) phase += j <= c ? -a[c - j] : a[N + c - j];
		if (Math.abs(phase - Math.round(phase)) > 1e-5) return false;
	}
	return true;
}

/* Keys of two rows that stand alone: the bootstrap key and that of the pseudo-random function. */
function keysInMemory() {
	const rows = new Set();
	for (let at = 0; at + ROW <= memory().byteLength;) {
		const row = isRow(at);
		if (row) rows.add(at);
		at += row ? ROW : 64;
	}
	return [...rows].filter(at => rows.has(at + ROW) && !rows.has(at - ROW) && !rows.has(at + 2 * ROW));
}

function put(at, bytes) {
	const place = new Uint8Array(memory(), at, KEY), before = Buffer.from(place);
	place.set(bytes);
	return before;
}

function computesWith(at, bytes) {
	const before = put(at, bytes);
	try { right(); return true; } catch { return false; } finally { put(at, before); }
}

/* ---- ours in its place ----------------------------------------------------------------------------------------------- */

/* 2 + 4 elements, N, 4 polynomials, and each with its count. */
function ourNumbers() {
	const head = Buffer.alloc(32);
	[6, N, 4, HALF].forEach((x, i) => head.writeBigUInt64LE(BigInt(x), 8 * i));
	const at = ours.indexOf(head) + 24;
	assert(at > 24);
	return Buffer.concat([0, 1, 2, 3].map(i => ours.subarray(at + i * (8 + POLYNOMIAL) + 8, at + (i + 1) * (8 + POLYNOMIAL))));
}

const noise = Buffer.from(Float64Array.from({ length: KEY / 8 }, () => 8 * Math.random() - 4).buffer);
const found = keysInMemory(), bootstrap = found.filter(at => !computesWith(at, noise));
await test('node-tfhe expands with its own key, whose numbers are found in its memory in our order', () => {
	right();
	assert.equal(found.length, 2);
	assert.equal(bootstrap.length, 1);
});
await test('node-tfhe expands with the numbers of our ServerKey in place of its own', () => {
	assert.notDeepEqual(Buffer.from(memory(), bootstrap[0], KEY), ourNumbers());
	assert(computesWith(bootstrap[0], ourNumbers()));
});
await test('it does not with the same numbers in another order, or conjugated', () => {
	const numbers = ourNumbers(), back = Buffer.alloc(KEY), conjugated = Buffer.from(numbers);
	for (let p = 0; p < KEY; p += POLYNOMIAL)
		for (let k = 0; k < HALF; k++) {
			numbers.copy(back, p + 16 * k, p + 16 * ((HALF - k) % HALF), p + 16 * ((HALF - k) % HALF) + 16);
			conjugated[p + 16 * k + 15] ^= 0x80;
		}
	assert(!computesWith(bootstrap[0], back));
	assert(!computesWith(bootstrap[0], conjugated));
});
await test('node-tfhe decrypts what arca coprocess expands with the ServerKey file', () => {
	const made = coprocess(path.join(dir, 'ServerKey.bin'), tfhe17.encrypt(publicKey, values), 'small-expanded');
	assert.deepEqual(made.map((c, i) => BigInt(tfhe17.read(values[i].type.kind, c.ciphertext).decrypt(clientKey))), values.map(v => v.value));
});
await test('its own numbers are back, and it expands as before', right);
finish();
