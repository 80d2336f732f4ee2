// SPDX-License-Identifier: MIT
/*
 * tfhe.mjs -- the two real clients that encrypt for arca: node-tfhe 1.7.0, the current one, and tfhe 1.4.0-alpha.3, the
 * one that deployed dapps use.  Both are unmodified and have the same classes.
 */
import { createRequire } from 'node:module';
import { cat, crypto, fs, u32, vec, vector } from './lib.mjs';

const require = createRequire(import.meta.url);
const LIMIT = 1n << 31n;

/* The types a KMS decrypts: code on the wire, bits, how a client pushes and names them. */
export const TYPES = [
	{ name: 'bool', code: 0, bits: 1, push: (b, v) => b.push_boolean(v === 1n), kind: 'FheBool' },
	{ name: 'uint8', code: 2, bits: 8, push: (b, v) => b.push_u8(Number(v)), kind: 'FheUint8' },
	{ name: 'uint16', code: 3, bits: 16, push: (b, v) => b.push_u16(Number(v)), kind: 'FheUint16' },
	{ name: 'uint32', code: 4, bits: 32, push: (b, v) => b.push_u32(Number(v)), kind: 'FheUint32' },
	{ name: 'uint64', code: 5, bits: 64, push: (b, v) => b.push_u64(v), kind: 'FheUint64' },
	{ name: 'uint128', code: 6, bits: 128, push: (b, v) => b.push_u128(v), kind: 'FheUint128' },
	{ name: 'address', code: 7, bits: 160, push: (b, v) => b.push_u160(v), kind: 'FheUint160' },
	{ name: 'uint256', code: 8, bits: 256, push: (b, v) => b.push_u256(v), kind: 'FheUint256' },
];
export const typeNamed = name => TYPES.find(t => t.name === name);

export const randomValue = type => BigInt('0x' + crypto.randomBytes(32).toString('hex')) >> BigInt(256 - type.bits);
export const randomValues = (types = TYPES) => types.map(type => ({ type, value: randomValue(type) }));
export const largestValues = (types = TYPES) => types.map(type => ({ type, value: (1n << BigInt(type.bits)) - 1n }));
export const zeroValues = (types = TYPES) => types.map(type => ({ type, value: 0n }));

/* How a list may be built. */
export const packed = builder => builder.build_packed();
export const unpacked = builder => builder.build();
export const METADATA = new Uint8Array(Buffer.from('a dapp, a user, a contract'));
const provenUnder = crs => builder => client => builder.build_with_proof_packed(
	client.T.CompactPkeCrs.safe_deserialize(vector(crs), LIMIT), METADATA, client.T.ZkComputeLoad.Verify);
export const proven = provenUnder('tfhe/test/crs_own.bin'), provenInProduction = provenUnder('tfhe/prod/crs.bin');

function client(name, T) {
	return {
		name, T,
		read: (kind, bytes) => T[kind].safe_deserialize(bytes, LIMIT),
		write: object => Buffer.from(object.safe_serialize(LIMIT)),
		/* The bytes of a compact list of these values, in this order. */
		encrypt(publicKey, values, build = packed) {
			const builder = T.CompactCiphertextList.builder(this.read('TfheCompactPublicKey', publicKey));
			for (const { type, value } of values) type.push(builder, value);
			const list = build(builder);
			return this.write(typeof list === 'function' ? list(this) : list);
		},
	};
}

export const tfhe17 = client('node-tfhe 1.7.0', require('node-tfhe'));

/* This build is made for browsers: it listens and draws its randomness on `self`. */
globalThis.self ??= Object.assign(new EventTarget(), { crypto: crypto.webcrypto });
const web = await import('tfhe');
web.initSync({ module: fs.readFileSync(require.resolve('tfhe/tfhe_bg.wasm')) });
export const tfhe14 = client('tfhe 1.4.0-alpha.3', web);

/* An object of TFHE-rs: its envelope around a body. */
const envelope = name => cat(vec(Buffer.from('0.5')), u32(0), vec(Buffer.from('0.1')), vec(Buffer.from(name)));

/* The two halves of a published key set of test parameters, each as the object that clients read. */
export function halves(keyset) {
	const start = envelope('high_level_api::CompressedXofKeySet').length + 12;   /* version, version, FirstByte */
	const body = start + 4 + 8 + Number(keyset.readBigUInt64LE(start + 4));      /* version, seed */
	const name = 'high_level_api::CompressedCompactPublicKey';
	const example = vector('tfhe/xofset_test/compressed_compact_public_key.bin');
	const middle = body + example.length - envelope(name).length;
	return {
		compressedPublicKey: cat(envelope(name), keyset.subarray(body, middle)),
		compressedServerKey: cat(envelope('high_level_api::CompressedServerKey'), keyset.subarray(middle)),
	};
}

/*
 * A public key whose ExpandKind has another version word: 1 is what clients of the current generation write, 0 what both
 * generations read.  The tag has 32 bytes.
 */
function withVersion(publicKey, version) {
	const b = Buffer.from(publicKey);
	b.writeUInt32LE(version, b.length - 28 - 32);
	return b;
}
export const asWrittenBy17 = publicKey => withVersion(publicKey, 1);
export const asReadByBoth = publicKey => withVersion(publicKey, 0);
