/* SPDX-License-Identifier: MIT */
/*
 * Traps of protocols in rounds that no theorem of the other files would step into: what messages must be bound to, must not
 * tell, and must not cost; and why the broadcast is the one that it is.
 */
#include <stdlib.h>
#include "tests/test.h"
#include "share/shamir.h"
#include "sim/sim.h"
#include "sym/dsep.h"

/* One run of a program by all parties; the last t of them are corrupt if there is a rush or they are silent. */
typedef struct play {
	unsigned n, t;
	uint64_t session;
	bool     silent;                 /* the corrupt run nothing */
	sim_rush rush;
	sim_tap  tap;
	program  run;
	void    *arg[MAX_PARTIES + 1];
	party_set corrupt;
	sim     *sim;                    /* with all messages, until play_end */
	sim_party *p;
} play;

static void play_run(play *x)
{
	const session_id sid = sim_sid(x->session);
	const bool liars = x->rush || x->silent;

	x->corrupt = liars ? parties_all(x->n) & ~parties_all(x->n - x->t) : 0;
	const sim_setup setup = { .n = x->n, .t = x->t, .corrupt = x->corrupt, .seed = x->session, .transcript = true };
	assert_ok(sim_new(&x->sim, &setup));
	if (x->rush) sim_set_rush(x->sim, x->rush, x);
	if (x->tap) sim_set_tap(x->sim, x->tap, x);
	assert_non_null(x->p = calloc(x->n + 1u, sizeof *x->p));
	for (party i = 1; i <= x->n; i++)
		x->p[i] = (sim_party){ .run = x->silent && has(x->corrupt, i) ? NULL : x->run, .arg = x->arg[i] };
	sim_run(x->sim, x->p, &sid);
	const char *what = sim_complaint(x->n, x->corrupt, x->p);
	if (what) print_error("%s: %s\n", what, x->p[1].text);
	assert_null(what);
}

static void play_end(play *x)
{
	sim_free(&x->sim);
	free(x->p);
}

/* ---- broadcast ---------------------------------------------------------------------------------------------------- */

/* Messages so long that digests travel. */
enum { LONG = 1000 };

typedef struct spoken {
	size_t   n;
	uint8_t  fill;
	unsigned times;
	slice    all[MAX_PARTIES + 1];   /* what came of each party the last time */
	uint8_t  got[MAX_PARTIES + 1];   /* the last byte of it                   */
} spoken;

static err speak(session *s, void *arg)
{
	spoken *v = arg;
	uint8_t *mine;

	TRY(arena_new(&s->arena, &mine, v->n));
	memset(mine, v->fill, v->n);
	for (unsigned k = 0; k < v->times; k++) TRY(bcast(s, slice_of(mine, v->n), bcast_limit(s->t), v->all));
	FOR_EACH_PARTY(i, s) v->got[i] = v->all[i].n ? v->all[i].p[v->all[i].n - 1] : 0;
	return OK;
}

static void all_speak(play *x, spoken *v, size_t n, unsigned times)
{
	for (party i = 1; i <= x->n; i++) {
		v[i] = (spoken){ .n = n, .fill = 7, .times = times };
		x->arg[i] = &v[i];
	}
	x->run = speak;
}

static hash32 digest_of(const session_id *sid, uint32_t number, party sender, const uint8_t *m, size_t n)
{
	AUTO(buf) b = { 0 };
	hash32 h;

	buf_put_str(&b, "BRACHABC");
	buf_put(&b, sid->b, SID_BYTES);
	buf_put_u32(&b, number);
	buf_put_u8(&b, sender);
	buf_put_u64(&b, n);
	buf_put(&b, m, n);
	shake256(h.b, sizeof h.b, buf_slice(&b));
	return h;
}

/* Four parties broadcast the same bytes, twice, in two sessions: no digest comes twice. */
static void T_ECHO_digests_name_session_number_sender_and_length(void **state)
{
	uint8_t m[LONG];
	hash32 seen[2 * 2 * 4];
	unsigned count = 0;

	(void)state;
	memset(m, 7, sizeof m);
	for (unsigned session_number = 1; session_number <= 2; session_number++) {
		spoken v[5];
		play x = { .n = 4, .t = 1, .session = session_number };
		all_speak(&x, v, LONG, 2);
		play_run(&x);
		for (uint32_t number = 1; number <= 2; number++) for (size_t k = 0; k < sim_transcript_length(x.sim); k++) {
			const envelope *e = sim_transcript(x.sim, k);
			if (e->round != bcast_rounds(1) * (number - 1) + 2 || e->from != 1 || e->to != 2) continue;
			assert_int_equal(load64(e->body.p), parties_all(4));
			assert_int_equal(e->body.n, BCAST_HEADER + 4 * sizeof(hash32));
			for (party i = 1; i <= 4; i++) {
				const hash32 expected = digest_of(&e->sid, number, i, m, sizeof m);
				memcpy(seen[count].b, e->body.p + BCAST_HEADER + (i - 1u) * sizeof(hash32), sizeof(hash32));
				assert_true(hash32_eq_var(seen[count++], expected));
			}
		}
		play_end(&x);
	}
	assert_int_equal(count, COUNT(seen));
	for (unsigned i = 0; i < count; i++)
		for (unsigned j = 0; j < i; j++) assert_false(hash32_eq_var(seen[i], seen[j]));
}

/* P_4 leaves out P_3, and is the first to send it a value, ahead of time: another one. */
static void rush_wrong_value(void *ctx, sim *s, envelope *held, size_t count)
{
	(void)ctx;
	for (size_t k = 0; k < count; k++) {
		if (held[k].to != 3) continue;
		if (held[k].round == 2) {
			envelope value = held[k];
			uint8_t *p = sim_bytes(s, 1 + 4 + LONG);
			p[0] = 4;
			store32(p + 1, LONG);
			memset(p + 5, 8, LONG);
			value.type = MSG_VALUE, value.round = bcast_rounds(1), value.body = slice_of(p, 1 + 4 + LONG);
			sim_pass(s, &value);
		}
		if (held[k].round == 1) held[k].to = 0;
	}
}

static void T_ECHO_a_value_from_others_must_have_the_digest_that_was_agreed_on(void **state)
{
	spoken v[5];
	play x = { .n = 4, .t = 1, .session = 1, .rush = rush_wrong_value };

	(void)state;
	all_speak(&x, v, LONG, 1);
	play_run(&x);
	for (party i = 1; i <= 3; i++) assert_int_equal(v[i].got[4], 7);
	play_end(&x);
}

/* In the first echo P_4 says that it got nothing from anybody; or nothing from P_1. */
static party_set denied;
static void rush_deny(void *ctx, sim *s, envelope *held, size_t count)
{
	(void)ctx;
	for (size_t k = 0; k < count; k++) {
		if (held[k].round != 2) continue;
		const party_set rest = parties_all(4) & ~denied;
		const size_t n = BCAST_HEADER + size_of_set(rest) * sizeof(hash32);
		uint8_t *p = sim_bytes(s, n), *at = p + BCAST_HEADER;
		store64(p, rest), store64(p + 8, denied), store64(p + 16, 0);
		FOR_EACH_IN(i, rest) {
			memcpy(at, held[k].body.p + BCAST_HEADER + (i - 1u) * sizeof(hash32), sizeof(hash32));
			at += sizeof(hash32);
		}
		held[k].body = slice_of(p, n);
	}
}

static void T_SIZE_who_claims_to_lack_everything_is_given_nothing(void **state)
{
	(void)state;
	for (unsigned all = 0; all < 2; all++) {
		spoken v[5];
		play x = { .n = 4, .t = 1, .session = 1, .rush = rush_deny };
		unsigned given = 0;

		denied = all ? parties_all(4) : 1 << 1;
		all_speak(&x, v, LONG, 1);
		play_run(&x);
		for (size_t k = 0; k < sim_transcript_length(x.sim); k++) given += sim_transcript(x.sim, k)->type == MSG_VALUE;
		assert_int_equal(given, all ? 0 : 3);
		play_end(&x);
	}
}

/* P_4 sends as much as an envelope carries, but not to P_3, and says itself that this is what it sent. */
static void rush_longest(void *ctx, sim *s, envelope *held, size_t count)
{
	static uint8_t *longest;
	static hash32 h;

	(void)ctx;
	if (held[0].round == 1) {
		longest = sim_bytes(s, MAX_BODY);
		h = digest_of(&held[0].sid, 1, 4, longest, MAX_BODY);
	}
	for (size_t k = 0; k < count; k++) {
		if (held[k].round == 1) {
			held[k].body = slice_of(longest, MAX_BODY);
			if (held[k].to == 3) held[k].to = 0;
		}
		if (held[k].round == 2) {                            /* four digests: the last one is of its own message */
			uint8_t *p = memcpy(sim_bytes(s, held[k].body.n), held[k].body.p, held[k].body.n);
			assert_int_equal(held[k].body.n, BCAST_HEADER + 4 * sizeof h);
			memcpy(p + BCAST_HEADER + 3 * sizeof h, h.b, sizeof h);
			held[k].body.p = p;
		}
	}
}

static void T_SIZE_a_message_that_cannot_be_passed_on_is_none(void **state)
{
	spoken v[5];
	play x = { .n = 4, .t = 1, .session = 1, .rush = rush_longest };

	(void)state;
	all_speak(&x, v, LONG, 1);
	play_run(&x);
	for (party i = 1; i <= 3; i++) {
		assert_int_equal(x.p[i].corrupt, 1 << 4);
		assert_int_equal(v[i].got[3], 7);
	}
	play_end(&x);
}

/*
 * The broadcast of MPC 2.1, for n = 3t + 1: echo; vote for what n - t echoed; in round r = 4 .. t + 3 for what t + r - 3
 * parties have voted for; put out what n - t voted for.  The t liars, one of them the sender, help one more honest party
 * each round.
 */
static void T_ECHO_votes_whose_threshold_grows_do_not_agree(void **state)
{
	(void)state;
	for (unsigned t = 1; t <= 4; t++) {
		const unsigned n = 3 * t + 1, honest = n - t;        /* P_1 .. P_honest; the sender is corrupt */
		const unsigned holders = t + 1;                      /* to so many of these it sends m         */
		unsigned voted[14] = { 0 }, agree = 0;               /* in which round                         */

		for (unsigned r = 3; r <= t + 3; r++) {
			const unsigned helped = r - 2;               /* liars echo m, and vote for it, to it alone */
			for (unsigned i = 1; i <= honest; i++) {
				unsigned heard = i == helped ? t : 0;
				if (voted[i]) continue;
				for (unsigned j = 1; j <= honest; j++) heard += r == 3 ? j <= holders : voted[j] && voted[j] < r;
				if (heard >= (r == 3 ? n - t : t + r - 3)) voted[i] = r;
			}
		}
		for (unsigned i = 1; i <= honest; i++) {
			unsigned votes = i <= t + 1 ? t : 0;         /* liars vote to those whom they helped */
			for (unsigned j = 1; j <= honest; j++) votes += voted[j] != 0;
			agree += votes >= n - t;
		}
		assert_int_equal(agree, t + 1);                      /* these put out m, the other t honest nothing */
	}
}

/* ---- verifiable sharing ------------------------------------------------------------------------------------------- */

typedef struct dealt { gr secret; share out[MAX_PARTIES]; } dealt;

static err deal(session *s, void *arg)
{
	dealt *v = arg;

	v->secret = gr_random(s->R, s->random);
	return vss(s, v->out, parties_all(s->n), 1, &v->secret);
}

/* Through two points of what P_i broadcasts of its row, or its column, goes no line to its share or to the secret. */
static void T_VSS_what_is_broadcast_does_not_tell_rows(void **state)
{
	const ring *R = ring_of(64, 4);
	static dealt v[5];
	play x = { .n = 4, .t = 1, .session = 1, .run = deal };
	unsigned tried = 0;

	(void)state;
	for (party i = 1; i <= 4; i++) x.arg[i] = &v[i];
	play_run(&x);
	for (size_t k = 0; k < sim_transcript_length(x.sim); k++) {
		const envelope *e = sim_transcript(x.sim, k);
		if (e->round != 2) continue;
		assert_int_equal(e->body.n, 2 * 4 * 4 * R->bytes);
		for (party D = 1; D <= 4; D++) for (unsigned column = 0; column < 2; column++)
			for (party a = 1; a <= 4; a++) for (party b = 1; b < a; b++, tried++) {
				gr y[MAX_PARTIES + 1];
				y[a] = gr_read(R, e->body.p + (((D - 1u) * 4 + a - 1u) * 2 + column) * R->bytes);
				y[b] = gr_read(R, e->body.p + (((D - 1u) * 4 + b - 1u) * 2 + column) * R->bytes);
				const gr at_0 = interpolate_unchecked(R, y, (party_set)1 << a | (party_set)1 << b);
				assert_false(gr_eq_var(at_0, v[e->from].out[D - 1].v));
				assert_false(gr_eq_var(at_0, v[D].secret));
			}
	}
	assert_int_equal(tried, 4 * 3 * 4 * 2 * 6);
	play_end(&x);
}

/* ---- coins and keys ------------------------------------------------------------------------------------------------ */

static err toss(session *s, void *coin) { return coin_flip(s, coin); }

static void T_RAND_coins_are_random_though_liars_add_nothing(void **state)
{
	static gr coin[20][5];
	unsigned ones = 0;

	(void)state;
	for (unsigned k = 0; k < COUNT(coin); k++) {
		play x = { .n = 4, .t = 1, .session = 1 + k, .run = toss, .silent = true };
		for (party i = 1; i <= 4; i++) x.arg[i] = &coin[k][i];
		play_run(&x);
		play_end(&x);
		for (unsigned c = 0; c < 4; c++) ones += (unsigned)__builtin_popcountll((uint64_t)coin[k][1].c[c]);
		for (unsigned j = 0; j < k; j++) assert_false(gr_eq_var(coin[k][1], coin[j][1]));
	}
	assert_in_range(ones, 20 * 128 - 180, 20 * 128 + 180);           /* 5 standard deviations */
}

typedef struct agreed { share x[4]; party_set A[4]; uint8_t key[4][PRSS_KEY]; } agreed;

static err agree(session *s, void *arg)
{
	agreed *v = arg;
	return agree_random(s, v->key, v->x, v->A, 4);
}

static void agreed_keys_are_those_of_the_formula(void **state)
{
	const ring *R = ring_of(64, 4);
	agreed v[5] = { 0 };
	gr secret[4];
	play x = { .n = 4, .t = 1, .session = 1, .run = agree };

	(void)state;
	for (unsigned a = 0; a < 4; a++) {
		share dealt_to[MAX_PARTIES + 1];
		secret[a] = gr_random(R, test_rng());
		shamir_deal(dealt_to, R, 4, 1, secret[a], test_rng());
		for (party i = 1; i <= 4; i++) v[i].x[a] = dealt_to[i], prss_sets(v[i].A, 4, 1), x.arg[i] = &v[i];
	}
	play_run(&x);
	for (party i = 1; i <= 4; i++) for (unsigned a = 0, j = 0; a < 4; a++) {
		uint8_t hashed[8 + 32] = "AGREERND", key[PRSS_KEY];
		if (!has(v[i].A[a], i)) continue;
		gr_write(R, hashed + 8, secret[a]);
		shake256(key, sizeof key, slice_of(hashed, sizeof hashed));
		assert_memory_equal(v[i].key[j++], key, sizeof key);
	}
	play_end(&x);
}

/* ---- one clock ------------------------------------------------------------------------------------------------------ */

/* A round in which all speak; a part of three rounds in which P_1 is silent; and a round more, by the clock of the first. */
static err round_part_round(session *s, void *arg)
{
	const session_id sid = sid_sub(&s->sid, 1);
	session part;
	slice m;

	(void)arg;
	next_round(s);
	FOR_EACH_PARTY(j, s) TRY(mpc_send(s, j, slice_str("x")));
	FOR_EACH_PARTY(j, s) TRY(mpc_recv(s, j, &m, 1));
	TRY(session_follow(&part, s, &sid));
	for (unsigned r = 0; r < 3; r++) {
		next_round(&part);
		TRY(mpc_recv(&part, 1, &m, 1));
	}
	session_resume(s, &part);
	session_close(&part);
	next_round(s);
	FOR_EACH_PARTY(j, s) TRY(mpc_send(s, j, slice_str("y")));
	FOR_EACH_PARTY(j, s) {
		TRY(mpc_recv(s, j, &m, 1));
		if (!slice_eq_var(m, slice_str("y"))) return err_fail(ERR_INTERNAL, "the round of P_%u was over before it began", s->me);
	}
	return OK;
}

static void tap_slow(void *ctx, sim *x, const envelope *e) { (void)ctx, sim_pass_later(x, e, SIM_ROUND_MS / 2); }

static void a_part_leaves_its_time_to_the_whole(void **state)
{
	play x = { .n = 4, .t = 1, .session = 1, .run = round_part_round, .tap = tap_slow };

	(void)state;
	play_run(&x);
	play_end(&x);
}

TESTS(
	TEST(T_ECHO_digests_name_session_number_sender_and_length),
	TEST(T_ECHO_a_value_from_others_must_have_the_digest_that_was_agreed_on),
	TEST(T_SIZE_who_claims_to_lack_everything_is_given_nothing),
	TEST(T_SIZE_a_message_that_cannot_be_passed_on_is_none),
	TEST(T_ECHO_votes_whose_threshold_grows_do_not_agree),
	TEST(T_VSS_what_is_broadcast_does_not_tell_rows),
	TEST(T_RAND_coins_are_random_though_liars_add_nothing),
	TEST(agreed_keys_are_those_of_the_formula),
	TEST(a_part_leaves_its_time_to_the_whole)
)
