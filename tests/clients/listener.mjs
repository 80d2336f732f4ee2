// SPDX-License-Identifier: MIT
/*
 * listener.mjs -- the connector's listener (tests/tools/follow) on a chain that a real program makes (anvil): requests are
 * found, also while it was away, and blocks that the chain takes back are read again.
 */
import { spawn } from 'node:child_process';
import os from 'node:os';
import readline from 'node:readline';
import { assert, ethers, finish, fs, onExit, path, test, until } from './lib.mjs';
import { startAnvil } from './chain.mjs';

/* A contract that emits what it is told: topics in the first two words, data behind. */
const CONTRACT = ethers.getAddress('0x00000000000000000000000000000000000d1ce7');
const CODE = '0x' + [
	'6040', '36', '03',                     // PUSH1 64, CALLDATASIZE, SUB: the length of the data
	'80', '6040', '6000', '37',             // DUP1, PUSH1 64, PUSH1 0, CALLDATACOPY
	'6000', '35', '6020', '35',             // PUSH1 0, CALLDATALOAD, PUSH1 32, CALLDATALOAD: the topics
	'91',                                   // SWAP2: from the top now length, first topic, second topic
	'6000', 'a2', '00',                     // PUSH1 0, LOG2, STOP
].join('');
const EVENT = 'PublicDecryptionRequest(uint256,(bytes32,uint256,bytes32,address[])[],bytes)';
const coder = ethers.AbiCoder.defaultAbiCoder();

const chain = await startAnvil();
const [account] = await chain.send('eth_accounts', []);
await chain.send('anvil_setCode', [CONTRACT, CODE]);
const word = n => ethers.toBeHex(n, 32);
let last = 0;
async function ask() {
	const data = ethers.concat([ethers.id(EVENT), word((1n << 248n) + BigInt(++last)),
		coder.encode(['tuple(bytes32,uint256,bytes32,address[])[]', 'bytes'], [[], '0x00'])]);
	const tx = await chain.send('eth_sendTransaction', [{ from: account, to: CONTRACT, gas: '0x100000', data }]);
	await until('receipt', () => chain.send('eth_getTransactionReceipt', [tx]));
}
const head = async () => Number(await chain.send('eth_blockNumber', []));

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'arca-listener-'));
onExit(() => fs.rmSync(folder, { recursive: true, force: true }));

function follow() {
	const url = chain._getConnection().url;
	const child = spawn(path.join(process.env.ARCA_BUILD, 'tests/tools/follow'), [url, '31337', CONTRACT, `sqlite:${folder}/queue.db`],
		{ stdio: ['pipe', 'pipe', 'inherit'] });
	onExit(() => child.kill('SIGKILL'));
	const lines = readline.createInterface({ input: child.stdout })[Symbol.asyncIterator]();
	return {
		async step() { child.stdin.write('\n'); return JSON.parse((await lines.next()).value); },
		kill: () => child.kill('SIGKILL'),
	};
}

let listener = follow();

await test('requests are found in the blocks of a chain', async () => {
	for (let i = 0; i < 5; i++) await ask();
	const seen = await listener.step();
	assert.deepEqual(seen, { ok: true, cursor: await head(), pending: 5, reorgs: 0, reason: '' });
});

await test('what was asked while the listener was dead is found when it is back', async () => {
	listener.kill();
	for (let i = 0; i < 20; i++) await ask();
	listener = follow();
	const seen = await listener.step();
	assert.deepEqual(seen, { ok: true, cursor: await head(), pending: 25, reorgs: 0, reason: '' });
});

await test('blocks that the chain takes back are read again', async () => {
	await chain.send('anvil_reorg', [{ depth: 3, txBlockPairs: [] }]).catch(() => chain.send('anvil_reorg', [3, []]));
	await ask();
	const seen = await listener.step();
	assert.deepEqual(seen, { ok: true, cursor: await head(), pending: 23, reorgs: 1, reason: '' });
});

await test('many empty blocks are passed over', async () => {
	await chain.send('anvil_mine', [ethers.toQuantity(30)]);
	await ask();
	const seen = await listener.step();
	assert.deepEqual([seen.ok, seen.pending, seen.cursor], [true, 24, await head()]);
});

finish();
