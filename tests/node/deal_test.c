/* SPDX-License-Identifier: MIT */
/*
 * Dealing a key set: who is served has what the dealer made; a receiver that stops, a dealer that stops, waits or lies cost a
 * bounded time, and leave nothing half behind.  Time is virtual.
 */
#include "node/deal.h"
#include "node/frames.h"
#include "sim/sim.h"
#include "tests/test.h"

#define PARAMS PARAMS_TEST

enum { N = 4, T = 1, PIECE = 400 << 10 };                 /* the test set takes seven */

static const id32 KEY = {{ 4, [31] = 9 }}, EPOCH = {{ 8, [31] = 1 }};

typedef struct place {
	deal     d;
	uint64_t told;
	unsigned asked;                                  /* for room, or whether it is made */
	unsigned made_at;                                /* when asked for the so-manieth time; 0: never */
	session *s;
} place;

static struct world {
	place at[N + 1];
	buf   public_key;
	draft *keyset;                                   /* as it was made */
	uint8_t keyset_digest[KEY_DIGEST_BYTES], public_key_digest[KEY_DIGEST_BYTES];
	uint64_t number;
} w;

static int make_world(void **state)
{
	(void)state;
	if (draft_in_memory(&w.keyset, tkms_keyset_bytes(&PARAMS)) != OK) return -1;
	rng_fill(test_rng(), draft_bytes(w.keyset), draft_slice(w.keyset).n);
	rng_fill(test_rng(), buf_grow(&w.public_key, 5000), 5000);
	tkms_key_digest(w.keyset_digest, draft_slice(w.keyset));
	tkms_key_digest(w.public_key_digest, buf_slice(&w.public_key));
	return 0;
}

static int drop_world(void **state)
{
	(void)state;
	draft_free(&w.keyset);
	buf_free(&w.public_key);
	return 0;
}

static void tell(void *ctx, uint64_t done, uint64_t of)
{
	place *p = ctx;
	assert_true(done > p->told && done <= of);
	p->told = done;
}

/* ---- the dealer ------------------------------------------------------------------------------------------------------ */

static share_holder holder_of(party me)
{
	return (share_holder){ KEY, EPOCH, N, T, ring_degree(N), me };
}

static void make_now(deal *d)
{
	buf_put_slice(&d->mine.public_key, buf_slice(&w.public_key));
	assert_ok(draft_in_memory(&d->mine.keyset, draft_slice(w.keyset).n));
	memcpy(draft_bytes(d->mine.keyset), draft_bytes(w.keyset), draft_slice(w.keyset).n);
	memcpy(d->mine.keyset_digest, w.keyset_digest, KEY_DIGEST_BYTES);
	memcpy(d->mine.public_key_digest, w.public_key_digest, KEY_DIGEST_BYTES);
	for (party i = 1; i <= N; i++) {
		const share_holder h = holder_of(i);
		assert_ok(key_share_new(&d->share[i], &h, &PARAMS, ONLINE_SECRETS));
		d->share[i].word[SECRET_SNS][0] = i;
	}
}

/* Asking costs the dealer a round of waiting, for somebody who has nothing to say. */
static err made(void *ctx, bool *yes)
{
	place *p = ctx;
	slice m;

	if (p->s->round) TRY(mpc_recv(p->s, 2, &m, 1));
	*yes = ++p->asked == p->made_at;
	if (*yes) make_now(&p->d);
	return p->asked < 5000 ? OK : err_fail(ERR_STATE, "the maker had a reason");
}

static err made_and_failed(void *ctx, bool *yes)
{
	(void)ctx, (void)yes;
	return err_fail(ERR_IO, "the disk is full");
}

static err room(void *ctx, draft **out)
{
	place *p = ctx;
	p->asked++;
	return draft_in_memory(out, tkms_keyset_bytes(&PARAMS));
}

static err no_room(void *ctx, draft **out)
{
	(void)ctx, (void)out;
	return err_fail(ERR_IO, "the disk is full");
}

static err run(session *s, void *arg)
{
	place *p = arg;
	const progress told = { p, tell };

	p->s = s;
	p->d.told = &told;
	return deal_run(s, &p->d);
}

/* ---- a run ----------------------------------------------------------------------------------------------------------- */

static sim_party result[N + 1];

static void prepare(void)
{
	for (party i = 1; i <= N; i++) {
		w.at[i] = (place){ .made_at = 3 };
		w.at[i].d = (deal){ .holder = holder_of(i), .params = &PARAMS, .piece = PIECE, .ctx = &w.at[i], .made = made, .room = room };
		result[i] = (sim_party){ .run = run, .arg = &w.at[i] };
	}
}

static void go_with(party_set corrupt, sim_tap tap, void *ctx)
{
	const session_id sid = sim_sid(++w.number);
	sim *x;

	assert_ok(sim_new(&x, &(sim_setup){ .n = N, .t = T, .corrupt = corrupt, .seed = w.number }));
	if (tap) sim_set_tap(x, tap, ctx);
	sim_run(x, result, &sid);
	sim_free(&x);
}

static void clear(void)
{
	for (party i = 1; i <= N; i++) deal_clear(&w.at[i].d);
}

static void assert_served(party_set who)
{
	FOR_EACH_IN(i, who) {
		const deal *d = &w.at[i].d;
		if (result[i].result != OK) print_error("party %u: %s\n", i, result[i].text);
		assert_int_equal(result[i].result, OK);
		assert_true(slice_eq_var(buf_slice(&d->mine.public_key), buf_slice(&w.public_key)));
		assert_true(slice_eq_var(draft_slice(d->mine.keyset), draft_slice(w.keyset)));
		assert_int_equal(d->mine.share.holder.me, i);
		assert_int_equal((uint64_t)d->mine.share.word[SECRET_SNS][0], i);
		assert_int_equal(w.at[i].told, draft_slice(w.keyset).n);
	}
}

static void assert_fails(party_set who, const char *says)
{
	FOR_EACH_IN(i, who) {
		assert_int_not_equal(result[i].result, OK);
		if (!strstr(result[i].text, says)) print_error("party %u: %s\n", i, result[i].text);
		assert_non_null(strstr(result[i].text, says));
	}
}

static int64_t last_end(party_set who)
{
	int64_t ms = 0;
	FOR_EACH_IN(i, who) ms = result[i].ended_ms > ms ? result[i].ended_ms : ms;
	return ms;
}

static party_set all_but(party i) { return parties_all(N) & ~((party_set)1 << i); }
static party_set only(party i) { return (party_set)1 << i; }

/* ---- in peace ---------------------------------------------------------------------------------------------------------- */

static void every_party_has_what_the_dealer_made(void **state)
{
	(void)state;
	prepare();
	go_with(0, NULL, NULL);
	assert_served(parties_all(N));
	clear();
}

static void a_dealer_may_take_its_time(void **state)
{
	(void)state;
	prepare();
	w.at[DEALER].made_at = 600;
	go_with(0, NULL, NULL);
	assert_served(parties_all(N));
	assert_true(last_end(parties_all(N)) > 590 * SIM_ROUND_MS);
	clear();
}

/* ---- receivers ---------------------------------------------------------------------------------------------------------- */

/* Messages of one party are lost from a round on: it stops. */
typedef struct stop { party who; uint64_t from; } stop;

static void lose(void *ctx, sim *x, const envelope *e)
{
	const stop *s = ctx;
	if (e->from != s->who || e->round < s->from) sim_pass(x, e);
}

enum { A_STALL_MS = DEAL_PIECE_MS + SIM_ROUND_MS, THE_AGREEMENT_MS = 2 * DEAL_PIECE_MS + 10 * SIM_ROUND_MS };

/* Rounds: two of waiting, the header, the public key, the pieces. */
static void a_receiver_that_stops_costs_the_others_one_round(void **state)
{
	(void)state;
	for (uint64_t from = 0; from < 8; from++) {
		prepare();
		go_with(only(3), lose, &(stop){ 3, from });
		assert_served(all_but(3));
		assert_true(last_end(all_but(3)) <= 2 * SIM_ROUND_MS + A_STALL_MS + THE_AGREEMENT_MS);
		clear();
	}
}

static void a_party_that_is_not_there_keeps_nobody_from_the_key(void **state)
{
	(void)state;
	prepare();
	result[3].run = NULL;
	go_with(only(3), NULL, NULL);
	assert_served(all_but(3));
	clear();
}

static void a_party_without_room_fails_alone(void **state)
{
	(void)state;
	prepare();
	w.at[2].d.room = no_room;
	go_with(0, NULL, NULL);
	assert_served(all_but(2));
	assert_fails(only(2), "the disk is full");
	clear();
}

/* ---- the dealer's bad days ------------------------------------------------------------------------------------------------ */

static void a_dealer_that_only_computes_is_left_in_the_end(void **state)
{
	(void)state;
	prepare();
	w.at[DEALER].made_at = 0;
	go_with(only(DEALER), NULL, NULL);
	assert_fails(all_but(DEALER), "that it was computing, for too long");
	assert_true(last_end(all_but(DEALER)) >= DEAL_MOST_WAIT_MS);
	assert_true(last_end(all_but(DEALER)) <= DEAL_MOST_WAIT_MS + 2 * DEAL_PIECE_MS + 2 * SIM_ROUND_MS);
	for (party i = 2; i <= N; i++) assert_int_equal(w.at[i].asked, 0);
	clear();
}

static void a_dealer_that_fails_says_why_and_the_others_do_not_wait(void **state)
{
	(void)state;
	prepare();
	w.at[DEALER].d.made = made_and_failed;
	go_with(0, NULL, NULL);
	assert_fails(only(DEALER), "the disk is full");
	assert_fails(all_but(DEALER), "sent this party nothing");
	assert_true(last_end(all_but(DEALER)) <= 2 * DEAL_PIECE_MS + 2 * SIM_ROUND_MS);
	clear();
}

static void a_dealer_that_stops_leaves_nobody_with_a_part(void **state)
{
	(void)state;
	for (uint64_t from = 3; from < 6; from++) {
		prepare();
		go_with(only(DEALER), lose, &(stop){ DEALER, from });
		for (party i = 2; i <= N; i++) assert_int_not_equal(result[i].result, OK);
		assert_fails(all_but(DEALER), from == 3 ? "nothing" : "only a part of the key set");
		assert_true(last_end(all_but(DEALER)) <= 10 * SIM_ROUND_MS + 2 * DEAL_PIECE_MS);
		clear();
	}
}

/* ---- lies ------------------------------------------------------------------------------------------------------------------- */

/* Messages of some length to a party arrive changed: a bit of one byte, and the length. */
typedef struct change { party to; size_t longer_than, shorter_than, at, more; } change;

static void bend(void *ctx, sim *x, const envelope *e)
{
	const change *c = ctx;
	envelope other = *e;

	if (e->from == DEALER && e->to == c->to && e->body.n > c->longer_than && e->body.n < c->shorter_than) {
		uint8_t *bytes = sim_bytes(x, e->body.n + c->more);
		memcpy(bytes, e->body.p, e->body.n);
		memset(bytes + e->body.n, 0, c->more);
		bytes[c->at] ^= 1;
		other.body = slice_of(bytes, e->body.n + c->more);
	}
	sim_pass(x, &other);
}

static void a_party_that_was_dealt_other_files_refuses_them(void **state)
{
	(void)state;
	prepare();
	go_with(only(DEALER), bend, &(change){ 2, PIECE - 1, SIZE_MAX, 777, 0 });           /* a piece of the key set */
	assert_fails(only(2), "a key set that has not the digest it told");
	assert_served(only(3) | only(4));
	clear();
	prepare();
	go_with(only(DEALER), bend, &(change){ 2, 4999, 5001, 0, 0 });                       /* the public key */
	assert_fails(only(2), "a public key that has not the digest it told");
	assert_served(only(3) | only(4));
	clear();
}

static void a_piece_that_is_longer_than_was_told_is_refused(void **state)
{
	(void)state;
	prepare();
	go_with(only(DEALER), bend, &(change){ 2, PIECE - 1, SIZE_MAX, PIECE, 1 });      /* what there is of the piece is right */
	assert_fails(only(2), "only a part of the key set");
	assert_served(only(3) | only(4));
	clear();
}

/* The size of the key set stands behind that of the public key; nothing of another size gets room. */
static void a_key_set_of_another_size_is_refused_before_there_is_room_for_it(void **state)
{
	(void)state;
	prepare();
	go_with(only(DEALER), bend, &(change){ 2, 5001, PIECE, 1 + 8, 0 });
	assert_fails(only(2), "is not of this key, party and epoch");
	assert_int_equal(w.at[2].asked, 0);
	assert_null(w.at[2].d.mine.keyset);
	assert_served(only(3) | only(4));
	clear();
}

static const struct CMUnitTest tests[] = {
	TEST(every_party_has_what_the_dealer_made), TEST(a_dealer_may_take_its_time),
	TEST(a_receiver_that_stops_costs_the_others_one_round), TEST(a_party_that_is_not_there_keeps_nobody_from_the_key),
	TEST(a_party_without_room_fails_alone), TEST(a_dealer_that_only_computes_is_left_in_the_end),
	TEST(a_dealer_that_fails_says_why_and_the_others_do_not_wait), TEST(a_dealer_that_stops_leaves_nobody_with_a_part),
	TEST(a_party_that_was_dealt_other_files_refuses_them), TEST(a_piece_that_is_longer_than_was_told_is_refused),
	TEST(a_key_set_of_another_size_is_refused_before_there_is_room_for_it),
};

int main(int argc, char **argv)
{
	return test_main_with(argc, argv, __FILE__, tests, COUNT(tests), make_world, drop_world);
}
