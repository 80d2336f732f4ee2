/* SPDX-License-Identifier: MIT */
/*
 * T-RERUN: a ceremony that is repeated, or started again after a crash, has another session id each time; its id is recorded
 * before the first PRF is evaluated; and no input of a PRF ever serves two uses, even if a liar forces a Check, which publishes
 * values, in every run.
 */
#include "tests/mpc/theorem.h"
#include "tests/share/prss_keys.h"

enum { RUNS = 6, DRAWS = 3 };

typedef struct io {
	session_id sid, hello;
	uint8_t    nonce[SID_NONCE];
	uint64_t   hello_rounds;
	bool       done;
} io;

static ceremony what;
static unsigned crash_after;                             /* steps; 0: no crash */
static prss_group group;

/* What a party has on disk. */
static struct { session_id used[RUNS * 2]; unsigned count; bool full; } disk[MAX_PARTIES + 1];

static err use(void *ctx, const session_id *sid)
{
	const party me = *(const party *)ctx;

	if (disk[me].full) return err_fail(ERR_IO, "the disk is full");
	for (unsigned i = 0; i < disk[me].count; i++)
		if (sid_eq_var(&disk[me].used[i], sid)) return err_fail(ERR_EXISTS, "this session id was used before");
	assert_true(disk[me].count < COUNT(disk[me].used));
	disk[me].used[disk[me].count++] = *sid;
	return OK;
}

static void input(trial *x, party i, void *arg)
{
	(void)i, (void)arg;
	what.parties = parties_all(x->n);
	what.t = x->t;
	strcpy(what.operation, "test");
}

static err say_hello(session *s, io *v)
{
	session h;
	const session_id under = sid_hello(&what);

	v->hello = under;
	TRY(session_follow(&h, s, &under));
	err e = hello(&h, &v->sid, v->nonce, &what);
	v->hello_rounds = h.round;
	session_resume(s, &h);
	session_close(&h);
	return e;
}

/* Draws values, opens a product of them; the liar's share does not fit; Check. */
static err work(session *s)
{
	share product;
	bool fits;
	gr opened, value[2 * (13 + 1)];

	for (uint64_t ctr = 0; ctr < DRAWS; ctr++) {
		const share x = prss_next(s->prss, s->R, s->sid.b, ctr);
		if (crash_after == 2 && ctr == 1) return err_fail(ERR_INTERNAL, "crash");
		product = share_add(s->R, share_scale(s->R, x.v, x), przs_next(s->prss, s->R, s->sid.b, ctr));
		TRY(open_sync(s, &opened, &fits, &product, NULL, 1, 2 * s->t));
		if (ctr == 0) TRY(prss_check(s, value, (prss_use[]){ { PRSS_PSI, ctr }, { PRSS_CHI, ctr } }, 2));
		if (crash_after == 3 && ctr == 0) return err_fail(ERR_INTERNAL, "crash");
	}
	return OK;
}

static err run(session *s, void *arg)
{
	io *v = arg;
	session c;

	TRY(say_hello(s, v));
	if (crash_after == 1) return err_fail(ERR_INTERNAL, "crash");
	TRY(session_follow(&c, s, &v->sid));
	err e = session_use_prss(&c, group.p[s->me], &(sid_record){ &s->me, use });
	if (e == OK) e = work(&c);
	session_close(&c);
	v->done = e == OK;
	return e;
}

static unsigned no_rounds(unsigned n, unsigned t) { return (void)n, (void)t, 0; }      /* of the outer session */

static const char *violated(const trial *x)
{
	const io *first = x->io[first_of(honest(x))];

	FOR_EACH_IN(i, honest(x)) {
		const io *v = x->io[i];
		if (!sid_eq_var(&v->sid, &first->sid)) return "the honest have different session ids";
		if (v->hello_rounds != bcast_rounds(x->t)) return "the hello is not one broadcast";
	}
	return NULL;
}

static const theorem CEREMONY = { "ceremony", sizeof(io), input, run, no_rounds, violated, NULL, NULL };

/* Old fresh bytes again: what the liar said in the hello of the run before. */
static err stale_bcast(session *s, slice mine, size_t most, slice *all)
{
	static const uint8_t STALE[SID_NONCE] = { 1, 2, 3 };

	return bcast(s, mine.n == SID_NONCE ? slice_of(STALE, SID_NONCE) : mine, most, all);
}
static const protocols STALE = { .bcast = stale_bcast, .vss = vss, .open = open_sync };

static void rush_wrong_share(void *ctx, sim *s, envelope *held, size_t count)
{
	(void)ctx;
	for (size_t k = 0; k < count; k++) {
		if (held[k].body.n != ring_of(64, 4)->bytes) continue;
		uint8_t *p = memcpy(sim_bytes(s, held[k].body.n), held[k].body.p, held[k].body.n);
		p[0] ^= 1;
		held[k].body.p = p;
	}
}

static void forget(void)
{
	memset(disk, 0, sizeof disk);
	crash_after = 0;
	what = (ceremony){ 0 };
}

static void no_prf_input_serves_twice_however_often_it_runs_or_crashes(void **state)
{
	(void)state;
	for (size_t c = 0; c < 3; c++) {
		session_id sid[RUNS];
		forget();
		group_new(&group, SIZES[c].n, SIZES[c].t, parties_all(SIZES[c].n));
#ifdef ARCA_CHECKS
		prss_ledger_reset();
#endif
		for (unsigned k = 0; k < RUNS; k++) {
			/* Runs 0 to 3 crash ever later and lose what was in memory; the journalled attempt may grow, or not. */
			crash_after = k == 0 ? 1 : k == 1 ? 2 : k == 2 ? 3 : 0;
			what.attempt = k / 2;
			trial x = { .of = &CEREMONY, .n = group.n, .t = group.t, .seed = 50 + k, .corrupt = 1 << 2, .table = &STALE,
			            .rush = rush_wrong_share };
			const char *complaint = trial_run(&x);
			if (crash_after) assert_string_equal(complaint, "an honest party failed");
			else assert_null(complaint);
			sid[k] = ((io *)x.io[1])->sid;
			for (unsigned j = 0; j < k; j++) assert_false(sid_eq_var(&sid[j], &sid[k]));
			assert_false(sid_eq_var(&sid[k], &((io *)x.io[1])->hello));
			trial_end(&x);
		}
#ifdef ARCA_CHECKS
		assert_true(prss_ledger_count() > 0);
		assert_int_equal(prss_ledger_reused(), 0);
#endif
		group_free(&group);
	}
}

static void whoever_cannot_record_the_id_evaluates_nothing(void **state)
{
	(void)state;
	forget();
	group_new(&group, 4, 1, parties_all(4));
#ifdef ARCA_CHECKS
	prss_ledger_reset();
#endif
	for (party i = 1; i <= 4; i++) disk[i].full = true;
	trial x = { .of = &CEREMONY, .n = 4, .t = 1, .seed = 70 };
	assert_string_equal(trial_run(&x), "an honest party failed");
	for (party i = 1; i <= 4; i++) assert_int_equal(x.p[i].result, ERR_IO);
#ifdef ARCA_CHECKS
	assert_int_equal(prss_ledger_count(), 0);
#endif
	trial_end(&x);
	group_free(&group);
}

/* The hello alone: all of its liars are those of a broadcast; here, that they cannot make it repeat or differ. */
static err only_hello(session *s, void *arg) { return say_hello(s, arg); }

static void the_nonce_is_fresh_and_the_same_for_all(void **state)
{
	theorem of = CEREMONY;
	static uint8_t nonce[40][SID_NONCE];
	unsigned n = 0;

	(void)state;
	forget();
	of.run = only_hello;
	for (size_t c = 0; c < COUNT(SIZES); c++) for (size_t l = 0; l < COUNT(GENERIC_LIES); l++) {
		trial x = { .of = &of, .n = SIZES[c].n, .t = SIZES[c].t, .seed = 80 + n, .corrupt = random_parties(SIZES[c].n, SIZES[c].t),
		            .rush = GENERIC_LIES[l].rush, .table = &STALE, .name = GENERIC_LIES[l].name };
		trial_must_hold_keep(&x);
		memcpy(nonce[n], ((io *)x.io[first_of(honest(&x))])->nonce, SID_NONCE);
		for (unsigned j = 0; j < n; j++) assert_memory_not_equal(nonce[j], nonce[n], SID_NONCE);
		n++;
		trial_end(&x);
	}
}

TESTS(
	TEST(no_prf_input_serves_twice_however_often_it_runs_or_crashes),
	TEST(whoever_cannot_record_the_id_evaluates_nothing),
	TEST(the_nonce_is_fresh_and_the_same_for_all)
)
