// SPDX-License-Identifier: MIT
/*
 * encrypt.mjs -- what a dapp does: a packed compact list of values under a public key, made by node-tfhe.  For ./demo.
 *
 *   node encrypt.mjs PUBLIC-KEY-URL OUT type=value...      types: bool uint8 uint16 uint32 uint64 uint128 address uint256
 */
import { fs } from './lib.mjs';
import { tfhe17, typeNamed } from './tfhe.mjs';

const [url, out, ...pairs] = process.argv.slice(2);
const values = pairs.map(pair => {
	const [name, value] = pair.split('='), type = typeNamed(name);
	if (!type) throw new Error(`there is no type '${name}'`);
	return { type, value: name === 'bool' ? BigInt(value === 'true') : BigInt(value) };
});
const answer = await fetch(url);
if (!answer.ok) throw new Error(`${url} answers ${answer.status}`);
fs.writeFileSync(out, tfhe17.encrypt(Buffer.from(await answer.arrayBuffer()), values));
process.exit(0);
