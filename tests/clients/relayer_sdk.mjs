// SPDX-License-Identifier: MIT
/*
 * relayer_sdk.mjs -- @zama-fhe/relayer-sdk 0.4.3, unmodified, pointed at parties instead of a relayer: it finds the public key
 * and the reference string by /keyurl, encrypts an input with its proof, and the parties decrypt what it encrypted.
 *
 *   node relayer_sdk.mjs
 *
 * The reference string is a file of the known answers, put where a node publishes: no node makes one yet.  The contracts that
 * the SDK asks for domain and signers are played here; what it asks them has nothing to do with encryption.
 */
import { createRequire } from 'node:module';
import {
	assert, assertPublicAnswer, asRequested, coprocess, ethers, finish, fs, newId, path, publicRequest, startCluster,
	test, vector,
} from './lib.mjs';
import { typeNamed } from './tfhe.mjs';

const { createInstance } = createRequire(import.meta.url)('@zama-fhe/relayer-sdk/node');
const HOST_CHAIN = 31337;
const [ACL, KMS, INPUTS, INPUTS_AT_GATEWAY, DAPP, USER] = [1, 2, 3, 4, 5, 6].map(i => ethers.getAddress('0x' + String(i).repeat(40)));

/* A wallet's connection (EIP-1193) to a chain on which there are just the two contracts. */
function chainOf(net) {
	const abi = new ethers.Interface([
		'function eip712Domain() view returns (bytes1, string, string, uint256, address, bytes32, uint256[])',
		'function getThreshold() view returns (uint256)', 'function getKmsSigners() view returns (address[])',
		'function getCoprocessorSigners() view returns (address[])',
	]);
	const domain = (name, contract) => ['0x0f', name, '1', net.domain.chain_id, contract, ethers.ZeroHash, []];
	const signers = net.info.parties.map(p => p.signer);
	const answers = {
		[KMS]: { eip712Domain: domain('Decryption', net.domain.verifying_contract), getThreshold: [2 * net.info.threshold + 1], getKmsSigners: [signers] },
		[INPUTS]: { eip712Domain: domain('InputVerification', INPUTS_AT_GATEWAY), getThreshold: [1], getCoprocessorSigners: [[USER]] },
	};
	return { async request({ method, params }) {
		if (method === 'eth_chainId') return ethers.toQuantity(HOST_CHAIN);
		assert.equal(method, 'eth_call');
		const f = abi.parseTransaction({ data: params[0].data });
		return abi.encodeFunctionResult(f.name, answers[ethers.getAddress(params[0].to)][f.name]);
	} };
}

const net = await startCluster(4), crsId = newId(5), keyset = await net.keyset();
const config = version => ({
	aclContractAddress: ACL, kmsContractAddress: KMS, inputVerifierContractAddress: INPUTS,
	verifyingContractAddressDecryption: ethers.getAddress(net.domain.verifying_contract),
	verifyingContractAddressInputVerification: INPUTS_AT_GATEWAY, chainId: HOST_CHAIN, gatewayChainId: net.domain.chain_id,
	relayerUrl: `${net.party.http}/v${version}`, relayerRouteVersion: version, network: chainOf(net),
});

await test('without a reference string the answer has the key alone, by the name by which the node was called', async () => {
	const answer = await fetch(`${net.party.http}/keyurl`, { headers: { Origin: 'https://dapp.example' } });
	assert.equal(answer.headers.get('access-control-allow-origin'), '*');
	assert.equal(answer.headers.get('content-type'), 'application/json');
	const { response } = await answer.json();
	assert.deepEqual(response.crs, {});
	assert.deepEqual(response.fhe_key_info, [{ fhe_public_key: { data_id: net.keyId, urls: [`${net.party.http}/PUB/PublicKey/${net.keyId}`] } }]);
});

const crsFolder = path.join(net.dir, 'party-1', 'public', 'PUB', 'CRS');
fs.mkdirSync(crsFolder);
fs.writeFileSync(path.join(crsFolder, crsId), vector('tfhe/test/crs_own.bin'));

for (const version of [1, 2])
	await test(`routes of version ${version}: the SDK reads key and reference string, encrypts, and four parties decrypt`, async () => {
		const sdk = await createInstance(config(version));
		assert.equal(sdk.getPublicKey().publicKeyId, net.keyId);
		assert.deepEqual(Buffer.from(sdk.getPublicKey().publicKey), await net.file('PublicKey', net.keyId));
		assert.equal(sdk.getPublicParams(2048).publicParamsId, crsId);
		const values = version === 1 ? [{ type: typeNamed('bool'), value: 1n }, { type: typeNamed('uint64'), value: 0x0123456789abcdefn },
			{ type: typeNamed('address'), value: BigInt(DAPP) }] : [{ type: typeNamed('uint8'), value: 201n }];
		const input = sdk.createEncryptedInput(DAPP, USER);
		for (const { type, value } of values) {
			if (type.name === 'bool') input.addBool(value === 1n);
			else if (type.name === 'address') input.addAddress(DAPP);
			else input[`add${type.bits}`](value);
		}
		const { ciphertextWithZKProof } = input.generateZKProof();
		const list = Buffer.from(ciphertextWithZKProof);
		const ciphertexts = asRequested(net, coprocess(keyset, list, 'big-compressed'), values);
		const request = publicRequest(net, ciphertexts), nodes = net.info.parties.map(p => net.of(p.party_id));
		await Promise.all(nodes.map(node => node.core.PublicDecrypt(request)));
		for (const node of nodes)
			assertPublicAnswer(node, request, await node.core.GetPublicDecryptionResult(request.request_id), values.map(v => v.value));
	});
finish();
