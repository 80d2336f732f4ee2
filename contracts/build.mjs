// SPDX-License-Identifier: MIT
/*
 * build.mjs DIR -- compiles the contracts beside it into DIR: one JSON file a contract with its ABI and bytecode, those
 * of the genuine ACL and KMSVerifier too, and a link to the chain itself.  `npm ci` here comes before.
 */
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);
const here = path.dirname(fileURLToPath(import.meta.url));
const out = process.argv[2];
if (!out) {
	console.error('usage: node build.mjs DIR');
	process.exit(64);
}

const sources = Object.fromEntries(fs.readdirSync(here).filter(f => f.endsWith('.sol'))
	.map(f => [f, { content: fs.readFileSync(path.join(here, f), 'utf8') }]));
const settings = {
	evmVersion: 'cancun', optimizer: { enabled: true, runs: 200 },
	outputSelection: { '*': { '*': ['abi', 'evm.bytecode.object'] } },
};
const compiled = JSON.parse(require('solc').compile(JSON.stringify({ language: 'Solidity', sources, settings })));
for (const e of compiled.errors ?? []) console.error(e.formattedMessage);
if (compiled.errors?.length) process.exit(1);         // a warning is an error here as elsewhere

fs.mkdirSync(out, { recursive: true });
const write = (name, abi, bytecode) =>
	fs.writeFileSync(path.join(out, name + '.json'), JSON.stringify({ abi, bytecode }));
for (const [file, contracts] of Object.entries(compiled.contracts)) {
	const name = path.basename(file, '.sol'), c = contracts[name];
	if (c.evm.bytecode.object) write(name, c.abi, '0x' + c.evm.bytecode.object);
}
for (const name of ['ACL', 'KMSVerifier']) {
	const genuine = require(`@fhevm/host-contracts/artifacts/contracts/${name}.sol/${name}.json`);
	fs.writeFileSync(path.join(out, name + '.json'),
		JSON.stringify({ abi: genuine.abi, deployedBytecode: genuine.deployedBytecode }));
}
fs.rmSync(path.join(out, 'anvil'), { force: true });
fs.symlinkSync(require.resolve('@foundry-rs/anvil-linux-amd64/bin/anvil'), path.join(out, 'anvil'));
