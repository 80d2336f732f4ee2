/* SPDX-License-Identifier: MIT */
/*
 * A shared key goes to other parties: whatever those who may be corrupt do or leave undone, inside of the new set and outside, its honest
 * members end with certified shares of the same key, and of the newest epoch that the old parties can show.
 */
#include <stdlib.h>
#include "tests/delegate/group_oracle.h"
#include "tests/mpc/theorem.h"
#include "delegate/group_move.h"

enum { CHAIN = 31337, EPOCH = 6 };

typedef enum way { HONEST_ALL, SILENT, DIES, SHOWS_OLDER, SHOWS_FORGED, SHOWS_NOTHING, DIVIDES, WAYS } way;
static const char *const WAYS_NAMED[WAYS] = { "", "silent", "dies", "shows an older record", "shows a forged record", "shows nothing", "tells each something else" };

/* A party, by its number in the connections: what it has, and what comes out. */
typedef struct member {
	signer       *wallet;
	group_holding have, says;
	group_share   share;
	group_record  prepared, made;
	group_share   held;
	bool          done;
	unsigned      taken;
	err           result;
} member;

static secp *curve;
static reshare_sets sets;
static group_record now_known, before;           /* of the epoch that is the newest, and of that before it */
static member *p;                                /* [1 .. all] */
static unsigned all;
static party_set liars;
static way how[MAX_PARTIES + 1];
static int64_t late_ms;                          /* so long is on its way what those outside of the new set say */
static uint64_t seed;

static party old_number(party i)
{
	for (party j = 1; j <= sets.n1; j++) if (sets.at[j] == i) return j;
	return 0;
}

/* ---- the world: n1 parties have a key, of whom the first `both` are the last of n2 new ones ---------------------------- */

static void certify(group_record *r)
{
	const hash32 digest = group_digest(&r->key);

	r->signers = parties_all(sets.n1);
	for (party j = 1; j <= sets.n1; j++) r->signature[j] = sign_external(p[sets.at[j]].wallet, &digest);
}

static void new_key(group_record *r, group_share *shares, const secp_scalar *secret, uint32_t epoch)
{
	secp_pk A[FELDMAN_TERMS];
	feldman_poly f;

	*r = (group_record){ .key = { .key_id = { { 4, 4 } }, .chain_id = CHAIN, .epoch = epoch, .n = sets.n1, .T = sets.t1 }, .roster = { .n = sets.n1 } };
	for (party j = 1; j <= sets.n1; j++) r->roster.wallet[j] = *signer_address(p[sets.at[j]].wallet);
	r->key.roster = group_roster_hash(&r->roster);
	feldman_random(&f, sets.t1, secret, test_rng());
	feldman_commit(A, &f, curve);
	r->key.P = A[0];
	for (party j = 1; j <= sets.n1; j++) {
		shares[j] = (group_share){ j, sk_of(feldman_share(&f, j)) };
		assert_true(feldman_public_var(&r->key.Y[j], A, sets.t1, j));
	}
	certify(r);
}

static void world(unsigned n1, unsigned t1, unsigned n2, unsigned t2, unsigned both)
{
	group_share of_now[MAX_PARTIES + 1];
	secp_sk sk;

	sets = (reshare_sets){ .n1 = n1, .t1 = t1, .n2 = n2, .t2 = t2 };
	for (party j = 1; j <= n1; j++) sets.at[j] = (party)(n2 - both + j);
	all = n2 + n1 - both;
	liars = 0, late_ms = 0;
	memset(how, 0, sizeof how);
	p = calloc(all + 1, sizeof *p);
	assert_non_null(p);
	for (party i = 1; i <= all; i++) {
		secp_sk_random(&sk, test_rng());
		assert_ok(signer_new(&p[i].wallet, &sk, test_rng()));
		p[i].have.wallet = *signer_address(p[i].wallet);
	}
	secp_sk_random(&sk, test_rng());
	const secp_scalar d = secp_scalar_of_sk(&sk);
	new_key(&before, of_now, &d, EPOCH - 1);
	new_key(&now_known, of_now, &d, EPOCH);
	for (party j = 1; j <= n1; j++) {
		member *m = &p[sets.at[j]];
		m->share = of_now[j];
		m->have.certified = true, m->have.newest = now_known, m->have.prepared = EPOCH + 1;
		m->have.held = 1, m->have.digest[0] = group_digest(&now_known.key);
	}
}

static void world_end(void)
{
	for (party i = 1; i <= all; i++) signer_free(&p[i].wallet);
	free(p);
}

static void corrupt(party i, way w)
{
	add_to(&liars, i);
	how[i] = w;
}

/* ---- what a party does ------------------------------------------------------------------------------------------------- */

static err load(void *ctx, group_share *out, group_record *r, const hash32 *digest)
{
	const member *m = ctx;
	const hash32 is = group_digest(&now_known.key);

	if (!m->have.held || !hash32_eq_var(is, *digest)) return err_fail(ERR_NOT_FOUND, "no such share");
	*out = m->share;
	*r = now_known;
	return OK;
}
static err take(void *ctx, const group_record *r)
{
	member *m = ctx;
	m->taken += r->key.epoch == EPOCH;
	return OK;
}
static err prepare(void *ctx, const group_record *r, const group_share *held)
{
	member *m = ctx;
	m->prepared = *r, m->held = *held;
	return OK;
}
static err finish(void *ctx, const group_record *r)
{
	member *m = ctx;
	m->made = *r, m->done = true;
	return OK;
}

/* What this one shows of what it has. */
static void show(member *m, way w)
{
	group_holding *h = &m->says;

	*h = m->have;
	if (w == SHOWS_NOTHING) memset((uint8_t *)h + sizeof h->wallet, 0, sizeof *h - sizeof h->wallet);
	if (w == SHOWS_OLDER) h->newest = before, h->digest[0] = group_digest(&before.key);
	if (w == SHOWS_FORGED) h->certified = true, h->newest = now_known, h->newest.key.epoch = 900;
}

/* Somebody who falls silent after some round, or who tells each something else. */
typedef struct spoiled { wire honest; way how; uint64_t last; } spoiled;
static err send_spoiled(void *ctx, party to, const envelope *e)
{
	const spoiled *w = ctx;
	envelope changed = *e;
	AUTO(buf) body = { 0 };

	if (w->how == DIES && e->round > w->last) return OK;
	buf_put_slice(&body, e->body);
	if (w->how == DIVIDES && body.n > 30) body.p[body.n / 2] ^= (uint8_t)to;
	changed.body = buf_slice(&body);
	return w->honest.send(w->honest.ctx, to, &changed);
}

static err in_new_set(const session *outer, wire out, const group_move_job *j)
{
	session s;
	const session_plan open = { .sid = sid_sub(&outer->sid, 1), .me = outer->me, .n = sets.n2, .t = sets.t2, .k = 64,
		.round_ms = outer->round_ms, .random = outer->random, .in = outer->inbox, .out = out, .p = outer->p };

	TRY(session_open(&s, &open));
	const err e = group_move(&s, (void *)(uintptr_t)j);
	assert_int_equal(s.corrupt & ~liars, 0);
	session_close(&s);
	return e;
}

static err run(session *outer, void *arg)
{
	const id32 binding = { { 1, (uint8_t)seed } };
	const session_id route = reshare_route(&binding, 1, 0);
	const way w = how[outer->me];
	member *m = &p[outer->me];
	group_ceremony c = { .chain_id = CHAIN, .wallet = m->wallet, .curve = curve, .have = &m->says, .ctx = m, .load = load, .take = take,
	                     .prepare = prepare, .finish = finish };
	const group_move_job j = { &c, &sets, &route, old_number(outer->me) };

	spoiled spoils = { outer->out, w, 1 + (seed + outer->me) % 30 };
	const wire out = w == DIES || w == DIVIDES ? (wire){ &spoils, send_spoiled } : outer->out;

	(void)arg;
	show(m, w);
	if (outer->me <= sets.n2) return m->result = in_new_set(outer, out, &j);
	const reshare_giver g = { outer->me, outer->inbox, out, 200 * outer->round_ms, outer->round_ms };
	return m->result = group_move_give(&g, &j, outer->random);
}

static void delay(void *ctx, sim *x, const envelope *e)
{
	(void)ctx;
	if (e->from > sets.n2) sim_pass_later(x, e, late_ms);
	else sim_pass(x, e);
}

static void move_all(void)
{
	sim_party *x = calloc(all + 1u, sizeof *x);
	sim *s = NULL;

	assert_non_null(x);
	assert_ok(sim_new(&s, &(sim_setup){ .n = all, .t = 1, .seed = ++seed }));
	for (party i = 1; i <= all; i++) x[i] = (sim_party){ .run = how[i] == SILENT ? NULL : run };
	if (late_ms) sim_set_tap(s, delay, NULL);
	const session_id sid = sim_sid(3000 + seed);
	sim_run(s, x, &sid);
	sim_free(&s);
	free(x);
	err_clear();
}

static const char *who_lied(void)
{
	static char text[400];
	size_t n = 0;

	text[0] = '\0';
	FOR_EACH_IN(i, liars) n += (size_t)snprintf(text + n, n < sizeof text ? sizeof text - n : 0, "; %u %s", i, WAYS_NAMED[how[i]]);
	return text;
}

/* The honest of the new set have one certified key, the old one, and shares of it. */
static void must_have(uint32_t epoch)
{
	const party_set good = parties_all(sets.n2) & ~liars;
	const member *first = &p[first_of(good)];
	group_share held[MAX_PARTIES + 1];
	group_roster now = { .n = sets.n2 };

	for (party i = 1; i <= sets.n2; i++) now.wallet[i] = p[i].have.wallet;
	FOR_EACH_IN(i, good) {
		const hash32 a = group_digest(&first->made.key), b = group_digest(&p[i].made.key);
		if (!p[i].done) fail_msg("party %u of %u has no certificate%s", i, sets.n2, who_lied());
		assert_true(hash32_eq_var(a, b));
		assert_true(group_is_certified_var(&p[i].made, &now, sets.t2));
		held[i] = p[i].held;
	}
	assert_memory_equal(&first->made.key.P, &now_known.key.P, sizeof now_known.key.P);
	assert_true(id_eq_var(&first->made.key.key_id, &now_known.key.key_id));
	assert_int_equal(first->made.key.epoch, epoch);
	const char *wrong = group_violated(&first->made.key, held, good, curve);
	if (wrong) fail_msg("%s%s", wrong, who_lied());
}

/* ---- tests ------------------------------------------------------------------------------------------------------------- */

typedef struct shape { unsigned n1, t1, n2, t2, both; } shape;
static const shape TRIED[] = {
	{ 4, 1, 4, 1, 4 }, { 4, 1, 4, 1, 2 }, { 4, 1, 5, 1, 3 }, { 4, 1, 7, 2, 4 }, { 7, 2, 4, 1, 2 }, { 4, 1, 4, 1, 0 },
};

static void a_key_goes_to_other_parties_and_stays_what_it_is(void **state)
{
	(void)state;
	for (size_t c = 0; c < COUNT(TRIED); c++) {
		world(TRIED[c].n1, TRIED[c].t1, TRIED[c].n2, TRIED[c].t2, TRIED[c].both);
		move_all();
		must_have(EPOCH + 1);
		for (party i = 1; i <= all; i++) assert_int_equal(p[i].result, OK);
		world_end();
	}
}

/* One of the old set lies, inside or outside of the new one. */
static void whoever_lies_about_what_it_has_changes_nothing(void **state)
{
	(void)state;
	for (size_t c = 1; c < COUNT(TRIED); c++)
		for (way w = SILENT; w < WAYS; w++)
			for (unsigned outside = 0; outside < 2; outside++) {
				if (outside ? TRIED[c].both == TRIED[c].n1 : TRIED[c].both == 0 || w == DIVIDES) continue;
				world(TRIED[c].n1, TRIED[c].t1, TRIED[c].n2, TRIED[c].t2, TRIED[c].both);
				corrupt(sets.at[outside ? sets.n1 : 1], w);
				move_all();
				must_have(EPOCH + 1);
				world_end();
			}
}

/* As many as may be in each of the sets, each in a way of its own; who is in both counts in both. */
static void corrupt_as_many_as_may_be(void)
{
	const unsigned first = (unsigned)test_below(all);
	unsigned old = sets.t1, new = sets.t2;

	for (unsigned k = 0; k < all; k++) {
		const party i = (party)(1 + (first + k) % all);
		const bool in_old = old_number(i) > 0, in_new = i <= sets.n2;
		if (old < in_old || new < in_new) continue;
		old -= in_old, new -= in_new;
		corrupt(i, (way)(SILENT + test_below(WAYS - SILENT)));
	}
}

static void as_many_as_may_be_lie_in_large_sets_and_it_goes_there_and_back(void **state)
{
	static const shape LARGE[] = { { 10, 3, 13, 4, 7 }, { 13, 4, 10, 3, 7 }, { 10, 3, 13, 4, 0 }, { 13, 4, 10, 3, 10 } };

	(void)state;
	for (unsigned k = 0; k < (test_is_long() ? 200 : 2); k++) {
		const shape *x = &LARGE[test_is_long() ? k % COUNT(LARGE) : k];
		world(x->n1, x->t1, x->n2, x->t2, x->both);
		corrupt_as_many_as_may_be();
		move_all();
		must_have(EPOCH + 1);
		world_end();
	}
}

/* What those outside of the new set have, nobody there knows before they say it: they are not taken for parties without a key. */
static void a_key_whose_parties_come_too_late_stays_with_them_and_all_say_so(void **state)
{
	static const int64_t LATE[] = { 100, 500, 900, 1100, 1900, 2500, 5000, 40000 };          /* a round has SIM_ROUND_MS */
	unsigned went = 0;

	(void)state;
	for (size_t k = 0; k < COUNT(LATE); k++) {
		world(4, 1, 4, 1, k % 2);
		late_ms = LATE[k];
		move_all();
		const err e = p[2].result;
		for (party i = 1; i <= sets.n2; i++) assert_int_equal(p[i].result, e);
		if (e == OK) must_have(EPOCH + 1), went++;
		else assert_int_equal(e, ERR_STATE);
		for (party i = 1; i <= all; i++) assert_int_equal(p[i].done, e == OK && i <= sets.n2);
		world_end();
	}
	assert_in_range(went, 1, COUNT(LATE) - 1);
}

/* It lost its share, or missed the last epoch: it gets a new one, if it is in the new set, and is not blamed. */
static void who_lacks_the_newest_share_gets_one(void **state)
{
	(void)state;
	for (size_t c = 0; c < COUNT(TRIED); c++)
		for (unsigned behind = 0; behind < 2; behind++) {
			world(TRIED[c].n1, TRIED[c].t1, TRIED[c].n2, TRIED[c].t2, TRIED[c].both);
			member *m = &p[sets.at[1]];
			if (behind) m->have.newest = before, m->have.prepared = EPOCH;
			m->have.certified = behind;
			m->have.held = 0;
			move_all();
			must_have(EPOCH + 1);
			assert_int_equal(m->taken, sets.at[1] <= sets.n2);
			world_end();
		}
}

static void without_a_key_nothing_goes_anywhere_and_all_say_so(void **state)
{
	(void)state;
	for (way w = HONEST_ALL; w <= SHOWS_FORGED; w += SHOWS_FORGED) {
		world(4, 1, 5, 1, 3);
		for (party i = 1; i <= all; i++) p[i].have = (group_holding){ .wallet = p[i].have.wallet };
		if (w) corrupt(sets.at[1], w);
		move_all();
		for (party i = 1; i <= sets.n2; i++) assert_int_equal(p[i].result, ERR_NOT_FOUND);
		assert_int_equal(p[all].result, OK);
		world_end();
	}
}

/* They died while the first one was being made: it may be the key yet. */
static void a_key_that_may_be_in_the_making_is_not_passed_over(void **state)
{
	(void)state;
	world(4, 1, 5, 1, 3);
	for (party i = 1; i <= all; i++) p[i].have.certified = false;
	move_all();
	for (party i = 1; i <= sets.n2; i++) assert_int_equal(p[i].result, ERR_STATE);
	world_end();
}

/* Someone of the new set died in the middle of an attempt before, beside whom others have prepared an epoch. */
static void an_epoch_that_was_prepared_before_is_not_used_again(void **state)
{
	(void)state;
	world(4, 1, 5, 1, 3);
	p[1].have.prepared = EPOCH + 3;
	move_all();
	must_have(EPOCH + 3);
	world_end();
}

static int set_up(void **state) { (void)state; assert_ok(secp_new(&curve, test_rng())); return 0; }
static int take_down(void **state) { (void)state; secp_free(&curve); return 0; }

static const struct CMUnitTest tests[] = {
	TEST(a_key_goes_to_other_parties_and_stays_what_it_is), TEST(whoever_lies_about_what_it_has_changes_nothing),
	TEST(as_many_as_may_be_lie_in_large_sets_and_it_goes_there_and_back),
	TEST(a_key_whose_parties_come_too_late_stays_with_them_and_all_say_so),
	TEST(who_lacks_the_newest_share_gets_one), TEST(without_a_key_nothing_goes_anywhere_and_all_say_so),
	TEST(a_key_that_may_be_in_the_making_is_not_passed_over), TEST(an_epoch_that_was_prepared_before_is_not_used_again),
};

int main(int argc, char **argv) { return test_main_with(argc, argv, __FILE__, tests, COUNT(tests), set_up, take_down); }
