/* SPDX-License-Identifier: MIT */
/*
 * Whatever t1 parties of the old set and t2 of the new one do: the honest of the new set end with shares of the key that it was,
 * agree on who gave no right share, and accuse nobody who is honest.
 */
#include "tests/delegate/group_oracle.h"
#include "tests/mpc/theorem.h"
#include "delegate/dealing.h"
#include "delegate/regroup.h"

typedef enum way_to_lie {
	DEALS_NOTHING, DEALS_ANOTHER_SECRET, DEALS_WRONG_SHARE, COMPLAINS_FALSELY, INSIDE_WAYS,
	OUT_SILENT = INSIDE_WAYS, OUT_GARBAGE, OUT_ANOTHER_SECRET, OUT_WRONG_SHARE, OUT_DIVIDES, WAYS
} way_to_lie;

static const char *const WAYS_NAMED[WAYS] = { "deals nothing", "deals another secret", "deals a wrong share", "complains falsely",
	"is silent outside", "sends garbage from outside", "deals another secret from outside", "deals a wrong share from outside",
	"deals differently to each" };

typedef struct io { bool ended; group_key key; group_share held; party_set failed, corrupt; uint64_t rounds; } io;

static secp *curve;
static const trial *running;
static reshare_sets sets;
static group_key old;
static group_share old_held[MAX_PARTIES + 1];
static party_set lacking;

static const hash32 NEW_ROSTER = { { 8 } };

/* ---- the world ------------------------------------------------------------------------------------------------------- */

static void new_key(unsigned n, unsigned t)
{
	secp_pk A[FELDMAN_TERMS];
	feldman_poly f;

	feldman_random(&f, t, NULL, test_rng());
	feldman_commit(A, &f, curve);
	old = (group_key){ .key_id = { { 4, 4 } }, .chain_id = 31337, .epoch = 6, .n = n, .T = t, .P = A[0] };
	for (party i = 1; i <= n; i++) {
		old_held[i] = (group_share){ i, sk_of(feldman_share(&f, i)) };
		assert_true(feldman_public_var(&old.Y[i], A, t, i));
	}
	lacking = 0;
}

/* The first `both` of the old are the last of the new. */
static void two_sets(unsigned n1, unsigned t1, unsigned n2, unsigned t2, unsigned both)
{
	sets = (reshare_sets){ .n1 = n1, .t1 = t1, .n2 = n2, .t2 = t2 };
	for (party j = 1; j <= n1; j++) sets.at[j] = (party)(n2 - both + j);
	new_key(n1, t1);
}

static party_set members(void) { return parties_all(sets.n2); }
static party_set numbers_of(party_set of_old)
{
	party_set out = 0;

	FOR_EACH_IN(j, of_old) add_to(&out, sets.at[j]);
	return out;
}
static unsigned everybody(void) { return size_of_set(members() | numbers_of(parties_all(sets.n1))); }
static party_set old_numbers(party_set connected)
{
	party_set out = 0;

	for (party j = 1; j <= sets.n1; j++) if (has(connected, sets.at[j])) add_to(&out, j);
	return out;
}

static void input(trial *x, party i, void *arg) { running = x, (void)i, (void)arg; }

/* ---- liars ------------------------------------------------------------------------------------------------------------ */

/* In the second broadcast of a session they deal, in the last one they complain. */
static err lying_bcast(session *s, slice mine, size_t most, slice *all)
{
	const way_to_lie how = running->variant;
	const unsigned last = old_numbers(~members()) & ~lacking ? 3 : 2;
	uint8_t *m;

	TRY(arena_new(&s->arena, &m, most));
	if (mine.n) memcpy(m, mine.p, mine.n);
	if (s->broadcasts == 1 && how == DEALS_NOTHING) mine.n = 0;
	if (s->broadcasts == 1 && how == DEALS_WRONG_SHARE && mine.n) m[deal_head_bytes(s->t) + (first_of(honest(running)) - 1u) * SECP_SK] ^= 1;
	if (s->broadcasts == last && how == COMPLAINS_FALSELY) m[0] = first_of(old_numbers(honest(running))), mine.n = COMPLAINT_BYTES;
	return bcast(s, slice_of(m, mine.n), most, all);
}
static const protocols LYING = { .bcast = lying_bcast };

/* What somebody outside sends: its second message to each is its deal. */
typedef struct lying_wire { wire honest; way_to_lie how; } lying_wire;

static err lying_send(void *ctx, party to, const envelope *e)
{
	const lying_wire *w = ctx;
	envelope changed = *e;
	uint8_t body[4096];

	if (e->round < 2) return w->honest.send(w->honest.ctx, to, e);
	memcpy(body, e->body.p, e->body.n);
	changed.body.p = body;
	if (w->how == OUT_GARBAGE) memset(body, 0x5a, e->body.n);
	if (w->how == OUT_WRONG_SHARE) body[deal_head_bytes(sets.t2) + (first_of(honest(running)) - 1u) * SECP_SK] ^= 1;
	if (w->how == OUT_DIVIDES) body[e->body.n - to] ^= 1;
	return w->honest.send(w->honest.ctx, to, &changed);
}

/* ---- what a party does ------------------------------------------------------------------------------------------------ */

static err run_member(const session *outer, regroup_plan *plan, io *v)
{
	session s;
	const session_plan open = {
		.sid = sid_sub(&outer->sid, 1), .me = outer->me, .n = sets.n2, .t = sets.t2, .k = 64, .round_ms = outer->round_ms,
		.random = outer->random, .in = outer->inbox, .out = outer->out, .p = outer->p,
	};
	err e = session_open(&s, &open);

	if (e == OK) e = group_reshare(&s, &v->key, &v->held, &v->failed, plan, curve);
	v->ended = e == OK, v->corrupt = s.corrupt, v->rounds = s.round;
	session_close(&s);
	return e;
}

static err run(session *outer, void *arg)
{
	static const id32 binding = { { 1 } };
	static const group_share other = { .s = { { [31] = 9 } } };
	const bool liar = has(running->corrupt, outer->me) && running->name;
	const way_to_lie how = running->variant;
	regroup_plan plan = { .sets = sets, .route = reshare_route(&binding, 1, 0), .old = &old, .roster = NEW_ROSTER, .lacking = lacking };

	for (party j = 1; j <= sets.n1; j++) if (sets.at[j] == outer->me && !has(lacking, j)) plan.as = j, plan.mine = &old_held[j];
	if (liar && plan.as && (how == DEALS_ANOTHER_SECRET || how == OUT_ANOTHER_SECRET)) plan.mine = &other;
	if (outer->me <= sets.n2) return run_member(outer, &plan, arg);
	if (!plan.as || (liar && how == OUT_SILENT)) return OK;
	lying_wire w = { outer->out, how };
	const reshare_giver g = { outer->me, outer->inbox, liar ? (wire){ &w, lying_send } : outer->out, 100 * outer->round_ms, outer->round_ms };
	return group_give(&g, &plan, curve, outer->random);
}

static unsigned most_rounds(unsigned n, unsigned t) { return (void)n, (void)t, 1; }

static const char *violated(const trial *x)
{
	const party_set good = honest(x) & members();
	const io *first = x->io[first_of(good)];
	group_share held[MAX_PARTIES + 1];

	FOR_EACH_IN(i, good) {
		const io *v = x->io[i];
		if (!v->ended) return "an honest party did not end";
		if (memcmp(&v->key, &first->key, offsetof(group_key, Y) + sizeof v->key.Y) != 0) return "the honest got different keys";
		if (v->failed != first->failed || v->corrupt != first->corrupt || v->rounds != first->rounds) return "the honest disagree";
		held[i] = v->held;
	}
	if (first->failed & old_numbers(honest(x)) & ~lacking) return "an honest party has failed";
	if (first->corrupt & honest(x)) return "an honest party is accused";
	if (memcmp(&first->key.P, &old.P, sizeof old.P) != 0) return "the key is another one";
	if (first->key.n != sets.n2 || first->key.T != sets.t2 || first->key.chain_id != old.chain_id) return "other terms";
	return group_violated(&first->key, held, good, curve);
}

static const theorem REGROUPING = { "new shares of a protocol key", sizeof(io), input, run, most_rounds, violated, NULL, NULL };

static trial trial_of(party_set corrupt)
{
	return (trial){ .of = &REGROUPING, .n = everybody(), .t = 1, .corrupt = corrupt, .seed = 40 };
}

/* ---- tests ------------------------------------------------------------------------------------------------------------- */

static void the_same_parties_get_new_shares_of_the_same_key(void **state)
{
	static const sizes TRIED[] = { { 4, 1 }, { 7, 2 }, { 13, 4 } };

	(void)state;
	for (size_t c = 0; c < COUNT(TRIED); c++) {
		two_sets(TRIED[c].n, TRIED[c].t, TRIED[c].n, TRIED[c].t, TRIED[c].n);
		trial x = trial_of(0);
		trial_must_hold_keep(&x);
		const io *v = x.io[1];
		assert_int_equal(v->failed, 0);
		assert_int_equal(v->corrupt, 0);
		assert_int_equal(v->rounds, 3 * bcast_rounds(sets.t2));
		assert_int_equal(v->key.epoch, 7);
		assert_memory_equal(&v->key.key_id, &old.key_id, sizeof old.key_id);
		assert_memory_equal(&v->key.roster, &NEW_ROSTER, sizeof NEW_ROSTER);
		/* Old and new shares together lie on nothing: T of each say no more than T. */
		for (party i = 1; i <= sets.n2; i++) assert_memory_not_equal(&((io *)x.io[i])->held.s, &old_held[i].s, SECP_SK);
		group_share mixed[MAX_PARTIES + 1];
		for (party i = 1; i <= sets.n2; i++) mixed[i] = i % 2 ? old_held[i] : ((io *)x.io[i])->held;
		assert_non_null(group_violated(&old, mixed, members(), curve));
		trial_end(&x);
	}
}

static void a_key_goes_to_other_parties(void **state)
{
	static const struct { unsigned n1, t1, n2, t2, both; } TRIED[] = {
		{ 4, 1, 4, 1, 0 }, { 4, 1, 7, 2, 2 }, { 7, 2, 4, 1, 4 }, { 7, 2, 4, 1, 1 }, { 4, 1, 5, 1, 4 } };

	(void)state;
	for (size_t c = 0; c < COUNT(TRIED); c++) {
		two_sets(TRIED[c].n1, TRIED[c].t1, TRIED[c].n2, TRIED[c].t2, TRIED[c].both);
		trial x = trial_of(0);
		trial_must_hold_keep(&x);
		assert_int_equal(((io *)x.io[1])->failed, 0);
		trial_end(&x);
	}
}

static void a_key_of_one_party_becomes_one_of_many(void **state)
{
	(void)state;
	for (party owner = 1; owner <= 4; owner++) {
		secp_sk d;
		secp_sk_random(&d, test_rng());
		const secp_pk P = secp_pk_of(curve, &d);
		sets = (reshare_sets){ .n1 = 1, .t1 = 0, .n2 = 4, .t2 = 1, .at = { [1] = owner } };
		old = group_of_one(&P, 31337);
		old_held[1] = (group_share){ 1, d };
		lacking = 0;
		trial x = trial_of(0);
		trial_must_hold_keep(&x);
		const io *v = x.io[2];
		assert_int_equal(v->key.epoch, 0);
		assert_false(id_is_zero_var(&v->key.key_id));
		group_share held[MAX_PARTIES + 1];
		for (party i = 1; i <= 4; i++) held[i] = ((io *)x.io[i])->held;
		const secp_sk again = group_secret(held, 1 << 2 | 1 << 3);
		assert_memory_equal(&again, &d, sizeof d);
		trial_end(&x);
	}
}

/* An owner that deals another key than the one it is said to have is found out, and nobody has shares of that. */
static void an_owner_cannot_deal_another_key(void **state)
{
	secp_sk d;

	(void)state;
	secp_sk_random(&d, test_rng());
	const secp_pk P = secp_pk_of(curve, &d);
	sets = (reshare_sets){ .n1 = 1, .t1 = 0, .n2 = 4, .t2 = 1, .at = { [1] = 2 } };
	old = group_of_one(&P, 31337);
	old_held[1] = (group_share){ 1, sk_of(secp_scalar_of(77)) };
	lacking = 0;
	trial x = trial_of(1 << 2);
	assert_non_null(trial_run(&x));
	FOR_EACH_IN(i, honest(&x)) {
		const io *v = x.io[i];
		assert_int_equal(x.p[i].result, ERR_STATE);
		assert_non_null(strstr(x.p[i].text, "0 gave one, and 1 are needed"));
		assert_true(!v->ended && v->corrupt == 1 << 2 && id_is_zero_var(&v->key.key_id));
	}
	trial_end(&x);
}

static void who_has_lost_its_share_gets_one_again(void **state)
{
	(void)state;
	two_sets(4, 1, 4, 1, 4);
	lacking = 1 << 3;
	trial x = trial_of(0);
	trial_must_hold_keep(&x);
	assert_int_equal(((io *)x.io[1])->failed, 1 << 3);
	assert_int_equal(((io *)x.io[1])->corrupt, 0);
	trial_end(&x);
}

static void too_few_shares_leave_the_old_ones_as_they_are(void **state)
{
	(void)state;
	two_sets(4, 1, 4, 1, 4);
	lacking = 1 << 1 | 1 << 3 | 1 << 4;
	trial x = trial_of(0);
	assert_non_null(trial_run(&x));
	for (party i = 1; i <= 4; i++) assert_int_equal(x.p[i].result, ERR_STATE);
	trial_end(&x);
}

static void whoever_lies_is_named_and_nobody_else(void **state)
{
	static const sizes TRIED[] = { { 4, 1 }, { 7, 2 }, { 13, 4 } };

	(void)state;
	for (size_t c = 0; c < COUNT(TRIED); c++) for (unsigned how = 0; how < INSIDE_WAYS; how++) {
		two_sets(TRIED[c].n, TRIED[c].t, TRIED[c].n, TRIED[c].t, TRIED[c].n);
		trial x = trial_of(how % 2 ? random_parties(sets.n2, sets.t2) : last_parties(sets.n2, sets.t2));
		x.name = WAYS_NAMED[how], x.variant = how, x.table = &LYING;
		trial_must_hold_keep(&x);
		const io *v = x.io[first_of(honest(&x))];
		assert_int_equal(v->corrupt, x.corrupt);
		assert_int_equal(v->failed, how == COMPLAINS_FALSELY ? 0 : old_numbers(x.corrupt));
		trial_end(&x);
	}
}

static void whoever_lies_from_outside_is_named_and_nobody_else(void **state)
{
	(void)state;
	for (unsigned both = 0; both <= 2; both += 2) for (unsigned how = OUT_SILENT; how < WAYS; how++) {
		two_sets(7, 2, 4, 1, both);
		const party_set out = (party_set)1 << sets.at[5] | (party_set)1 << sets.at[7];
		trial x = trial_of(out);
		x.name = WAYS_NAMED[how], x.variant = how;
		trial_must_hold_keep(&x);
		assert_int_equal(((io *)x.io[1])->failed, 1 << 5 | 1 << 7);
		assert_int_equal(((io *)x.io[1])->corrupt, 0);
		trial_end(&x);
	}
}

/* Of the new set, about what others have dealt from outside and inside. */
static void liars_in_the_new_set_make_no_outsider_fail(void **state)
{
	(void)state;
	two_sets(4, 1, 7, 2, 1);
	for (unsigned how = 0; how < COUNT(GENERIC_LIES); how++) {
		trial x = trial_of(1 << 2 | 1 << 5);
		x.name = GENERIC_LIES[how].name, x.rush = GENERIC_LIES[how].rush, x.silent = GENERIC_LIES[how].silent, x.variant = WAYS;
		trial_must_hold(&x);
	}
	trial x = trial_of(1 << 2 | 1 << 5);
	x.name = WAYS_NAMED[COMPLAINS_FALSELY], x.variant = COMPLAINS_FALSELY, x.table = &LYING;
	trial_must_hold_keep(&x);
	assert_int_equal(((io *)x.io[1])->corrupt, x.corrupt);
	assert_int_equal(((io *)x.io[1])->failed, 0);
	trial_end(&x);
}

static int set_up(void **state) { (void)state; assert_ok(secp_new(&curve, test_rng())); return 0; }
static int take_down(void **state) { (void)state; secp_free(&curve); return 0; }

static const struct CMUnitTest tests[] = {
	TEST(the_same_parties_get_new_shares_of_the_same_key), TEST(a_key_goes_to_other_parties), TEST(a_key_of_one_party_becomes_one_of_many),
	TEST(an_owner_cannot_deal_another_key), TEST(who_has_lost_its_share_gets_one_again),
	TEST(too_few_shares_leave_the_old_ones_as_they_are), TEST(whoever_lies_is_named_and_nobody_else),
	TEST(whoever_lies_from_outside_is_named_and_nobody_else), TEST(liars_in_the_new_set_make_no_outsider_fail),
};

int main(int argc, char **argv) { return test_main_with(argc, argv, __FILE__, tests, COUNT(tests), set_up, take_down); }
