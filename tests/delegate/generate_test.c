/* SPDX-License-Identifier: MIT */
/*
 * Whatever t parties do: the honest end with one key and shares of it, and accuse whoever lied and nobody else; the key is not the
 * liars' to choose.
 */
#include <stdlib.h>
#include "tests/mpc/open_liars.h"
#include "tests/delegate/group_oracle.h"
#include "delegate/generate_internal.h"
#include "delegate/receiver.h"

typedef enum lie_kind {
	NO_COMMITMENT, NO_KEY, UNKNOWN_KEY, NO_DEAL, ANOTHER_DEAL, UNKNOWN_SECRET, UNKNOWN_POINT, BAD_SHARE, BAD_SHARES, ZERO_SHARE,
	FALSE_COMPLAINT, FORGED_COMPLAINT, COMPLAINT_ABOUT_NOBODY, CRASH, LIE_KINDS
} lie_kind;

static const struct { const char *name, *why; } KNOWN_LIES[LIE_KINDS] = {
	[NO_COMMITMENT] = { "no commitment", "published no key for its shares" },
	[NO_KEY] = { "no point for a key", "published no key for its shares" },
	[UNKNOWN_KEY] = { "another's key", "published no key for its shares" },
	[NO_DEAL] = { "reveals nothing", "dealt something else than it had committed itself to" },
	[ANOTHER_DEAL] = { "reveals another deal", "dealt something else than it had committed itself to" },
	[UNKNOWN_SECRET] = { "a secret it does not know", "dealt what is no sharing of a secret that it knows" },
	[UNKNOWN_POINT] = { "a K that it does not know", "dealt what is no sharing of a secret that it knows" },
	[BAD_SHARE] = { "one wrong share", "dealt a share that is wrong" },
	[BAD_SHARES] = { "wrong shares for all", "dealt a share that is wrong" },
	[ZERO_SHARE] = { "a share of 0", "dealt a share that is wrong" },
	[FALSE_COMPLAINT] = { "complains about a right share", "complained about a share that is right" },
	[FORGED_COMPLAINT] = { "complains with a forged proof", "complained about a share that is right" },
	[COMPLAINT_ABOUT_NOBODY] = { "complains about nobody", "broadcast something else than complaints" },
	[CRASH] = { "dies between rounds", "broadcast nothing that others could agree on" },
};

typedef struct io { group_key key; group_share held; lie_kind lie; const char *why; unsigned attempts; } io;

static const generate_terms TERMS = { .roster = { { 7 } }, .chain_id = 31337 };
static secp *curve;
static const trial *running;
static bool mixed;                      /* each liar lies in its own way */

static void input(trial *x, party i, void *arg)
{
	io *v = arg;
	running = x;
	if (has(x->corrupt, i)) v->lie = (lie_kind)((x->variant + (mixed ? size_of_set(x->corrupt & parties_all(i - 1u)) : 0)) % LIE_KINDS);
}

static err run(session *s, void *arg)
{
	io *v = arg;
	TRY(group_generate(s, &v->key, &v->held, &TERMS, curve));
	v->attempts = s->broadcasts;
	return OK;
}

/* ---- who lies ------------------------------------------------------------------------------------------------------ */

static party first_honest(void) { return first_of(honest(running)); }

/* f with f(first honest) = 0. */
static void zero_at_first(dealer *d, uint8_t *head, const deal_terms *x)
{
	const secp_scalar j = secp_scalar_of(first_honest());
	const secp_scalar zero = secp_scalar_of(0), y = feldman_share(&d->f, first_honest()), inverse = secp_scalar_inv(&j);
	const secp_scalar by = secp_scalar_mul(&y, &inverse), minus = secp_scalar_sub(&zero, &by);

	d->f.a[1] = secp_scalar_add(&d->f.a[1], &minus);
	const secp_sk a = sk_of(d->f.a[1]);
	const secp_pk A = secp_pk_of(curve, &a);
	memcpy(head + SECP_PK, A.b, sizeof A.b);
	(void)x;
}

/* What stands in a deal's head: A_0 .. A_T, a proof, K, a proof. */
static void lie_in_head(dealer *d, uint8_t *head, const deal_terms *x, lie_kind kind)
{
	uint8_t *proof = head + (x->T + 1) * SECP_PK, *K = proof + KNOWLEDGE_BYTES;

	if (kind == UNKNOWN_SECRET) proof[KNOWLEDGE_BYTES - 1] ^= 1;
	if (kind == UNKNOWN_POINT) K[SECP_PK + KNOWLEDGE_BYTES - 1] ^= 1;
	if (kind == ZERO_SHARE) zero_at_first(d, head, x);
}

static void lie_in_shares(uint8_t *sealed, const deal_terms *x, lie_kind kind)
{
	for (party j = 1; j <= x->n; j++)
		if (kind == BAD_SHARES || (kind == BAD_SHARE && j == first_honest())) sealed[(j - 1) * SECP_SK + 31] ^= 1;
}

static size_t lying_complaint(uint8_t *m, receiver *w, lie_kind kind)
{
	const party i = first_honest();

	if (kind == COMPLAINT_ABOUT_NOBODY) return m[0] = 63, (size_t)COMPLAINT_BYTES;
	if (kind != FALSE_COMPLAINT && kind != FORGED_COMPLAINT) return 0;
	complaint_write(m, &w->d[i], &w->x, i, w->s->me, &w->e, curve, w->s->random);
	if (kind == FORGED_COMPLAINT) {       /* a point that opens nonsense; of which there is no proof */
		const secp_pk other = secp_pk_times(&w->d[i].K, &(secp_sk){ { [31] = 5 } });
		memcpy(m + 1, other.b, sizeof other.b);
	}
	return COMPLAINT_BYTES;
}

static err lie_once(session *s, io *v, receiver *w, const hash32 *sid)
{
	const deal_terms head_terms = { .sid = sid, .n = s->n, .T = s->t };
	const size_t head = deal_head_bytes(s->t), size = deal_bytes(s->n, s->t);
	slice said[MAX_PARTIES + 1], all[MAX_PARTIES + 1];
	uint8_t message[4096], other[4096], complaint[COMPLAINT_BYTES];
	dealer mine, second;

	/* Round 1. */
	dealer_begin(&mine, message, &head_terms, s->me, NULL, curve, s->random);
	dealer_begin(&second, other, &head_terms, s->me, NULL, curve, s->random);
	lie_in_head(&mine, message, &head_terms, v->lie);
	const hash32 h = generate_commitment(sid, s->me, slice_of(message, head));
	if (v->lie == NO_COMMITMENT) {
		TRY(bcast(s, (slice){ 0 }, 4096, said));
		return OK;
	}
	if (v->lie == NO_KEY || v->lie == UNKNOWN_KEY) {
		uint8_t m[32 + SECP_PK + KNOWLEDGE_BYTES] = { 0 };
		const secp_pk P = secp_pk_of(curve, &(secp_sk){ { [31] = 3 } });
		if (v->lie == UNKNOWN_KEY) memcpy(m + 32, P.b, sizeof P.b), memcpy(m + 32 + SECP_PK, P.b, sizeof P.b);
		return bcast(s, slice_of(m, sizeof m), 4096, said);
	}
	TRY(receiver_keys(w, s, sid, hash32_slice(&h), said, curve));

	/* Round 2. */
	dealer_seal(message + head, &mine, &w->x);
	dealer_seal(other + head, &second, &w->x);
	lie_in_shares(message + head, &w->x, v->lie);
	if (v->lie == CRASH) return OK;
	const slice deal = v->lie == NO_DEAL ? (slice){ 0 } : slice_of(v->lie == ANOTHER_DEAL ? other : message, size);
	TRY(bcast(s, deal, size, all));
	FOR_EACH_IN(i, live(s)) if (dealt_read(&w->d[i], &w->x, i, all[i])) add_to(&w->dealers, i);
	if (w->dealers != live(s)) return OK;

	/* Round 3. */
	const size_t n = lying_complaint(complaint, w, v->lie);
	return bcast(s, slice_of(complaint, n), size_of_set(w->dealers) * (size_t)COMPLAINT_BYTES, all);
}

/* Until it is found out: then the others are through, or begin again without it. */
static err lie_in_generation(session *s, void *arg)
{
	receiver *w = calloc(1, sizeof *w);
	err e = OK;

	assert_non_null(w);
	for (uint32_t number = 0; e == OK && number <= s->t; number++) {
		const hash32 sid = generate_sid(s, &TERMS, number);
		const party_set before = s->corrupt;
		e = lie_once(s, arg, w, &sid);
		if (s->corrupt == before) break;
	}
	free(w);
	err_clear();
	return OK;
}

/* ---- what must hold -------------------------------------------------------------------------------------------------- */

static unsigned most_rounds(unsigned n, unsigned t) { return (void)n, 3 * (t + 1) * bcast_rounds(t); }

static const char *violated(const trial *x)
{
	const io *first = x->io[first_of(honest(x))];
	group_share held[MAX_PARTIES + 1];

	FOR_EACH_IN(i, honest(x)) {
		const io *v = x->io[i];
		if (memcmp(&v->key, &first->key, offsetof(group_key, Y) + sizeof v->key.Y) != 0) return "the honest got different keys";
		held[i] = v->held;
	}
	const char *wrong = group_violated(&first->key, held, honest(x), curve);
	if (wrong) return wrong;
	if (first->key.n != x->n || first->key.T != x->t || first->key.epoch || first->key.chain_id != TERMS.chain_id) return "other terms";
	return NULL;
}

static const theorem GENERATION = { "generation of a protocol key", sizeof(io), input, run, most_rounds, violated, NULL, NULL };

static bool knows_why(const sim_party *p, party who, const char *why)
{
	for (unsigned i = 0; i < p->evidence_count; i++)
		if (p->evidence[i].who == who && p->evidence[i].agreed && strcmp(p->evidence[i].why, why) == 0) return true;
	return false;
}

/* Exactly the liars are accused, each for its lie. */
static void must_name_the_liars(trial *x)
{
	trial_must_hold_keep(x);
	FOR_EACH_IN(i, honest(x)) {
		if (x->p[i].corrupt != x->corrupt) fail_msg("%s: accused %llx", x->name, (unsigned long long)x->p[i].corrupt);
		FOR_EACH_IN(j, x->corrupt) {
			const char *why = KNOWN_LIES[((io *)x->io[j])->lie].why;
			if (!knows_why(&x->p[i], j, why)) fail_msg("%s: P%u is not accused because it %s", x->name, j, why);
		}
	}
	trial_end(x);
}

static const sizes TRIED[] = { { 4, 1 }, { 7, 2 }, { 13, 4 } };

static void every_lie_is_found_and_nobody_else_is_named(void **state)
{
	(void)state;
	for (size_t c = 0; c < COUNT(TRIED); c++) for (unsigned kind = 0; kind < LIE_KINDS; kind++) {
		const sizes z = TRIED[c];
		if (z.n > 7 && kind % 3 != BAD_SHARE % 3 && !test_is_long()) continue;
		must_name_the_liars(&(trial){ .of = &GENERATION, .name = KNOWN_LIES[kind].name, .n = z.n, .t = z.t, .variant = kind, .seed = 100 + kind,
		                              .corrupt = kind % 2 ? random_parties(z.n, z.t) : last_parties(z.n, z.t), .liar = lie_in_generation });
	}
}

/* One liar is found in each attempt or round: the others begin again, and again. */
static void liars_of_all_kinds_together_are_all_found(void **state)
{
	(void)state;
	mixed = true;
	for (unsigned first = 0; first < LIE_KINDS; first += 2) for (size_t c = 1; c < (test_is_long() ? 3 : 2); c++) {
		trial x = { .of = &GENERATION, .name = "several", .n = TRIED[c].n, .t = TRIED[c].t, .variant = first, .seed = 300 + first,
		            .corrupt = random_parties(TRIED[c].n, TRIED[c].t), .liar = lie_in_generation };
		trial_must_hold(&x);
	}
	mixed = false;
}

static void no_liars_divide_a_generation(void **state)
{
	(void)state;
	try_lies(&GENERATION, GENERIC_LIES, COUNT(GENERIC_LIES), 13);
	try_lies(&GENERATION, OPEN_LIES, COUNT(OPEN_LIES), 7);
}

static void no_fault_on_the_wire_divides_a_generation(void **state)
{
	(void)state;
	sweep(&GENERATION, SIZES[0], 60, 20);
	sweep(&GENERATION, SIZES[2], 6, 6);
}

static void it_takes_three_broadcasts_if_nobody_lies(void **state)
{
	(void)state;
	for (size_t c = 0; c < COUNT(TRIED); c++) {
		trial x = { .of = &GENERATION, .n = TRIED[c].n, .t = TRIED[c].t, .seed = c };
		trial_must_hold_keep(&x);
		for (party i = 1; i <= x.n; i++) {
			assert_int_equal(x.p[i].rounds, 3 * bcast_rounds(x.t));
			assert_int_equal(x.p[i].corrupt, 0);
		}
		trial_end(&x);
	}
}

/* A dealer who rushes sees P in Round 2, and would rather have another one: it is found, and then there are fresh polynomials. */
static void nobody_chooses_among_deals_after_seeing_those_of_others(void **state)
{
	trial x = { .of = &GENERATION, .name = "chooses", .n = 4, .t = 1, .variant = ANOTHER_DEAL, .seed = 9, .corrupt = 1 << 2,
	            .liar = lie_in_generation };

	(void)state;
	trial_must_hold_keep(&x);
	const io *v = x.io[1];
	assert_int_equal(v->attempts, 2 + 3);            /* the liar's attempt ends after Round 2, and another follows */
	assert_int_equal(x.p[1].corrupt, 1 << 2);
	trial_end(&x);
}

/* The same parties, one after another: what a liar says it has said in the session before. */
static struct { uint8_t p[4096]; size_t n; } said_before[3];

static err recording_bcast(session *s, slice mine, size_t most, slice *all)
{
	assert_true(s->broadcasts < COUNT(said_before) && mine.n <= sizeof said_before->p);
	said_before[s->broadcasts].n = mine.n;
	if (mine.n) memcpy(said_before[s->broadcasts].p, mine.p, mine.n);
	return bcast(s, mine, most, all);
}

static err repeating_bcast(session *s, slice mine, size_t most, slice *all)
{
	if (s->broadcasts < COUNT(said_before)) mine = slice_of(said_before[s->broadcasts].p, said_before[s->broadcasts].n);
	return bcast(s, mine, most, all);
}

static void what_was_said_in_another_session_is_worth_nothing(void **state)
{
	static const protocols RECORDING = { .bcast = recording_bcast }, REPEATING = { .bcast = repeating_bcast };
	trial before = { .of = &GENERATION, .name = "recorded", .n = 4, .t = 1, .corrupt = 1 << 3, .seed = 500, .table = &RECORDING };
	trial after = { .of = &GENERATION, .name = "old words", .n = 4, .t = 1, .corrupt = 1 << 3, .seed = 501, .table = &REPEATING };

	(void)state;
	trial_must_hold_keep(&before);
	assert_int_equal(before.p[1].corrupt, 0);
	trial_must_hold_keep(&after);
	assert_int_equal(after.p[1].corrupt, 1 << 3);
	assert_true(knows_why(&after.p[1], 3, "published no key for its shares"));
	assert_memory_not_equal(&((io *)before.io[1])->key.P, &((io *)after.io[1])->key.P, SECP_PK);
	trial_end(&before);
	trial_end(&after);
}

static int set_up(void **state) { (void)state; assert_ok(secp_new(&curve, test_rng())); return 0; }
static int take_down(void **state) { (void)state; secp_free(&curve); return 0; }

static const struct CMUnitTest tests[] = {
	TEST(it_takes_three_broadcasts_if_nobody_lies), TEST(every_lie_is_found_and_nobody_else_is_named),
	TEST(liars_of_all_kinds_together_are_all_found), TEST(nobody_chooses_among_deals_after_seeing_those_of_others),
	TEST(what_was_said_in_another_session_is_worth_nothing), TEST(no_liars_divide_a_generation),
	TEST(no_fault_on_the_wire_divides_a_generation),
};

int main(int argc, char **argv) { return test_main_with(argc, argv, __FILE__, tests, COUNT(tests), set_up, take_down); }
