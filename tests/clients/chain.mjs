// SPDX-License-Identifier: MIT
/*
 * chain.mjs -- the genuine KMSVerifier contract of @fhevm/host-contracts on a local chain (anvil).
 *
 * The contract's bytecode is put at an address of its own and its two ERC-7201 storage namespaces are filled as its
 * initialiser would: KV holds the signers and their threshold, E the EIP-712 domain of the source chain.
 */
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { assert, cat, ethers, freePorts, fs, hex, onExit, until } from './lib.mjs';

const require = createRequire(import.meta.url);
const KV = 0x7e81a744be86773af8644dd7304fa1dc9350ccabf16cfcaa614ddb78b4ce8900n;
const E = 0xe910845fd818f61127c84f3586776436a37dead33625056c65162537e3373600n;
const CONTRACT = '0x4b4d535665726966696572000000000000000001';

export async function startAnvil() {
	const program = require.resolve('@foundry-rs/anvil-linux-amd64/bin/anvil');
	const port = await freePorts(1);
	const child = spawn(program, ['--port', String(port), '--host', '127.0.0.1', '--silent'],
		{ stdio: 'ignore', env: { ...process.env, NO_PROXY: '*', no_proxy: '*' } });
	onExit(() => child.kill('SIGKILL'));
	const chain = new ethers.JsonRpcProvider(`http://127.0.0.1:${port}`, 31337, { staticNetwork: true, cacheTimeout: -1 });
	onExit(() => chain.destroy());
	await until('answer of anvil', () => {
		assert.equal(child.exitCode, null, 'anvil ended');
		return chain.send('eth_chainId', []).catch(() => false);
	});
	return chain;
}

const word = n => '0x' + BigInt(n).toString(16).padStart(64, '0');
const shortString = s => word(BigInt(hex(cat(Buffer.from(s), Buffer.alloc(31 - s.length), [2 * s.length]))));

/* A KMSVerifier that trusts these signers under the domain { name, version, chain_id, verifying_contract }. */
export async function kmsVerifier(signers, threshold, domain) {
	const chain = await startAnvil();
	const { abi, deployedBytecode } =
		JSON.parse(fs.readFileSync(require.resolve('@fhevm/host-contracts/artifacts/contracts/KMSVerifier.sol/KMSVerifier.json')));
	const set = (slot, value) => chain.send('anvil_setStorageAt', [CONTRACT, word(slot), value]);
	await chain.send('anvil_setCode', [CONTRACT, deployedBytecode]);
	for (const signer of signers)
		await set(ethers.keccak256(ethers.AbiCoder.defaultAbiCoder().encode(['address', 'uint256'], [signer, KV])), word(1));
	await set(KV + 2n, word(threshold));
	await set(E + 2n, shortString(domain.name));
	await set(E + 3n, shortString(domain.version));
	await set(E + 4n, word(BigInt(domain.chain_id) << 160n | BigInt(domain.verifying_contract)));

	const contract = new ethers.Contract(CONTRACT, abi, chain);
	assert.equal(await contract.getThreshold(), BigInt(threshold));
	return {
		domain: () => contract.eip712Domain(),
		/* True, or the name of the contract's error. */
		async verify(handles, decryptedResult, signatures, extraData = '0x') {
			const proof = ethers.concat([ethers.toBeHex(signatures.length, 1),
				...signatures, extraData]);
			try {
				return await contract.verifyDecryptionEIP712KMSSignatures.staticCall(handles, decryptedResult, proof);
			} catch (e) {
				if (!e.revert) throw e;
				return e.revert.name;
			}
		},
	};
}
