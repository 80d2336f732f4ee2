/* SPDX-License-Identifier: MIT */
/*
 * tests/mpc/joint_lanes_test.c -- a key is made by parties on threads, over real inboxes and clocks, in lanes side by side.
 */
#include <pthread.h>
#include <stdlib.h>
#include "tests/mpc/key_oracle.h"

enum { N = 4, T = 1, LANES = 3 };

static const lat_params TINY = {
	.name = "tiny", .n = 2, .k = 1, .N = 256, .lwe_noise = 45, .glwe_noise = 17,
	.pbs = { .base_log = 23, .level = 1 }, .ks = { .base_log = 4, .level = 1 }, .ms = { .kind = MS_CENTERED_MEAN },
	.pke = { .n = 256, .noise = 17, .cast = { .base_log = 4, .level = 1 } },
	.comp = { .br = { .base_log = 23, .level = 1 }, .pks = { .base_log = 4, .level = 1 }, .k = 3, .N = 1, .noise = 43 },
	.sns = { .k = 2, .N = 256, .noise = 30, .br = { .base_log = 24, .level = 2 }, .ms = { .kind = MS_CENTERED_MEAN } },
	.snscomp = { .pks = { .base_log = 41, .level = 1 }, .k = 2, .N = 1, .noise = 3 },
};

static world all;
static inbox *in[N + 1];
static unsigned recorded[N + 1];
static uint64_t by_triples[N + 1];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static bool says_bad;                /* P_2 does */
static struct { err result; char text[160]; party_set corrupt; } end[N + 1];

static err send_to(void *ctx, party to, const envelope *e)
{
	(void)ctx;
	inbox_put(in[to], e->from, e);
	return OK;
}

static err record(void *ctx, const session_id *sid)
{
	const member *m = ctx;

	(void)sid;
	pthread_mutex_lock(&lock);
	recorded[m->me]++;
	pthread_mutex_unlock(&lock);
	return OK;
}

static err bad_bcast(session *s, slice mine, size_t most, slice *told)
{
	static const uint8_t BAD;

	return bcast(s, mine.n == 1 ? slice_of(&BAD, 1) : mine, most, told);
}
static const protocols SAYS_BAD = { .bcast = bad_bcast, .vss = vss, .open = open_sync };

static void tell(void *ctx, uint64_t done, uint64_t of)
{
	uint64_t *before = ctx;

	assert_true(done > *before && done <= of);
	*before = done;
}

static err make_key(session *s, void *arg)
{
	member *m = arg;
	const sid_record where = { m, record };
	uint64_t told = 0;
	const progress told_to = { &told, tell };
	joint_keygen_job job = world_keygen_job(&all, m->me);

	job.record = &where, job.lanes = LANES, job.slab = 64, job.in_turn = false;
	job.told = &told_to, job.by_triples = &by_triples[m->me];
	return joint_keygen(s, &m->set, &job);
}

static void ended(void *arg, err e, const session *s)
{
	const member *m = arg;

	end[m->me].result = e, end[m->me].corrupt = s->corrupt;
	if (e != OK) strncpy(end[m->me].text, err_text(), sizeof end[m->me].text - 1);
}

static void run_all(uint64_t number)
{
	AUTO(runner) *r = NULL;
	play x = { .w = &all };
	secret_keys keys;

	world_forget_generation(&all);
	memset(recorded, 0, sizeof recorded);
	assert_ok(runner_new(&r, N));
	for (party i = 1; i <= N; i++) assert_ok(inbox_new(&in[i], i, N, NULL, wait_system()));
	for (party i = 1; i <= N; i++) {
		const session_plan plan = { .sid = sim_sid(number), .me = i, .n = N, .t = T, .k = 128, .round_ms = 60000, .random = rng_os(),
		                            .in = in[i], .out = { NULL, send_to }, .p = says_bad && i == 2 ? &SAYS_BAD : NULL };
		assert_ok(runner_start(r, &plan, make_key, ended, &all.m[i]));
	}
	runner_free(&r);
	for (party i = 1; i <= N; i++) {
		inbox_free(&in[i]);
		if (end[i].result != OK) print_error("P%u: %s\n", i, end[i].text);
		assert_int_equal(end[i].result, OK);
		assert_int_equal(end[i].corrupt, 0);
	}
	oracle_whole_key(&keys, &x);
	secret_keys_free(&keys);
}

static unsigned sessions_of(const world *w)
{
	unsigned sum = 1;                                        /* the seed's */

	for (unsigned i = SECRETS; i < w->plan.needs; i++) {
		const part_shape s = part_shape_of(w->params, w->plan.need[i].part);
		sum += (unsigned)size_min(LANES, s.body == 1 ? (s.rows + 255) / 256 : s.rows);
	}
	return sum;
}

static void a_key_is_made_in_lanes_side_by_side(void **state)
{
	(void)state;
	run_all(1);
	for (party i = 1; i <= N; i++) {
		assert_int_equal(recorded[i], sessions_of(&all));        /* each id once, before its first PRF */
		assert_int_equal(by_triples[i], 0);
	}
}

static void and_by_triples_in_all_of_them(void **state)
{
	(void)state;
	says_bad = true;
	run_all(2);
	says_bad = false;
	for (party i = 1; i <= N; i++) assert_int_equal(by_triples[i], by_triples[1]);
	assert_int_equal(by_triples[1], 3 + 2 + 2 * 2 * 2 + 2);                   /* slabs are rows: those with a product */
}

static int before(void **state)
{
	(void)state;
	world_new(&all, &TINY, N, T);
	world_deal(&all);
	return 0;
}

static int after(void **state)
{
	(void)state;
	world_free(&all);
	return 0;
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = { TEST(a_key_is_made_in_lanes_side_by_side), TEST(and_by_triples_in_all_of_them) };
	return test_main_with(argc, argv, __FILE__, tests, COUNT(tests), before, after);
}
