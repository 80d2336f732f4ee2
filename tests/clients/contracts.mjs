// SPDX-License-Identifier: MIT
/*
 * contracts.mjs -- the contracts of contracts/ keep the rules that a connector meets: their interface is that of the recorded
 * ones, answers count as they should, and each wrong answer is refused by the error that is known by its selector.
 */
import { BUILD, assert, ethers, finish, fs, hex, onExit, path, tempDir, test, vectorJson } from './lib.mjs';
import {
	CHAIN_ID, compiled, deploy, deployGateway, handleOf, newWallet, publish, serveBuckets, startChain,
} from '../../contracts/gateway.mjs';

const folder = path.join(BUILD, 'contracts'), contract = compiled(folder);
const dir = tempDir(), chain = await startChain({ anvil: path.join(folder, 'anvil') }), { provider } = chain;
onExit(() => chain.stop());
const buckets = await serveBuckets(dir);
onExit(() => buckets.stop());
const signers = Array.from({ length: 4 }, () => ethers.Wallet.createRandom());
const about = { provider, contract, threshold: 1, signers: signers.map(s => s.address), buckets: [0, 1, 2].map(i => `${buckets.url}/${i}`) };
const KEY = (4n << 248n) + 1n, U16 = 3;
const word = n => ethers.toBeHex(n, 32);

const ERRORS = ['Decryption', 'DecryptionV15', 'GatewayConfig', 'CiphertextCommits', 'KMSGeneration', 'ProtocolConfig', 'KMSVerifier']
	.map(name => new ethers.Interface(contract(name).abi));

/* Fails with this error of one of the contracts. */
async function reverts(name, promise) {
	try { await promise; } catch (e) {
		assert.equal(ERRORS.map(i => i.parseError(e.data ?? '0x')?.name).find(n => n) ?? e.message, name);
		return;
	}
	assert.fail(`${name} was expected, but it went through`);
}
const mined = async promise => (await promise).wait();
const events = (c, receipt, name) => receipt.logs.map(l => c.interface.parseLog(l)).filter(e => e?.name === name);

const TYPES = {
	publicly: { PublicDecryptVerification: [['bytes32[]', 'ctHandles'], ['bytes', 'decryptedResult'], ['bytes', 'extraData']] },
	user: { UserDecryptResponseVerification: [['bytes', 'publicKey'], ['bytes32[]', 'ctHandles'], ['bytes', 'userDecryptedShare'],
		['bytes', 'extraData']] },
	asked: { UserDecryptRequestVerification: [['bytes', 'publicKey'], ['address[]', 'contractAddresses'], ['uint256', 'startTimestamp'],
		['uint256', 'durationDays'], ['bytes', 'extraData']] },
	prep: { PrepKeygenVerification: [['uint256', 'prepKeygenId']] },
	prepLater: { PrepKeygenVerification: [['uint256', 'prepKeygenId'], ['bytes', 'extraData']] },
	key: { KeygenVerification: [['uint256', 'prepKeygenId'], ['uint256', 'keyId'], ['KeyDigest[]', 'keyDigests']],
		KeyDigest: [['uint8', 'keyType'], ['bytes', 'digest']] },
};
async function sign(who, contract, name, type, message) {
	const domain = { name, version: '1', chainId: CHAIN_ID, verifyingContract: await contract.getAddress() };
	const types = Object.fromEntries(Object.entries(TYPES[type]).map(([k, fields]) => [k, fields.map(([type, name]) => ({ type, name }))]));
	return who.signTypedData(domain, types, message);
}

await test('every event, function and error of the contracts is one of the recorded contracts', async () => {
	const v11 = vectorJson('connector/abi/v0.11-gateway.json'), v15 = vectorJson('connector/abi/v0.15-gateway.json');
	const host = vectorJson('connector/abi/v0.15-host.json');
	/* Beside them: what only a deployment on this machine needs, and what stood in an older contract of the same chain. */
	const OURS = { GatewayConfig: ['checkKmsSigner(address,address)'],
		DecryptionV15: ['getCurrentKmsContextId()', 'isValidKmsContext(uint256)', 'beginKmsContext()'], ProtocolConfig: ['eip712Domain()'], KMSGenerationV15: ['prssInit()', 'keyReshareSameSet(uint256)'] };
	for (const [name, known] of [['Decryption', v11.Decryption], ['GatewayConfig', v11.GatewayConfig], ['KMSGeneration', v11.KMSGeneration],
		['CiphertextCommits', v11.CiphertextCommits], ['DecryptionV15', v15.Decryption], ['KMSGenerationV15', host.KMSGeneration],
		['ProtocolConfig', host.ProtocolConfig], ['HostACL', host.ACL]]) {
		const i = new ethers.Interface(contract(name).abi);
		i.forEachError(e => assert.ok([v11, v15, host].some(v => Object.values(v).some(c => c.errors[e.format('sighash')])), e.format()));
		i.forEachFunction(f => assert.ok(known.functions[f.format('sighash')] || OURS[name]?.includes(f.format('sighash')), f.format()));
		if (name === 'KMSGenerationV15') continue;         /* it inherits the events of the older one, which it does not emit */
		i.forEachEvent(e => assert.equal(known.events[e.format('sighash')]?.full, e.format('full')));
	}
});

const g = await deployGateway(about);
const answer = (i, id, handles, result, by = signers[i]) =>
	sign(by, g.decryption, 'Decryption', 'publicly', { ctHandles: handles, decryptedResult: result, extraData: '0x' })
		.then(signature => g.decryption.connect(g.nodes[i].wallet).publicDecryptionResponse(id, result, signature, '0x'));
const ciphertext = ethers.randomBytes(300), handle = await publish(g, dir, KEY, ciphertext, U16, 'big-compressed');

await test('a ciphertext is believed once most coprocessors vouch for it, and can be fetched from each bucket', async () => {
	const [m] = await g.commits.getSnsCiphertextMaterials([handle]);
	assert.equal(m.snsCiphertextDigest, ethers.keccak256(ciphertext));
	assert.equal(m.keyId, KEY);
	assert.equal(m.coprocessorTxSenderAddresses.length, 3);
	const [txSender, , url] = await g.config.getCoprocessor(m.coprocessorTxSenderAddresses[1]);
	assert.equal(txSender, g.coprocessors[1].wallet.address);
	const response = await fetch(`${url}/${m.snsCiphertextDigest.slice(2)}`);
	assert.equal(response.headers.get('x-amz-meta-ct-format'), 'compressed_on_cpu');
	assert.deepEqual(new Uint8Array(await response.arrayBuffer()), ciphertext);
	await reverts('CiphertextMaterialNotFound', g.commits.getSnsCiphertextMaterials([handleOf(ethers.randomBytes(9), U16)]));
	await reverts('CoprocessorAlreadyAdded',
		g.commits.connect(g.coprocessors[0].wallet).addCiphertextMaterial(handle, KEY, handle, handle));
});

const id = (1n << 248n) + 1n, result = word(4711);
await test('a public request is announced, three of four equal answers end it, and a later one is taken too', async () => {
	const asked = await mined(g.asker.ask(handle));
	const [e] = events(g.decryption, asked, 'PublicDecryptionRequest');
	assert.equal(e.args.decryptionId, id);
	await reverts('NotKmsSigner', answer(0, id, [handle], result, ethers.Wallet.createRandom()));
	await reverts('KmsSignerDoesNotMatchTxSender', answer(0, id, [handle], result, signers[1]));
	await reverts('DecryptionNotRequested', answer(0, id + 1n, [handle], result));
	await reverts('ECDSAInvalidSignatureLength',
		g.decryption.connect(g.nodes[0].wallet).publicDecryptionResponse(id, result, '0x00', '0x'));
	await mined(answer(0, id, [handle], result));
	await reverts('KmsNodeAlreadySigned', answer(0, id, [handle], result));
	await mined(answer(1, id, [handle], word(4712)));                  /* a liar */
	await mined(answer(2, id, [handle], result));
	assert.equal(await g.decryption.isDecryptionDone(id), false);
	const last = await mined(answer(3, id, [handle], result));
	const [done] = events(g.decryption, last, 'PublicDecryptionResponse');
	assert.equal(done.args.signatures.length, 3);
	assert.equal(await g.decryption.isDecryptionDone(id), true);
	const proof = ethers.concat([ethers.toBeHex(3, 1), ...done.args.signatures]);
	await mined(g.asker.callback(done.args.decryptedResult, proof));
	assert.equal(await g.asker.value(), 4711n);
	await reverts('KMSSignatureThresholdNotReached', g.asker.callback(result, ethers.concat(['0x02', ...done.args.signatures.slice(1)])));
});

await test('a request without handles, of unknown handles, types or too many bits is refused', async () => {
	const ask = handles => g.decryption.connect(g.owner).publicDecryptionRequest(handles, '0x');
	await reverts('EmptyCtHandles', ask([]));
	await reverts('UnsupportedFHEType', ask([handleOf(ethers.randomBytes(9), 12)]));
	await reverts('MaxDecryptionRequestBitSizeExceeded', ask(Array.from({ length: 9 }, () => handleOf(ethers.randomBytes(9), 8))));
	await reverts('CiphertextMaterialNotFound', ask([handleOf(ethers.randomBytes(9), 8)]));
	const other = await publish(g, dir, KEY + 1n, ethers.randomBytes(30), U16, 'big-compressed');
	await reverts('DifferentKeyIdsNotAllowed', ask([handle, other]));
});

await test("a user's request needs the user's signature, and any three answers end it", async () => {
	const user = await newWallet(provider), dapp = ethers.Wallet.createRandom().address, publicKey = hex(ethers.randomBytes(40));
	const start = (await provider.getBlock('latest')).timestamp - 10;
	const ask = async (by, start, days, addresses = [dapp]) => {
		const signature = await sign(by, g.decryption, 'Decryption', 'asked', { publicKey, contractAddresses: addresses,
			startTimestamp: start, durationDays: days, extraData: '0x' });
		return g.decryption.connect(user).getFunction('userDecryptionRequest')([[handle, dapp]], [start, days], [CHAIN_ID, addresses],
			user.address, publicKey, signature, '0x');
	};
	await reverts('InvalidUserSignature', ask(ethers.Wallet.createRandom(), start, 1));
	await reverts('StartTimestampInFuture', ask(user, start + 1000, 1));
	await reverts('UserDecryptionRequestExpired', ask(user, 1, 1));
	await reverts('InvalidNullDurationDays', ask(user, start, 0));
	await reverts('MaxDurationDaysExceeded', ask(user, start, 366));
	await reverts('UserAddressInContractAddresses', ask(user, start, 1, [dapp, user.address]));
	await reverts('ContractNotInContractAddresses', ask(user, start, 1, [ethers.Wallet.createRandom().address]));
	const [e] = events(g.decryption, await mined(ask(user, start, 1)), 'UserDecryptionRequest');
	const userId = (2n << 248n) + 1n;
	assert.equal(e.args.decryptionId, userId);
	assert.equal(e.args.publicKey, publicKey);
	for (const i of [0, 1, 2]) {
		const share = hex(ethers.randomBytes(20));
		const signature = await sign(signers[i], g.decryption, 'Decryption', 'user', { publicKey, ctHandles: [handle], userDecryptedShare: share,
			extraData: '0x' });
		const receipt = await mined(g.decryption.connect(g.nodes[i].wallet).userDecryptionResponse(userId, share, signature, '0x'));
		assert.equal(events(g.decryption, receipt, 'UserDecryptionResponse')[0].args.indexShare, BigInt(i));
		assert.equal(events(g.decryption, receipt, 'UserDecryptionResponseThresholdReached').length, Number(i === 2));
	}
});

await test('a key is asked for, preprocessed, made and active when three nodes say the same', async () => {
	const prep = (3n << 248n) + 1n, digests = [{ keyType: 1, digest: hex(ethers.randomBytes(32)) }];
	await reverts('NotGatewayOwner', g.generation.connect(g.nodes[0].wallet).keygen(1));
	await mined(g.generation.keygen(1));
	await reverts('KeygenOngoing', g.generation.keygen(1));
	const of = (i, type, message) => sign(signers[i], g.generation, 'KMSGeneration', type, message);
	const prepared = async i =>
		g.generation.connect(g.nodes[i].wallet).prepKeygenResponse(prep, await of(i, 'prep', { prepKeygenId: prep }));
	const made = async i => g.generation.connect(g.nodes[i].wallet).keygenResponse(KEY, digests,
		await of(i, 'key', { prepKeygenId: prep, keyId: KEY, keyDigests: digests }));
	await reverts('KeygenNotRequested', made(0));
	await mined(prepared(0));
	await reverts('KmsAlreadySignedForPrepKeygen', prepared(0));
	await mined(prepared(1));
	assert.equal(events(g.generation, await mined(prepared(2)), 'KeygenRequest')[0].args.keyId, KEY);
	for (const i of [3, 1]) await mined(made(i));
	assert.equal(await g.generation.getActiveKeyId(), 0n);
	assert.equal(events(g.generation, await mined(made(2)), 'ActivateKey').length, 1);
	assert.equal(await g.generation.getActiveKeyId(), KEY);
	await mined(g.generation.keyReshareSameSet(KEY));
	await mined(g.generation.prssInit());
	await mined(g.generation.keygen(1));
});

await test('the later profile announces handles alone as well, and binds an answer to its context', async () => {
	const later = await deployGateway({ ...about, profile: 'v0.15' }), context = (7n << 248n) + 1n;
	const h = await publish(later, dir, KEY, ciphertext, U16, 'big-compressed');
	const extra = ethers.concat(['0x01', word(context)]);
	const asked = await mined(later.decryption.connect(later.owner).publicDecryptionRequest([h], extra));
	const both = events(later.decryption, asked, 'PublicDecryptionRequest');
	assert.deepEqual(both.map(e => e.signature), ['PublicDecryptionRequest(uint256,(bytes32,uint256,bytes32,address[])[],bytes)',
		'PublicDecryptionRequest(uint256,bytes32[],bytes)']);
	const say = async extraData => later.decryption.connect(later.nodes[0].wallet).publicDecryptionResponse(id, result,
		await sign(signers[0], later.decryption, 'Decryption', 'publicly', { ctHandles: [h], decryptedResult: result, extraData }), extraData);
	await reverts('UnsupportedExtraDataVersion', say('0x03'));
	await reverts('InvalidExtraDataLength', say('0x0107'));
	await reverts('InvalidNullContextId', say(ethers.concat(['0x01', word(0)])));
	await reverts('InvalidKmsContext', say(ethers.concat(['0x01', word(context + 1n)])));
	await mined(say(extra));
	await mined(later.generation.connect(later.owner).keygen(1));
	const prep = (3n << 248n) + 1n, extraData = ethers.concat(['0x02', word(context), word((8n << 248n) + 1n)]);
	const signature = await sign(signers[0], later.generation, 'KMSGeneration', 'prepLater', { prepKeygenId: prep, extraData });
	await mined(later.generation.connect(later.nodes[0].wallet).prepKeygenResponse(prep, signature));
	await mined(later.generation.connect(later.owner).abortKeygen(prep));
	await mined(later.generation.connect(later.owner).keygen(1));
	await mined(later.protocol.connect(later.owner).defineNewEpochForCurrentKmsContext());
	assert.deepEqual([...await later.protocol.getCurrentKmsContextAndEpoch()], [context, (8n << 248n) + 1n]);
});

await test('a wallet that delegates makes several calls, each of which may fail alone, and nobody else makes any', async () => {
	const executor = await deploy(contract('Batch'), await newWallet(provider)), wallet = await newWallet(provider), stranger = await newWallet(provider);
	const to = await executor.getAddress(), batch = new ethers.Contract(wallet.address, contract('Batch').abi, wallet);
	const nonce = await wallet.getNonce(), authorization = await wallet.authorize({ address: to, chainId: CHAIN_ID, nonce: nonce + 1 });
	await mined(wallet.sendTransaction({ type: 4, to: wallet.address, authorizationList: [authorization], gasLimit: 150000 }));
	assert.equal(await provider.getCode(wallet.address), ethers.concat(['0xef0100', to]).toLowerCase());
	await mined(stranger.sendTransaction({ to: wallet.address, value: 5n }));             /* it takes funds as before */
	const place = async code => {
		const address = ethers.Wallet.createRandom().address;
		await provider.send('anvil_setCode', [address, code]);
		return address;
	};
	const sender = await place('0x3360005500');                            /* keeps who called it */
	const burner = await place('0xfe'), talker = await place('0x6103e86000fd');      /* takes all gas; says 1000 bytes of why not */
	const mirror = await place('0x366000600037600060003660006000335af1601f573d600060003e3d6000fd5b00');   /* calls whoever calls it */
	const again = batch.interface.encodeFunctionData('execute', [[]]), G = 100_000n;
	const calls = [[sender, G, '0x'], [burner, G, '0x'], [talker, G, '0x'], [mirror, G, again], [sender, G, '0x']];
	const receipt = await mined(batch.execute(calls, { gasLimit: 2_000_000n }));
	const [done] = events(batch, receipt, 'Done'), refused = events(batch, receipt, 'Refused');
	assert.equal(done.args.succeeded, 0b10001n);
	assert.deepEqual(refused.map(e => Number(e.args.index)), [1, 2, 3]);
	assert.equal(ethers.dataLength(refused[1].args.reason), 256);
	assert.equal(refused[2].args.reason, batch.interface.getError('NotTheAccount').selector);
	assert.equal(await provider.getStorage(sender, 0), ethers.zeroPadValue(wallet.address.toLowerCase(), 32));

	const fails = async (name, promise) => {
		try { await promise; } catch (e) { return assert.equal(batch.interface.parseError(e.data ?? '0x')?.name, name); }
		return assert.fail(`${name} was expected, but it went through`);
	};
	await fails('NotTheAccount', batch.connect(stranger).execute.staticCall(calls));
	await fails('NotTheAccount', executor.execute.staticCall(calls));
	await fails('NotToItself', batch.execute.staticCall([[wallet.address, G, again]]));
	await fails('TooLittleGas', batch.execute.staticCall(calls, { gasLimit: 120_000n }));
	await fails('TooManyCalls', batch.execute.staticCall(Array(257).fill([sender, 1n, '0x'])));
});
finish();
