// SPDX-License-Identifier: MIT
/*
 * tap.mjs -- a script is a list of  await test('sentence', async () => ...)  that ends with  finish().
 *
 * Each case prints a line of TAP; the exit code is 0 only if all were ok.  What a script starts it names to onExit, and
 * it is stopped however the script ends.
 */
import assert from 'node:assert/strict';

const cleanups = [];
let cases = 0, failures = 0;

export const onExit = f => cleanups.unshift(f);
const note = text => process.stdout.write(String(text).trimEnd().split('\n').map(l => `# ${l}\n`).join(''));

/* An error, and what it says was its cause. */
function explain(e) {
	note(e?.stack ?? e);
	if (e?.cause) note('because of:'), explain(e.cause);
}

/* Runs one case; a failure is told and the script goes on. */
export async function test(sentence, body, minutes = 3) {
	const began = Date.now();
	let limit;
	try {
		await Promise.race([body(), new Promise((_, no) => {
			limit = setTimeout(() => no(new Error(`no answer within ${minutes} minutes`)), minutes * 60_000);
		})]);
		console.log(`ok ${++cases} - ${sentence} # ${Date.now() - began} ms`);
	} catch (e) {
		failures++;
		console.log(`not ok ${++cases} - ${sentence} # ${Date.now() - began} ms`);
		explain(e);
	} finally {
		clearTimeout(limit);
	}
}

export const sleep = ms => new Promise(yes => setTimeout(yes, ms));

/* What find() finds; an error that names it if that is nothing for so long, which is much longer than it takes anywhere. */
export async function until(what, find, seconds = 120) {
	for (const end = Date.now() + seconds * 1000; ;) {
		const found = await find();
		if (found) return found;
		if (Date.now() > end) throw new Error(`no ${what} within ${seconds} s`);
		await sleep(50);
	}
}

export function skip(sentence, why) {
	console.log(`ok ${++cases} - ${sentence} # SKIP ${why}`);
}

function cleanUp() {
	for (const f of cleanups.splice(0)) try { f(); } catch (e) { note(e.message); }
}

export function finish() {
	console.log(`1..${cases}`);
	cleanUp();
	process.exit(failures || !cases ? 1 : 0);
}

/* What is thrown outside a case ends the script, as a failed case of its own. */
function stop(e) {
	console.log(`not ok ${++cases} - the script runs to its end`);
	explain(e);
	failures++;
	finish();
}
process.on('uncaughtException', stop);
process.on('unhandledRejection', stop);
for (const s of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(s, () => stop(new Error(`stopped by ${s}`)));
process.on('exit', cleanUp);

/* The body must fail; the pattern is for what it says, or what the program that it ran says. */
export async function refuses(body, pattern = /./) {
	let e = null;
	try { await body(); } catch (thrown) { e = thrown ?? new Error('an error without text'); }
	assert.ok(e, 'this must be refused and was accepted');
	assert.match(String(e.stderr ?? e.message ?? e), pattern);
}
