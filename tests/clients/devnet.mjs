// SPDX-License-Identifier: MIT
/*
 * devnet.mjs -- a node to ask, and its files and services.
 *
 * The devnet is the one named by --devnet DIR or ARCA_DEVNET; without either, one is started and stopped at the end.
 * Programs come from --build DIR or ARCA_BUILD (otherwise build/ of the checkout), known answers from ARCA_VECTORS.
 */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import grpc from '@grpc/grpc-js';
import protoLoader from '@grpc/proto-loader';
import { newId } from './bytes.mjs';
import { domainForRequest } from './signed.mjs';
import { onExit, sleep, until } from './tap.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const TOP = path.resolve(here, '../..');
const option = (name, otherwise) => {
	const at = process.argv.indexOf('--' + name);
	return path.resolve((at > 0 && process.argv[at + 1]) || process.env['ARCA_' + name.toUpperCase()] || otherwise);
};
export const BUILD = option('build', path.join(TOP, 'build'));
export const VECTORS = option('vectors', path.join(TOP, '../shared/vectors'));
export const vector = name => fs.readFileSync(path.join(VECTORS, name));
export const vectorJson = name => JSON.parse(vector(name));
const given = process.argv.includes('--devnet') || process.env.ARCA_DEVNET ? option('devnet') : null;

/*
 * Each request has a connection of its own: scripts stand still while they wait for a program, longer than a server keeps a connection
 * on which nothing comes, and the next request would meet its end.
 */
const pooled = globalThis.fetch;
globalThis.fetch = (url, options) => {
	const headers = new Headers(options?.headers);
	headers.set('Connection', 'close');
	return pooled(url, { ...options, headers });
};

/* A run of free ports below the range that the kernel hands out by itself. */
export async function freePorts(count) {
	for (let tries = 0; tries < 100; tries++) {
		const base = crypto.randomInt(15000, 30000);
		const free = await Promise.all(Array.from({ length: count }, (_, i) => new Promise(done => {
			const s = net.createServer();
			s.once('error', () => done(false));
			s.listen(base + i, '127.0.0.1', () => s.close(() => done(true)));
		})));
		if (free.every(Boolean)) return base;
	}
	throw new Error(`no ${count} free ports in a row were found on 127.0.0.1`);
}

export function tempDir() {
	const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'arca-clients-'));
	onExit(() => fs.rmSync(dir, { recursive: true, force: true }));
	return dir;
}

/* What arca may take; scripts with large parameters allow more. */
export const patience = { ms: 170_000 };

/* Runs build/arca and returns what it printed; a failure carries its sentence. */
export function arca(...args) {
	const r = spawnSync(path.join(BUILD, 'arca'), args, { encoding: 'utf8', maxBuffer: 1 << 26, timeout: patience.ms });
	if (r.error) throw r.error;
	if (r.status !== 0)
		throw Object.assign(new Error(`arca ${args.join(' ')}: exit ${r.status ?? r.signal}: ${r.stderr.trim()}`), r);
	return r.stdout;
}

const PROTO = path.join(TOP, 'proto');
const protos = () => grpc.loadPackageDefinition(protoLoader.loadSync(
	fs.readdirSync(PROTO).filter(f => f.endsWith('.proto')),
	{ includeDirs: [PROTO], keepCase: true, longs: String, defaults: true, oneofs: true }));

const SILENT_MS = 30_000;

/*
 * The methods of a service as functions that return promises; a refusal is an error with a grpc status code.  A client that said nothing
 * for long, while its script stood still, is replaced: the node may have given it up, and calls are not made again here by themselves.
 */
function service(Client, address) {
	let client = null, heard = 0, waiting = 0;
	const close = () => { client?.close(); client = null; };
	const connected = () => {
		if (!waiting && Date.now() - heard > SILENT_MS) close();
		return client ??= new Client(address, grpc.credentials.createInsecure(), {
			'grpc.max_receive_message_length': 100 << 20, 'grpc.max_send_message_length': 200 << 20,
			'grpc.enable_retries': 0, 'grpc.use_local_subchannel_pool': 1,    /* a new client is a new connection */
		});
	};
	onExit(close);
	const call = (path, encode, decode, request, seconds) => new Promise((yes, no) => {
		connected().makeUnaryRequest(path, encode, decode, request, { deadline: Date.now() + 1000 * seconds }, (e, answer) => {
			waiting--, heard = Date.now();
			if (e) no(e); else yes(answer);
		});
		waiting++;
	});
	const methods = { raw: (path, bytes, seconds = 60) => call(path, b => b, b => b, bytes, seconds), close };
	for (const [name, m] of Object.entries(Client.service)) if (!m.responseStream)
		methods[name] = (request, seconds = 90) => patiently(() => call(m.path, m.requestSerialize, m.responseDeserialize, request, seconds));
	return methods;
}

/* A node says when it has enough to do, which is less on a slow machine, and is asked again later. */
async function patiently(ask) {
	for (const end = Date.now() + 120_000; ;)
		try { return await ask(); } catch (e) {
			if (e.code !== grpc.status.RESOURCE_EXHAUSTED || !/wait to be decrypted/.test(e.message) || Date.now() > end) throw e;
			await sleep(50);
		}
}

export const CORE = '/kms_service.v1.CoreServiceEndpoint/';
export const codeName = code => Object.keys(grpc.status).find(k => grpc.status[k] === code) ?? String(code);

/* Where a refusal comes from does not matter, its status code and its sentence do. */
export async function assertStatus(expected, promise) {
	const allowed = [].concat(expected);
	let got = 'OK', details = '';
	try { await promise; } catch (e) { if (e.code === undefined) throw e; got = codeName(e.code); details = e.details; }
	assert.ok(allowed.includes(got), `status ${got} (${details}) instead of ${allowed.join(' or ')}`);
	if (got !== 'OK') assert.ok(details, `status ${got} comes without a sentence`);
	return got;
}

/* Stopped when the script ends. */
function startNodes(dir, ...words) {
	onExit(() => spawnSync(path.join(BUILD, 'arca'), ['devnet', 'down', '--dir', dir], { timeout: 60_000 }));
	arca('devnet', 'up', '--dir', dir, ...words.includes('--params') ? [] : ['--params', 'test'], ...words);
}
export const startDevnet = (dir, ...more) => startNodes(dir, '--mode', 'centralized', ...more);

/* n parties that share a key. */
export function startCluster(n, ...more) {
	const dir = tempDir();
	startNodes(dir, '--mode', 'threshold', '--parties', String(n), ...more);
	return openDevnet(dir);
}

/* One more node beside a cluster, as devnet.json describes its party i, with certificates of its own: nobody was told of it yet. */
export async function startNode(net, i) {
	const name = `party-${i}`, dir = path.join(net.dir, name), tls = path.join(dir, 'tls'), port = await freePorts(3);
	arca('certs', 'ca', '--name', name, '--out-dir', tls);
	arca('certs', 'leaf', '--name', name, '--ca', path.join(tls, 'ca.pem'), '--ca-key', path.join(tls, 'ca-key.pem'), '--out-dir', tls);
	const config = path.join(dir, 'node.toml'), log = path.join(dir, 'node.log');
	fs.writeFileSync(config, `[service]
listen_address = "127.0.0.1"
listen_port = ${port}
[public_vault.storage.file]
path = "${dir}/public"
[private_vault.storage.file]
path = "${dir}/private"
[core]
derived_folder = "${net.dir}/derived"
[telemetry]
metrics_bind_address = "127.0.0.1:${port + 2}"
[threshold]
listen_address = "127.0.0.1"
listen_port = ${port + 1}
threshold = ${net.info.threshold}
[threshold.tls.manual]
cert.path = "${tls}/cert.pem"
key.path = "${tls}/key.pem"
`);
	const out = fs.openSync(log, 'a');
	const child = spawn(path.join(BUILD, 'arca-node'), ['--config-file', config], { stdio: ['ignore', out, out] });
	fs.closeSync(out);
	onExit(() => child.kill('SIGKILL'));
	const http = `http://127.0.0.1:${port + 2}`, addresses = path.join(dir, 'public/PUB/VerfAddress');
	const answers = () => fetch(`${http}/live`).then(r => r.ok, () => assert.equal(child.exitCode, null, fs.readFileSync(log, 'utf8')));
	await until(`node ${i}`, answers);
	const signer = fs.readFileSync(path.join(addresses, fs.readdirSync(addresses)[0]), 'utf8').trim();
	return { party_id: i, grpc: `127.0.0.1:${port}`, mpc: `127.0.0.1:${port + 1}`, http, signer, pid: child.pid, log, config };
}

export async function openDevnet(dir = given) {
	if (!dir) startDevnet(dir = tempDir());
	const info = JSON.parse(fs.readFileSync(path.join(dir, 'devnet.json')));
	const party = info.parties[0], p = protos();
	const net = {
		dir, info, party, domain: info.eip712_domain,
		generationDomain: { ...info.eip712_domain, name: 'KMSGeneration' },
		keyId: info.key_id,
		connect() {
			this.core = service(p.kms_service.v1.CoreServiceEndpoint, party.grpc);
			this.store = service(p.metastore_status.v1.MetaStoreStatusService, party.grpc);
			this.health = service(p.grpc.health.v1.Health, party.grpc);
		},
		/* The same devnet, but everything is asked of party i. */
		of(i) {
			const one = { ...this, party: info.parties[i - 1] };
			one.core = service(p.kms_service.v1.CoreServiceEndpoint, one.party.grpc);
			one.health = service(p.grpc.health.v1.Health, one.party.grpc);
			return one;
		},
		async file(type, id) {
			const r = await fetch(`${this.party.http}/PUB/${type}/${id}`);
			assert.equal(r.status, 200, `${r.url} answers ${r.status}`);
			return Buffer.from(await r.arrayBuffer());
		},
		async keyset(id = info.key_id) {
			const to = path.join(tempDir(), 'CompressedXofKeySet');
			fs.writeFileSync(to, await this.file('CompressedXofKeySet', id));
			return to;
		},
		/* A preprocessing that is finished, with its answer. */
		async prepare(changes = {}, prepId = newId(3)) {
			await this.core.KeyGenPreproc({ request_id: { request_id: prepId }, params: 1,
				domain: domainForRequest(this.generationDomain), ...changes });
			return { prepId, prepared: await this.core.GetKeyGenPreprocResult({ request_id: prepId }) };
		},
		/* One more key set, with both answers. */
		async generate(changes = {}, keyId = newId(4)) {
			const prep = await this.prepare(changes);
			await this.core.KeyGen({ request_id: { request_id: keyId }, preproc_id: { request_id: prep.prepId },
				domain: domainForRequest(this.generationDomain), ...changes });
			return { ...prep, keyId, generated: await this.keygenResult(keyId) };
		},
		/* Asks again while the answer is UNAVAILABLE: this call does not wait by itself. */
		async keygenResult(id) {
			for (const until = Date.now() + 120_000; ; await new Promise(r => setTimeout(r, 50)))
				try { return await this.core.GetKeyGenResult({ request_id: id }); }
				catch (e) { if (e.code !== grpc.status.UNAVAILABLE || Date.now() > until) throw e; }
		},
		async serves() {
			for (const service of ['', 'kms_service.v1.CoreServiceEndpoint'])
				assert.equal((await this.health.Check({ service }, 10)).status, 1, 'the node is not SERVING');
		},
	};
	net.connect();
	return net;
}
