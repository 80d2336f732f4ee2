/* SPDX-License-Identifier: MIT */
/*
 * tests/mpc/lanes_test.c -- sessions side by side: on threads over real inboxes and clocks, and one after the other among
 * liars in the simulator.
 */
#include <pthread.h>
#include <stdlib.h>
#include "mpc/lanes.h"
#include "mpc/random_bits.h"
#include "mpc/runner.h"
#include "sim/sim.h"
#include "tests/share/prss_keys.h"

enum { N = 4, T = 1, LANES = 5, WANTED = 600, LANE_BATCH = 128, FIRST = 7 };

typedef struct lane_out { bits_job job; size_t count; uint64_t bit[WANTED * 4]; bool full; } lane_out;

typedef struct member {
	party     me;
	inbox    *in;
	session_id sid;
	lane_out  out[LANES];
	unsigned  recorded;
	pthread_mutex_t lock;
	err       result;
	char      text[200];
	party_set corrupt;
	int64_t   allowed_ms;
	bool      in_turn;
} member;

static prss_group group;
static prss_batch *tables[N + 1];
static member members[N + 1];

static err send_to(void *ctx, party to, const envelope *e)
{
	(void)ctx;
	inbox_put(members[to].in, e->from, e);
	return OK;
}

static err record(void *ctx, const session_id *sid)
{
	member *m = ctx;

	(void)sid;
	pthread_mutex_lock(&m->lock);
	m->recorded++;
	pthread_mutex_unlock(&m->lock);
	return OK;
}

static err take(void *ctx, const session *s, const void *bit, size_t count)
{
	lane_out *v = ctx;

	if (v->full) return err_fail(ERR_IO, "the disk is full");
	ASSERT(v->count + count <= WANTED);
	memcpy(v->bit + v->count * s->R->d, bit, count * s->R->bytes);
	v->count += count;
	return OK;
}

static err one_lane(session *s, void *arg)
{
	lane_out *v = arg;
	return random_bits(s, &v->job);
}

static err ceremony_of(session *s, void *arg)
{
	member *m = arg;
	void *args[LANES];
	const sid_record where = { m, record };

	for (unsigned l = 0; l < LANES; l++) {
		m->out[l].job = (bits_job){ tables[s->me], WANTED, LANE_BATCH, { &m->out[l], take } };
		args[l] = &m->out[l];
	}
	return mpc_lanes(s, &(lane_plan){ .lanes = LANES, .first = FIRST, .k = 64, .prss = group.p[s->me], .record = &where,
	                                  .run = one_lane, .arg = args, .in_turn = m->in_turn });
}

static void ended(void *arg, err e, const session *s)
{
	member *m = arg;

	m->result = e, m->corrupt = s->corrupt, m->allowed_ms = s->clock.allowed_ms;
	if (e != OK) strncpy(m->text, err_text(), sizeof m->text - 1);
}

static void member_new(party i)
{
	memset(&members[i], 0, sizeof members[i]);
	members[i].me = i;
}

/* All parties on threads of this process. */
static void run_all(uint8_t number, bool full)
{
	AUTO(runner) *r = NULL;

	assert_ok(runner_new(&r, N));
	for (party i = 1; i <= N; i++) {
		member_new(i);
		members[i].sid = sim_sid(number);
		pthread_mutex_init(&members[i].lock, NULL);
		members[i].out[1].full = full;
		assert_ok(inbox_new(&members[i].in, i, N, NULL, wait_system()));
	}
	for (party i = 1; i <= N; i++) {
		const session_plan plan = { .sid = members[i].sid, .me = i, .n = N, .t = T, .k = 64, .round_ms = 60000, .random = rng_os(),
		                            .in = members[i].in, .out = { NULL, send_to } };
		assert_ok(runner_start(r, &plan, ceremony_of, ended, &members[i]));
	}
	runner_free(&r);
	for (party i = 1; i <= N; i++) inbox_free(&members[i].in);
}

static unsigned bit_of(unsigned lane, size_t b, party_set who)
{
	const ring *R = ring_of(64, 4);
	share y[N + 1];
	gr secret;

	FOR_EACH_IN(i, who) {
		y[i].v = GR_ZERO;
		for (unsigned c = 0; c < 4; c++) y[i].v.c[c] = members[i].out[lane].bit[b * 4 + c];
	}
	assert_true(sim_reconstruct(&secret, R, y, who, T));
	assert_true(gr_is_scalar_var(R, secret) && secret.c[0] <= 1);
	return (unsigned)secret.c[0];
}

static void lanes_run_side_by_side_and_put_out_bits_of_their_own(void **state)
{
	const uint64_t batches = (WANTED + LANE_BATCH - 1) / LANE_BATCH, since = batches - random_bits_meetings(batches) * MEET_EVERY;
	const uint64_t patience = since * (1 + bcast_rounds(T)) * (meet_spread(T) + 1) * 60000;
	unsigned differ = 0;

	(void)state;
	run_all(1, false);
	for (party i = 1; i <= N; i++) {
		assert_int_equal(members[i].result, OK);
		assert_int_equal(members[i].corrupt, 0);
		assert_int_equal(members[i].recorded, LANES);        /* each lane's id, before its first PRF */
		/* The clock is one of a lane's, which counts from the last meeting on. */
		assert_in_range(members[i].allowed_ms, patience, patience + 60000);
		for (unsigned l = 0; l < LANES; l++) assert_int_equal(members[i].out[l].count, WANTED);
	}
	for (size_t b = 0; b < WANTED; b++) differ += bit_of(0, b, parties_all(N)) != bit_of(LANES - 1, b, parties_all(N));
	assert_in_range(differ, WANTED / 2 - 100, WANTED / 2 + 100);
}

static void a_lane_that_fails_ends_all_and_is_the_one_that_is_told_of(void **state)
{
	(void)state;
	run_all(2, true);
	for (party i = 1; i <= N; i++) {
		assert_int_equal(members[i].result, ERR_IO);
		assert_string_equal(members[i].text, "the disk is full");
	}
}

/* ---- in the simulator ---------------------------------------------------------------------------------------------- */

static bool spoils;

static err lying_bcast(session *s, slice mine, size_t most, slice *all)
{
	uint8_t *p;

	if (!spoils || (mine.n != 1 && mine.n % 32)) return bcast(s, mine, most, all);
	TRY(arena_new(&s->arena, &p, mine.n));
	memcpy(p, mine.p, mine.n);
	p[0] = mine.n == 1 ? 0 : p[0] ^ 2;                           /* says BAD, and broadcasts a wrong word */
	return bcast(s, slice_of(p, mine.n), most, all);
}

static void who_lies_in_a_lane_is_known_to_the_ceremony(void **state)
{
	static const protocols LYING = { .bcast = lying_bcast, .vss = vss, .open = open_sync };
	const party liar = 3;
	const party_set honest = parties_all(N) & ~((party_set)1 << liar);
	static sim_party p[N + 1];
	session_id sid = sim_sid(3);
	sim *x = NULL;

	(void)state;
	spoils = true;
	assert_ok(sim_new(&x, &(sim_setup){ .n = N, .t = T, .k = 64, .corrupt = (party_set)1 << liar, .seed = 8 }));
	for (party i = 1; i <= N; i++) {
		member_new(i);
		members[i].in_turn = true;
		pthread_mutex_init(&members[i].lock, NULL);
		p[i] = (sim_party){ .run = ceremony_of, .arg = &members[i], .p = i == liar ? &LYING : NULL };
	}
	sim_run(x, p, &sid);
	sim_free(&x);
	spoils = false;
	FOR_EACH_IN(i, honest) {
		assert_int_equal(p[i].result, OK);
		assert_int_equal(p[i].corrupt, (party_set)1 << liar);
		unsigned agreed = 0;
		for (unsigned k = 0; k < p[i].evidence_count; k++) agreed += p[i].evidence[k].agreed && p[i].evidence[k].who == liar;
		assert_in_range(agreed, 1, p[i].evidence_count);
		for (unsigned l = 0; l < LANES; l++) assert_int_equal(members[i].out[l].count, WANTED);
	}
	for (unsigned l = 0; l < LANES; l++) for (size_t b = 0; b < WANTED; b += 17) bit_of(l, b, honest);
}

static int before(void **state)
{
	(void)state;
	group_new(&group, N, T, parties_all(N));
	for (party i = 1; i <= N; i++) assert_ok(prss_batch_new(&tables[i], group.p[i]));
	return 0;
}

static int after(void **state)
{
	(void)state;
	for (party i = 1; i <= N; i++) prss_batch_free(&tables[i]);
	group_free(&group);
	return 0;
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		TEST(lanes_run_side_by_side_and_put_out_bits_of_their_own), TEST(a_lane_that_fails_ends_all_and_is_the_one_that_is_told_of),
		TEST(who_lies_in_a_lane_is_known_to_the_ceremony),
	};
	return test_main_with(argc, argv, __FILE__, tests, COUNT(tests), before, after);
}
