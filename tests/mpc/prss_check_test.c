/* SPDX-License-Identifier: MIT */
/*
 * Whatever t parties do: a Check gives all honest parties the shares that everybody should have, and whoever published another
 * output is accused.  PRSS.Check and PRZS.Check are one protocol; each is tried alone, and both together.  A mask is not checked.
 */
#include "tests/mpc/bcast_liars.h"
#include "tests/mpc/prss_theorem.h"

enum { USES = 4 };
typedef struct checked { const char *name; unsigned uses; prss_use use[USES]; } checked;
static const checked BOTH = { "PRSS.Check and PRZS.Check", 4, { { PRSS_PSI, 3 }, { PRSS_ZETA, 3 }, { PRSS_CHI, 3 }, { PRSS_PSI, 4 } } };
static const checked EACH[] = {
	{ "PRSS.Check", 1, { { PRSS_PSI, 3 } } },
	{ "PRZS.Check", 1, { { PRSS_CHI, 3 } } },
};
static const checked *now = &BOTH;

typedef struct io { gr value[USES][MAX_PARTIES + 1]; share own[USES]; } io;

static void input(trial *x, party i, void *arg) { (void)x, (void)i, (void)arg; }

static share draw(const session *s, prss_use u)
{
	switch (u.domain) {
	case PRSS_PSI: return prss_next(s->prss, s->R, s->sid.b, u.ctr);
	case PRSS_ZETA: return prss_z_next(s->prss, s->R, s->sid.b, u.ctr);
	case PRSS_CHI: return przs_next(s->prss, s->R, s->sid.b, u.ctr);
	case PRSS_PHI: case PRSS_NU: default: return (share){ GR_ZERO };
	}
}

static err run(session *s, void *arg)
{
	static gr value[MAX_PARTIES + 1][USES * (MAX_PARTIES + 1)];
	io *v = arg;

	for (unsigned k = 0; k < now->uses; k++) v->own[k] = draw(s, now->use[k]);
	TRY(prss_check(s, value[s->me], now->use, now->uses));
	for (unsigned k = 0; k < now->uses; k++)
		memcpy(v->value[k], &value[s->me][k * (s->n + 1u)], (s->n + 1u) * sizeof(gr));
	return OK;
}

static unsigned most_rounds(unsigned n, unsigned t) { return (void)n, bcast_rounds(t); }

static const char *violated(const trial *x)
{
	const io *first = x->io[first_of(honest(x))];

	FOR_EACH_IN(i, honest(x)) for (unsigned k = 0; k < now->uses; k++) {
		const io *v = x->io[i];
		FOR_EACH_IN(j, honest(x))
			if (!gr_eq_var(v->value[k][j], ((io *)x->io[j])->own[k].v)) return "a recomputed share is not what its party holds";
		FOR_EACH_IN(j, x->corrupt)
			if (!gr_eq_var(v->value[k][j], first->value[k][j])) return "the honest disagree about a liar's share";
	}
	return NULL;
}

static theorem CHECKING = { "check", sizeof(io), input, run, most_rounds, violated, group.p, NULL };

/* ---- liars: what they publish -------------------------------------------------------------------------------------- */

static unsigned variant;

/* Outputs of one set, of all, of some domain only, other numbers of them; the same lie by all, or one of each. */
static err publishing(session *s, slice mine, size_t most, slice *all)
{
	const size_t e = s->R->bytes;
	uint8_t *p;

	TRY(arena_new(&s->arena, &p, mine.n + 1));
	memcpy(p, mine.p, mine.n);
	if (variant == 0) p[0] ^= 1;                                     /* one set, lowest bit            */
	if (variant == 1) p[mine.n - 1] ^= 0x80;                         /* another, highest bit           */
	if (variant == 2) for (size_t i = 0; i < mine.n; i++) p[i] ^= 0x55;   /* all, together             */
	if (variant == 3) rng_fill(s->random, p, mine.n);                /* all, each its own              */
	if (variant == 4) memset(p, 0, mine.n);
	if (variant == 5) p[mine.n / e / 2 * e] ^= 1;                    /* in the middle                  */
	if (variant == 6) mine.n--;
	if (variant == 7) mine.n++;
	if (variant == 8) mine.n = 0;
	return bcast(s, slice_of(p, mine.n), most + 1, all);
}
static const protocols PUBLISHING = { .bcast = publishing, .vss = vss, .open = open_sync };
enum { VARIANTS = 9 };

/* ---- tests ------------------------------------------------------------------------------------------------------- */

static void publish_wrongly(unsigned n, unsigned t, unsigned liars)
{
	trial x = { .of = &CHECKING, .n = n, .t = t, .seed = 10 * variant + liars, .corrupt = random_parties(n, liars),
	            .table = &PUBLISHING, .name = "publish", .variant = variant };

	CHECKING.name = now->name;
	trial_must_hold_keep(&x);
	assert_int_equal(x.p[first_of(honest(&x))].corrupt, x.corrupt);
	trial_end(&x);
}

static void whoever_publishes_another_output_is_accused(void **state)
{
	(void)state;
	for (size_t c = 0; c < COUNT(SIZES); c++) {
		const unsigned n = SIZES[c].n, t = SIZES[c].t;
		keys_for(SIZES[c].n, SIZES[c].t);
		for (variant = 0; variant < VARIANTS; variant++) {
			for (size_t k = 0; k < COUNT(EACH); k++) now = &EACH[k], publish_wrongly(n, t, t);
			now = &BOTH;
			if (n >= 10 && variant != n % 3 + 1) continue;
			for (unsigned liars = 1; liars <= t; liars += t > 2 ? t - 1 : 1) publish_wrongly(n, t, liars);
		}
	}
}

/* Liars of the broadcast under it: the same value for all, or none, and then they are accused. */
static void whoever_publishes_two_outputs_does_not_divide_the_honest(void **state)
{
	(void)state;
	for (size_t c = 0; c < COUNT(SIZES); c++) {
		keys_for(SIZES[c].n, SIZES[c].t);
		for (size_t k = 0; k < COUNT(EACH); k++) for (size_t l = 0; l < COUNT(BCAST_LIES); l++) {
			if (group.n >= 10 && l % 2 != k) continue;
			const lie *b = &BCAST_LIES[l];
			trial x = { .of = &CHECKING, .n = group.n, .t = group.t, .seed = 300 + l, .corrupt = random_parties(group.n, group.t),
			            .rush = b->rush, .silent = b->silent, .name = b->name, .variant = b->variants / 2 };
			now = &EACH[k], CHECKING.name = now->name;
			trial_must_hold(&x);
		}
	}
	now = &BOTH;
}

static void no_fault_on_the_wire_spoils_a_check(void **state)
{
	(void)state;
	try_faults_on_the_wire(&CHECKING, 600, 60, 50);
}

static void liars_who_know_nothing_of_it_spoil_no_check(void **state)
{
	(void)state;
	try_generic_lies(&CHECKING, 3, 64);
}

static void it_takes_one_broadcast_of_the_outputs_of_all_ones_sets(void **state)
{
	(void)state;
	for (size_t c = 0; c < 4; c++) for (unsigned k = 64; k <= 128; k += 64) {
		keys_for(SIZES[c].n, SIZES[c].t);
		trial x = { .of = &CHECKING, .n = group.n, .t = group.t, .k = k, .seed = c };
		assert_null(trial_run(&x));
		const size_t outputs = binomial(x.n - 1, x.t) * (3 + x.t), e = ring_of(k, ring_degree(x.n))->bytes;
		for (party i = 1; i <= x.n; i++) {
			assert_int_equal(x.p[i].rounds, bcast_rounds(x.t));
			assert_int_equal(x.p[i].bytes, bcast_bytes(x.n, x.t, i, outputs * e));
		}
		trial_end(&x);
	}
}

/* T-MASKCHECK */
static err check_a_mask(session *s, void *arg)
{
	gr value[MAX_PARTIES + 1];

	(void)arg;
	return prss_check(s, value, &(prss_use){ PRSS_PHI, 0 }, 1);
}
static void a_mask_is_not_checked(void **state)
{
	theorem of = CHECKING;

	(void)state;
	keys_for(4, 1);
	of.run = check_a_mask;
	trial x = { .of = &of, .n = 4, .t = 1, .seed = 1 };
	assert_non_null(trial_run(&x));
	for (party i = 1; i <= 4; i++) {
		assert_int_equal(x.p[i].result, ERR_REQUEST);
		assert_int_equal(x.p[i].bytes, 0);                           /* and nothing was said */
	}
	trial_end(&x);
}

/* ---- T-PRSSCHECK, T-COUNTER: products of PRSS values, with a liar who spoils them --------------------------------- */

enum { BATCHES = 3, BATCH = 2 };

typedef struct product_io { gr opened[BATCHES][BATCH]; bool checked[BATCHES]; } product_io;

/*
 * In each batch: x, z of degree t and a zero of degree 2t from PRSS; x^2 + z + 0 is opened.  A word that does not fit goes to
 * broadcast and Check, which names the liar; the batch is thrown away, and counters go on as if it had not been.
 */
static err products(session *s, void *arg)
{
	product_io *v = arg;

	for (unsigned b = 0; b < BATCHES; b++) {
		share product[BATCH];
		bool fits[BATCH], all_fit = true;
		for (unsigned i = 0; i < BATCH; i++) {
			const uint64_t ctr = b * 2 * BATCH + i;
			const share x = prss_next(s->prss, s->R, s->sid.b, ctr), z = prss_next(s->prss, s->R, s->sid.b, ctr + BATCH);
			product[i] = share_add(s->R, share_add(s->R, share_scale(s->R, x.v, x), z), przs_next(s->prss, s->R, s->sid.b, ctr));
		}
		TRY(open_sync(s, v->opened[b], fits, product, NULL, BATCH, 2 * s->t));
		for (unsigned i = 0; i < BATCH; i++) all_fit &= fits[i];
		slice all[MAX_PARTIES + 1];
		const uint8_t verdict = all_fit;
		TRY(s->p->bcast(s, slice_of(&verdict, 1), 1, all));
		FOR_EACH_IN(i, live(s)) all_fit &= all[i].n == 1 && all[i].p[0] == 1;
		if (all_fit) continue;

		msg m;
		gr *value;
		v->checked[b] = true;
		TRY(arena_new(&s->arena, &value, 3 * (s->n + 1u)));
		TRY(msg_new(s, &m, BATCH));
		for (unsigned i = 0; i < BATCH; i++) put(&m, product[i].v);
		TRY(s->p->bcast(s, msg_slice(&m), m.n, all));
		for (unsigned i = 0; i < BATCH; i++) {
			const uint64_t ctr = b * 2 * BATCH + i;
			TRY(prss_check(s, value, (prss_use[]){ { PRSS_PSI, ctr }, { PRSS_PSI, ctr + BATCH }, { PRSS_CHI, ctr } }, 3));
			FOR_EACH_IN(j, live(s)) {
				const gr *x = &value[j], *z = x + s->n + 1, *zero = z + s->n + 1;
				const gr right = gr_add(s->R, gr_add(s->R, gr_mul(s->R, *x, *x), *z), *zero);
				if (!gr_eq_var(nth(s, all[j], BATCH, i), right)) accuse(s, j, "opened a wrong share of a product");
			}
		}
	}
	return OK;
}

static unsigned any_rounds(unsigned n, unsigned t) { return (void)n, BATCHES * (1 + (3 + BATCH) * bcast_rounds(t)); }

static const char *products_violated(const trial *x)
{
	const product_io *f = x->io[first_of(honest(x))];
	const party_set accused = x->p[first_of(honest(x))].corrupt;
	bool ever = false;

	FOR_EACH_IN(i, honest(x)) for (unsigned b = 0; b < BATCHES; b++) {
		const product_io *v = x->io[i];
		if (v->checked[b] != f->checked[b]) return "the honest disagree whether a batch is good";
		ever |= v->checked[b];
		if (!v->checked[b] && memcmp(v->opened[b], f->opened[b], sizeof f->opened[b])) return "the honest opened different products";
	}
	if (f->checked[BATCHES - 1]) return "the liar could go on spoiling";
	return ever && !accused ? "a batch was spoilt, and nobody is accused" : NULL;
}

static void rush_spoil(void *ctx, sim *s, envelope *held, size_t count)
{
	const trial *x = ctx;
	const ring *R = ring_of(x->k, ring_degree(x->n));

	for (size_t k = 0; k < count; k++) {
		if (held[k].round != 1 || (x->variant && held[k].to != first_of(honest(x)))) continue;      /* to all, or to one */
		uint8_t *p = memcpy(sim_bytes(s, held[k].body.n), held[k].body.p, held[k].body.n);
		gr_write(R, p, gr_add(R, gr_read(R, p), GR_ONE));
		held[k].body.p = p;
	}
}

/* The liar also broadcasts what it sent: its wrong share, which Check reveals; or says that good batches are bad. */
static err spoiling_bcast(session *s, slice mine, size_t most, slice *all)
{
	static const uint8_t BAD = 0;
	uint8_t *p;

	TRY(arena_new(&s->arena, &p, mine.n + 1));
	memcpy(p, mine.p, mine.n);
	if (mine.n == BATCH * s->R->bytes) p[0] ^= 1;
	return mine.n == 1 && s->round == 1 ? bcast(s, slice_of(&BAD, 1), most, all) : bcast(s, slice_of(p, mine.n), most, all);
}
static const protocols SPOILING = { .bcast = spoiling_bcast, .vss = vss, .open = open_sync };

static void a_liar_in_products_is_named_and_the_next_batches_fit(void **state)
{
	(void)state;
	for (size_t c = 0; c < 4; c++) for (unsigned v = 0; v < 2; v++) {
		keys_for(SIZES[c].n, SIZES[c].t);
		const theorem of = { "products", sizeof(product_io), input, products, any_rounds, products_violated, group.p, NULL };
		trial x = { .of = &of, .n = group.n, .t = group.t, .seed = 100 + 2 * c + v, .variant = v, .name = "spoil",
		            .corrupt = random_parties(group.n, 1), .rush = rush_spoil, .table = &SPOILING };
		trial_must_hold_keep(&x);
		assert_int_equal(x.p[first_of(honest(&x))].corrupt, x.corrupt);
		assert_true(((product_io *)x.io[first_of(honest(&x))])->checked[0]);
		trial_end(&x);

		trial y = { .of = &of, .n = group.n, .t = group.t, .seed = 200 + 2 * c + v };
		trial_must_hold_keep(&y);
		assert_false(((product_io *)y.io[1])->checked[0]);
		trial_end(&y);
	}
}

TESTS(
	TEST(whoever_publishes_another_output_is_accused),
	TEST(whoever_publishes_two_outputs_does_not_divide_the_honest),
	TEST(no_fault_on_the_wire_spoils_a_check),
	TEST(liars_who_know_nothing_of_it_spoil_no_check),
	TEST(it_takes_one_broadcast_of_the_outputs_of_all_ones_sets),
	TEST(a_mask_is_not_checked),
	TEST(a_liar_in_products_is_named_and_the_next_batches_fit)
)
