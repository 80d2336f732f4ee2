// SPDX-License-Identifier: MIT
/*
 * threshold.mjs -- parties that share a key, seen by real clients: node-tkms 0.12.8 puts every type together from any
 * 2T + 1 answers, and from all of them when T parties lie; the genuine KMSVerifier accepts what 2T + 1 of them signed.
 *
 *   node threshold.mjs [--parties 4,7,10,13] [--long]        these if not given; each is a devnet of its own
 *
 * The liars are nodes whose shares are wrong, but well signed (tests/tools/liar_node.c).
 */
import {
	BUILD, FORMATS, STRUCTS, arca, assert, assertInternallySigned, assertPublicAnswer, assertSignedBy, crypto, decryptedResult,
	digestOf, domainForEthers, encodeUserPayload, finish, flip, fs, grpc, hex, inEveryFormat, newId, path, publicRequest, refuses,
	startCluster, tempDir, test,
} from './lib.mjs';
import { largestValues, randomValues, tfhe17 } from './tfhe.mjs';
import { User, answerFor } from './tkms.mjs';
import { kmsVerifier } from './chain.mjs';

const at = process.argv.indexOf('--parties');
const sizes = (at > 0 ? process.argv[at + 1] : '4,7,10,13').split(',').map(Number), long = process.argv.includes('--long');
const SUBSETS = 24;                                   /* of those of one size that are tried, if there are more */


/* ---- choosing parties -------------------------------------------------------------------------------------------- */

function* choices(list, k) {
	if (k === 0) { yield []; return; }
	for (let i = 0; i + k <= list.length; i++) for (const rest of choices(list.slice(i + 1), k - 1)) yield [list[i], ...rest];
}
const shuffled = list => list.map(x => [crypto.randomInt(1 << 30), x]).sort((a, b) => a[0] - b[0]).map(x => x[1]);
const some = (list, k) => shuffled([...choices(list, k)]).slice(0, SUBSETS).map(shuffled);

/* ---- asking ------------------------------------------------------------------------------------------------------ */

/* A call that waits for a result gives up after a minute, and may be made again. */
async function result(call) {
	for (const until = Date.now() + 150_000; ;)
		try { return await call(); } catch (e) { if (e.code !== grpc.status.UNAVAILABLE || Date.now() > until) throw e; }
}

/* The same request at each of these parties; the answers by party number. */
async function askEach(parties, method, request) {
	const fetch = method === 'PublicDecrypt' ? 'GetPublicDecryptionResult' : 'GetUserDecryptionResult';
	const answers = await Promise.all(parties.map(async node => {
		await node.core[method](request);
		return [node.party.party_id, await result(() => node.core[fetch](request.request_id))];
	}));
	return new Map(answers);
}

/* All that a party's answer to a user says beside its sealed shares. */
function assertUserAnswer(node, user, request, response) {
	const { payload } = response, handles = request.typed_ciphertexts.map(c => hex(c.external_handle));
	assert.equal(payload.party_id, node.party.party_id);
	assert.equal(payload.degree, node.info.threshold);
	assert.deepEqual(payload.signcrypted_ciphertexts.map(c => c.fhe_type), request.typed_ciphertexts.map(c => c.fhe_type));
	assert.deepEqual(payload.signcrypted_ciphertexts.map(c => hex(c.external_handle)), handles);
	assert.deepEqual(payload.signcrypted_ciphertexts.map(c => c.packing_factor),
		request.typed_ciphertexts.map(c => c.fhe_type === 0 ? 1 : 2));
	assert.equal(hex(payload.digest), digestOf(domainForEthers(node.domain), STRUCTS.link,
		{ publicKey: hex(user.encKey), handles, userAddress: user.address }));
	const share = encodeUserPayload(payload);
	assertSignedBy(node.party.signer, response.external_signature, domainForEthers(node.domain), STRUCTS.userDecryption,
		{ publicKey: hex(user.encKey), ctHandles: handles, userDecryptedShare: hex(share), extraData: '0x' });
	assertInternallySigned(node.party, response.signature, 'USER_DEC', share, payload.verification_key);
}

async function askUser(net, parties, user, ciphertexts) {
	const request = user.request(newId(2), net.keyId, ciphertexts, net.domain);
	return { request, answers: await askEach(parties, 'UserDecrypt', request) };
}

/* ---- one cluster ------------------------------------------------------------------------------------------------- */

async function showCluster(n) {
	/* Many parties take a while to make a key together; what is shown here does not ask who made it. */
	const net = await startCluster(n, ...n > 4 && !long ? ['--keygen', 'insecure'] : []), t = net.info.threshold, quorum = 2 * t + 1, title = `${n} parties, ${t} corrupt`;
	/* Every party decompresses a small-compressed value by itself, block by block: the short types show it as well. */
	const typesIn = format => long || format !== 'small-compressed' ? undefined : n === 4 ? 4 : 2;
	const ids = net.info.parties.map(p => p.party_id), signers = net.info.parties.map(p => p.signer);
	let nodes = ids.map(i => net.of(i));
	const values = randomValues(), plain = values.map(v => v.value);
	const expected = values.map(v => ({ type: v.type.code, value: v.value })), expectedIn = f => expected.slice(0, typesIn(f));
	const list = tfhe17.encrypt(await net.file('PublicKey', net.keyId), values);
	const inFormats = async (list, values) => Object.fromEntries(Object.entries(
		inEveryFormat(net, await net.keyset(), list, values)).map(([f, ciphertexts]) => [f, ciphertexts.slice(0, typesIn(f))]));
	const byFormat = await inFormats(list, values);
	const handlesOf = ciphertexts => ciphertexts.map(c => c.external_handle);
	const user = new User();
	const open = (answers, from, handles, who = user) =>
		who.open(signers, handles, net.domain, from.map(i => answerFor(answers.get(i))));

	await test(`${title}: each party publishes the same key set`, async () => {
		for (const kind of ['PublicKey', 'CompressedXofKeySet']) {
			const first = await nodes[0].file(kind, net.keyId);
			for (const node of nodes) assert.deepEqual(await node.file(kind, net.keyId), first);
		}
	});

	/* ---- for everybody ---- */

	const verifier = await kmsVerifier(signers, quorum, net.domain);
	const publicly = new Map();
	for (const format of Object.keys(FORMATS))
		await test(`${title}: a list in ${format} is decrypted and signed by each party`, async () => {
			const request = publicRequest(net, byFormat[format]), answers = await askEach(nodes, 'PublicDecrypt', request);
			for (const node of nodes)
				assertPublicAnswer(node, request, answers.get(node.party.party_id), plain.slice(0, typesIn(format)));
			publicly.set(format, { request, answers });
		});
	const { request, answers } = publicly.get('big-compressed');
	const handles = request.ciphertexts.map(c => hex(c.external_handle)), result = decryptedResult(plain);
	const signaturesOf = from => from.map(i => hex(answers.get(i).external_signature));
	await test(`${title}: KMSVerifier accepts the signatures of any ${quorum} and of all`, async () => {
		for (const from of [ids, ...some(ids, quorum)])
			assert.equal(await verifier.verify(handles, result, signaturesOf(from)), true);
	});
	await test(`${title}: KMSVerifier refuses the signatures of ${2 * t}, and one that is given again`, async () => {
		for (const from of some(ids, 2 * t)) {
			assert.equal(await verifier.verify(handles, result, signaturesOf(from)), 'KMSSignatureThresholdNotReached');
			assert.notEqual(await verifier.verify(handles, result, signaturesOf([...from, from[0]])), true);
		}
	});
	await test(`${title}: KMSVerifier refuses another value`, async () => {
		const wrong = [...plain];
		wrong[4] ^= 1n;
		assert.equal(await verifier.verify(handles, decryptedResult(wrong), signaturesOf(ids)), 'KMSInvalidSigner');
	});

	/* ---- for one user ---- */

	for (const format of Object.keys(FORMATS))
		await test(`${title}: node-tkms puts values in ${format} together from any ${quorum} answers`, async () => {
			const { request, answers } = await askUser(net, nodes, user, byFormat[format]), h = handlesOf(byFormat[format]);
			for (const node of nodes) assertUserAnswer(node, user, request, answers.get(node.party.party_id));
			for (const from of [ids, ...some(ids, quorum)]) assert.deepEqual(open(answers, from, h), expectedIn(format));
		});
	const sealed = (await askUser(net, nodes, user, byFormat['big-expanded'])).answers, h = handlesOf(byFormat['big-expanded']);
	await test(`${title}: node-tkms refuses ${2 * t} answers`, async () => {
		for (const from of some(ids, 2 * t)) await refuses(() => open(sealed, from, h));
	});
	await test(`${title}: node-tkms leaves out answers that are changed on the way`, () => {
		const given = ids.map(i => answerFor(sealed.get(i)));
		for (let k = 0; k < t; k++) given[k] = { ...given[k], payload: flip(given[k].payload, given[k].payload.length - 600) };
		assert.deepEqual(user.open(signers, h, net.domain, given), expected);
	});
	await test(`${title}: an answer made for another user does not help this one`, async () => {
		const other = new User(), theirs = (await askUser(net, nodes, other, byFormat['big-expanded'])).answers;
		assert.deepEqual(open(theirs, ids, h, other), expected);
		await refuses(() => open(theirs, ids, h));
		await refuses(() => user.open(signers, h, net.domain,
			ids.map(i => answerFor((i <= t + 1 ? theirs : sealed).get(i)))));
	});
	await test(`${title}: each type alone is put together`, async () => {
		for (const [i, c] of byFormat['big-compressed'].entries())
			assert.deepEqual(open((await askUser(net, nodes, user, [c])).answers, ids, [c.external_handle]), [expected[i]]);
	});

	/* ---- liars ---- */

	const devnet = (verb, i, ...more) => arca('devnet', verb, '--dir', net.dir, '--party', String(i), ...more);
	const reach = i => { nodes[i - 1].core.close(), nodes[i - 1].health.close(), nodes[i - 1] = net.of(i); };
	const again = (i, ...more) => { devnet('kill', i), devnet('start', i, ...more), reach(i); };
	const liars = shuffled(ids).slice(0, t), honest = ids.filter(i => !liars.includes(i));
	process.env.ARCA_LIE = 'shares';
	for (const i of liars) again(i, '--program', path.join(BUILD, 'arca-node-liar'));

	for (const format of Object.keys(FORMATS))
		await test(`${title}: node-tkms puts ${format} together from all answers though ${t} of them lie`, async () => {
			const { answers } = await askUser(net, nodes, user, byFormat[format]), h = handlesOf(byFormat[format]);
			assert.deepEqual(open(answers, shuffled(ids), h), expectedIn(format));
			assert.deepEqual(open(answers, shuffled(honest), h), expectedIn(format));
			await refuses(() => open(answers, [...honest.slice(0, 2 * t), liars[0]], h));         /* they do lie */
		});
	await test(`${title}: public decryptions go on with ${t} lying, and nobody signs anything wrong`, async () => {
		const fresh = largestValues(), freshList = tfhe17.encrypt(await net.file('PublicKey', net.keyId), fresh);
		const theirs = await inFormats(freshList, fresh);
		for (const format of Object.keys(FORMATS)) {
			const request = publicRequest(net, theirs[format]), answers = await askEach(nodes, 'PublicDecrypt', request);
			const wanted = fresh.map(v => v.value).slice(0, typesIn(format));
			for (const node of nodes) assertPublicAnswer(node, request, answers.get(node.party.party_id), wanted);
		}
	});
	await test(`${title}: the honest parties' logs name the liars`, () => {
		for (const i of honest) {
			const log = fs.readFileSync(net.info.parties[i - 1].log, 'utf8');
			for (const liar of liars) assert.match(log, new RegExp(`party ${liar}\\b.*share`), `the log of party ${i}`);
		}
	});

	/* ---- arca itself, which trusts none of them ---- */

	const file = path.join(tempDir(), 'ct');
	fs.writeFileSync(file, byFormat['big-compressed'][4].ciphertext);
	const decrypt = kind => JSON.parse(arca('decrypt', kind, '--devnet', net.dir, '--type', 'uint64', '--in', file, '--json'));
	await test(`${title}: arca decrypts for a user and names the liars`, () => {
		const r = decrypt('user');
		assert.equal(BigInt(r.value), plain[4]);
		assert.ok(r.signed >= quorum);
		for (const p of r.parties) if (p.standing === 'wrong') assert.ok(liars.includes(p.party_id));
	});
	await test(`${title}: what arca lists as signatures is a proof for KMSVerifier`, async () => {
		const r = decrypt('public');
		assert.equal(BigInt(r.value), plain[4]);
		for (const s of r.signatures) assert.equal(s.signer, signers[s.party_id - 1]);
		const proof = r.signatures.map(s => s.signature);
		assert.equal(await verifier.verify(['0x' + r.handle], decryptedResult([plain[4]]), proof), true);
	});

	/* ---- and without them ---- */

	for (const i of liars) devnet('kill', i);
	const left = nodes.filter(node => honest.includes(node.party.party_id));
	await test(`${title}: decryptions go on with ${t} dead`, async () => {
		const { answers } = await askUser(net, left, user, byFormat['small-expanded']);
		assert.deepEqual(open(answers, honest, handlesOf(byFormat['small-expanded'])), expected);
		const request = publicRequest(net, byFormat['small-expanded']), said = await askEach(left, 'PublicDecrypt', request);
		for (const node of left) assertPublicAnswer(node, request, said.get(node.party.party_id), plain);
		assert.equal(BigInt(decrypt('public').value), plain[4]);
		assert.equal(BigInt(decrypt('user').value), plain[4]);
	});
	await test(`${title}: those who come back take part again`, async () => {
		for (const i of liars) devnet('start', i), reach(i);
		const { answers } = await askUser(net, nodes, user, byFormat['big-compressed']), h = handlesOf(byFormat['big-compressed']);
		for (const from of some(ids, quorum)) assert.deepEqual(open(answers, from, h), expected);
	});
	await test(`${title}: the logs show no crash`, () => {
		for (const p of net.info.parties)
			assert.doesNotMatch(fs.readFileSync(p.log, 'utf8'), /must hold and does not|Sanitizer|panic/);
	});
	for (const node of nodes) node.core.close(), node.health.close();
	arca('devnet', 'down', '--dir', net.dir);
}

for (const n of sizes) await showCluster(n);
finish();
