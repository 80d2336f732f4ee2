// SPDX-License-Identifier: MIT
/*
 * proxy.mjs -- a bad network between the parties of a devnet, on demand: each is reached through a proxy of its own
 * (tests/tools/proxy.c), which takes lines like "delay 40", "cut", "stall" and "resume".
 */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { BUILD, arca, fs, onExit, path } from './lib.mjs';

async function proxyTo(address) {
	const child = spawn(path.join(BUILD, 'tests/tools/proxy'), ['--listen', '0', '--to', address],
		{ stdio: ['pipe', 'pipe', 'inherit'] });
	onExit(() => child.kill('SIGKILL'));
	for await (const line of createInterface({ input: child.stdout })) {
		const [, port] = /^ready (\d+)$/.exec(line) ?? [];
		if (port) return { port, say: command => child.stdin.write(command + '\n') };
	}
	throw new Error(`the proxy to ${address} does not start`);
}

/* proxies[i - 1] is that of party i, for as long as the script runs. */
export async function betweenParties(cluster) {
	const parties = cluster.info.parties, proxies = await Promise.all(parties.map(p => proxyTo(p.mpc)));
	arca('devnet', 'down', '--dir', cluster.dir);
	const portOf = p => p.mpc.split(':').at(-1);
	for (const p of parties) {
		const replaced = fs.readFileSync(p.config, 'utf8').replace(/^port = (\d+)$/gm, (line, port) => {
			const at = parties.findIndex(q => portOf(q) === port);
			return at < 0 ? line : `port = ${proxies[at].port}`;
		});
		fs.writeFileSync(p.config, replaced);
	}
	arca('devnet', 'start', '--dir', cluster.dir);
	return proxies;
}
