/* SPDX-License-Identifier: MIT */
/*
 * cli/bench_dkg.c -- keys that parties make together, and share anew: nodes of this machine as processes, mutual TLS between
 * them, the default configuration.  `arca keygen` asks for the key and verifies signatures and published files; before that,
 * the parties have tried it.
 *
 * The rows of a set of parameters are about the same generations, which the first of them runs: production parameters once,
 * the test set again and again while there is time.
 */
#include "cli/bench_dkg.h"
#include <stdlib.h>
#include "bench/dkg.h"
#include "cli/bench_dkg_run.h"
#include "mpc/keygen_plan.h"

enum { PARTIES = 4, LEAST_RUNS = 3, MOST_RUNS = 64, LOOK_TEST_MS = 20, LOOK_DEFAULT_MS = 250, RESHARINGS = 3 };

typedef struct joint {
	bench_devnet devnet;
	const lat_params *params;
	int      every_ms;
	bool     failed;
	size_t   runs;
	dkg_run  run[MOST_RUNS];
} joint;

/* ---- generations --------------------------------------------------------------------------------------------------- */

static bool is_production(const joint *x) { return x->params == &PARAMS_DEFAULT; }

static err run_all(bench *b, joint *x)
{
	const size_t least = is_production(x) ? 1 : LEAST_RUNS;
	const double until = bench_seconds(BENCH_WALL) + b->options->seconds;

	if (x->failed) return err_fail(ERR_STATE, "there is no key to tell of");
	if (x->runs) return OK;
	if (b->options->tell) b->options->tell(is_production(x) ? "making a key for production" : "making keys for tests");
	do {
		err e = dkg_run_once(&x->run[x->runs], &x->devnet, x->every_ms);
		x->failed = e != OK;
		TRY(e);
		x->runs++;
	} while (x->runs < least || (!is_production(x) && x->runs < MOST_RUNS && bench_seconds(BENCH_WALL) < until));
	return OK;
}

static unsigned times_blamed(const joint *x)
{
	unsigned sum = 0;

	for (size_t i = 0; i < x->runs; i++) sum += x->run[i].blamed;
	return sum;
}

/* The runs that a row is about.  Where parties blamed each other, somebody was late, and the figure is not to be quoted. */
static err begin_row(bench *b)
{
	joint *x = b->state;

	TRY(run_all(b, x));
	bench_variant(b, "%zu nodes, %s", x->devnet.net.parties, bench_cpu());
	if (times_blamed(x)) bench_variant(b, "%u times blamed", times_blamed(x));
	return OK;
}

/* ---- rows ---------------------------------------------------------------------------------------------------------- */

static err total(bench *b)
{
	const joint *x = b->state;

	TRY(begin_row(b));
	for (size_t i = 0; i < x->runs; i++) bench_take(b, x->run[i].total_s);
	return OK;
}

static err phase(bench *b)
{
	const joint *x = b->state;
	const unsigned p = b->row->arg[0];

	TRY(begin_row(b));
	for (size_t i = 0; i < x->runs; i++) bench_take(b, x->run[i].phase_s[p]);
	bench_variant(b, "a party: %.3g GB, %.3g s of a core", x->run[0].bytes[p] * 1e-9, x->run[0].core_s[p]);
	return OK;
}

static err bits(bench *b)
{
	const joint *x = b->state;
	const keygen_plan plan = keygen_plan_of(x->params);

	TRY(begin_row(b));
	for (size_t i = 0; i < x->runs; i++)
		bench_take(b, (double)keygen_plan_bits(&plan, 0) / x->run[i].phase_s[DKG_PREPROCESSING]);
	return OK;
}

static err bytes(bench *b)
{
	const joint *x = b->state;

	TRY(begin_row(b));
	for (size_t i = 0; i < x->runs; i++) bench_take(b, x->run[i].sent * 1e-9);
	return OK;
}

/* Of the first key: nodes keep what they made. */
static err memory(bench *b)
{
	const joint *x = b->state;

	TRY(begin_row(b));
	bench_take(b, x->run[0].memory_mib);
	return OK;
}

/* From one epoch to the next: each has all keys that were made. */
static err reshared(bench *b)
{
	const joint *x = b->state;
	id32 from = x->devnet.net.epoch;

	TRY(begin_row(b));
	for (unsigned i = 0; i < RESHARINGS; i++) {
		id32 to = from;
		double seconds;
		to.b[sizeof to.b - 1]++;
		TRY(dkg_reshare_once(&seconds, &x->devnet, &from, &to));
		bench_take(b, seconds / (double)x->runs);
		from = to;
	}
	return OK;
}

/* As many parties and cores as the reference took for its key, on a network that many have. */
enum { FAR_PARTIES = 13, FAR_CORRUPT = 4, FAR_CORES = 64, FAR_BYTES_A_SECOND = 125000000 };
static const double PUBLISHED_H = 54;

static err far(bench *b)
{
	const joint *x = b->state;
	const dkg_run *r = x->run;
	const dkg_machine machine = { FAR_CORES, FAR_BYTES_A_SECOND };
	dkg_prices here, there;

	TRY(run_all(b, b->state));
	const dkg_spent spent = { (unsigned)x->devnet.net.parties, x->devnet.net.threshold, r->core_s[DKG_PREPROCESSING],
	                          r->core_s[DKG_GENERATION], r->core_s[DKG_TRIAL] };
	TRY(dkg_prices_here(&here, spent.n, spent.t, b->options));
	TRY(dkg_prices_here(&there, FAR_PARTIES, FAR_CORRUPT, b->options));
	const dkg_forecast f = dkg_forecast_of(x->params, FAR_PARTIES, FAR_CORRUPT, &machine, &spent, &here, &there);
	bench_variant(b, "computed: %.3g GB in %.0f min, %.0f + %.0f min of work; published: %.0f h", f.bytes * 1e-9, f.sending_s / 60,
	              f.computing_s / 60, f.trial_s / 60, PUBLISHED_H);
	bench_take(b, (f.computing_s + f.sending_s + f.trial_s) / 3600);
	return OK;
}

/* ---- the clusters -------------------------------------------------------------------------------------------------- */

static void joint_close(void *state)
{
	joint *x = state;

	bench_devnet_down(&x->devnet);
	free(x);
}

static err joint_open(void **state, const bench_options *o, const lat_params *params, int every_ms)
{
	joint *x = calloc(1, sizeof *x);

	ASSERT(x);
	x->params = params;
	x->every_ms = every_ms;
	if (o->tell) o->tell("starting nodes");
	err e = bench_devnet_up(&x->devnet, o->parties ? o->parties : PARTIES, params->name);
	if (e == OK) *state = x;
	else free(x);
	return e;
}

static err open_test(void **state, const bench_options *o) { return joint_open(state, o, &PARAMS_TEST, LOOK_TEST_MS); }
static err open_default(void **state, const bench_options *o) { return joint_open(state, o, &PARAMS_DEFAULT, LOOK_DEFAULT_MS); }

static const bench_row TEST_ROWS[] = {
	{ "dkg/test", "s", "4 nodes (--parties) here make a key of test parameters: preprocessing, generation, trial", total, { 0 } },
	{ "dkg/test/preprocessing", "s", "of it: random bits, and noise from them", phase, { DKG_PREPROCESSING } },
	{ "dkg/test/generation", "s", "of it: the public set", phase, { DKG_GENERATION } },
	{ "dkg/test/trial", "s", "of it: 64 blocks through the new key, decrypted together", phase, { DKG_TRIAL } },
	{ "dkg/test/bits", "bits/s", "random bits that the nodes made, while they prepared", bits, { 0 } },
	{ "dkg/test/bytes", "GB", "what the node that sent most has sent to the others: bytes of TLS", bytes, { 0 } },
	{ "dkg/test/memory", "MiB", "the most memory that one of the nodes had in use, mapped files included", memory, { 0 } },
	{ "reshare/test", "s", "the nodes share a key of test parameters anew among themselves, in a new epoch", reshared, { 0 } },
};
static const bench_row DEFAULT_ROWS[] = {
	{ "dkg/default", "s", "the same of production parameters, once: minutes; only if named", total, { 0 } },
	{ "dkg/default/preprocessing", "s", "of it: random bits, and noise from them", phase, { DKG_PREPROCESSING } },
	{ "dkg/default/generation", "s", "of it: the public set", phase, { DKG_GENERATION } },
	{ "dkg/default/trial", "s", "of it: 64 blocks through the new key, decrypted together", phase, { DKG_TRIAL } },
	{ "dkg/default/bits", "bits/s", "random bits that the nodes made, while they prepared", bits, { 0 } },
	{ "dkg/default/bytes", "GB", "what the node that sent most has sent to the others: bytes of TLS", bytes, { 0 } },
	{ "dkg/default/memory", "MiB", "the most memory that one of the nodes had in use, mapped files included", memory, { 0 } },
	{ "dkg/default/13-4", "h", "computed from these: 13 parties, 64 cores each (4 are used), 1 Gb/s; beside what is published",
	  far, { 0 } },
	{ "reshare/default", "s", "the nodes share that key anew among themselves, in a new epoch; only if named", reshared, { 0 } },
};
const bench_group BENCH_DKG_TEST = { TEST_ROWS, COUNT(TEST_ROWS), open_test, joint_close },
	BENCH_DKG_DEFAULT = { DEFAULT_ROWS, COUNT(DEFAULT_ROWS), open_default, joint_close };
