/* SPDX-License-Identifier: MIT */
/* tests/share/prss_test.c -- shares that cost no message: known answers, the right polynomials, and no input used twice. */
#include "tests/share/prss_keys.h"
#include "tests/base/scarce.h"
#include "tests/kat/kat.h"
#include "tests/ring/elements.h"
#include "share/code.h"
#include "share/shamir.h"
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static const uint8_t SID[PRSS_SID] = "a session's sid";

typedef share drawn(const prss *p, const ring *R, const uint8_t sid[static PRSS_SID], uint64_t ctr);

static const struct { drawn *draw; prss_domain domain; unsigned times; } KINDS[] = {
	{ prss_next, PRSS_PSI, 1 }, { prss_z_next, PRSS_ZETA, 1 }, { przs_next, PRSS_CHI, 2 },
};

/* ---- sets and weights ----------------------------------------------------------------------------------------------- */

static void sets_are_in_lexicographic_order(void **state)
{
	static const party_set OF_5_2[] = { 0x0e, 0x16, 0x26, 0x1a, 0x2a, 0x32, 0x1c, 0x2c, 0x34, 0x38 };
	static party_set A[MAX_PRSS_SETS];

	(void)state;
	prss_sets(A, 5, 2);
	for (unsigned s = 0; s < COUNT(OF_5_2); s++) assert_int_equal(A[s], OF_5_2[s]);

	for (const cluster *x = CLUSTERS; x < CLUSTERS + COUNT(CLUSTERS); x++) {
		const unsigned sets = binomial(x->n, x->t);
		prss_sets(A, x->n, x->t);
		for (unsigned s = 0; s < sets; s++) {
			assert_int_equal(size_of_set(A[s]), x->n - x->t);
			assert_int_equal(A[s] & ~parties_all(x->n), 0);
			if (!s) continue;
			const party_set differ = A[s] ^ A[s - 1];        /* the first to differ is in the earlier set */
			assert_true(differ && has(A[s - 1], first_of(differ)));
		}
	}
}

static void the_polynomial_of_a_set_is_1_at_0_and_0_outside(void **state)
{
	static party_set A[MAX_PRSS_SETS];

	(void)state;
	for (unsigned k = 64; k <= 128; k += 64) for (const cluster *x = CLUSTERS; x < CLUSTERS + COUNT(CLUSTERS); x++) {
		const ring *R = ring_of(k, ring_degree(x->n));
		const unsigned sets = binomial(x->n, x->t);
		AUTO(code) *c = NULL;

		assert_ok(code_new(&c, R, x->n, x->t));
		prss_sets(A, x->n, x->t);
		for (unsigned s = 0; s < sets; s += 1 + sets / 100) {
			gr y[MOST_PARTIES + 1] = { GR_ZERO }, at_0;
			FOR_EACH_IN(i, A[s]) y[i] = prss_weight(R, x->n, A[s], i);
			assert_true(code_decode_var(&at_0, NULL, NULL, c, y, parties_all(x->n), x->n - x->t - 1));
			assert_gr_equal(R, at_0, GR_ONE);
		}
	}
}

/* ---- known answers --------------------------------------------------------------------------------------------------- */

static prss *kat_party(unsigned n, unsigned t, unsigned d, party me, const id32 *epoch)
{
	static party_set A[MAX_PRSS_SETS];
	static uint8_t r[MAX_PRSS_SETS][PRSS_KEY];
	unsigned held = 0;
	prss *p = NULL;

	prss_sets(A, n, t);
	for (unsigned s = 0; s < binomial(n, t); s++) {
		if (!has(A[s], me)) continue;
		xof x = xof_shake256();
		xof_absorb(&x, slice_str("kat r"));
		xof_absorb_u64(&x, A[s]);
		xof_squeeze(&x, r[held++], PRSS_KEY);
	}
	assert_ok(prss_new(&p, n, t, d, me, epoch, r));
	assert_int_equal(prss_held(p), held);
	return p;
}

static void check_values(const kat *k, const prss *p, const ring *R, unsigned t, prss_domain domain, const uint8_t *sid,
                         uint64_t ctr)
{
	static gr outputs[MAX_PRSS_SETS * 4];
	uint8_t expected[4 * GR_MAX_BYTES], got[4 * GR_MAX_BYTES];
	const unsigned count = prss_output_count(t, domain);

	kat_bytes(k, "outputs", expected, count * R->bytes);
	prss_outputs(outputs, p, R, domain, sid, ctr);
	for (unsigned j = 0; j < count; j++) gr_write(R, got + j * R->bytes, outputs[j]);
	assert_memory_equal(got, expected, count * R->bytes);

	kat_bytes(k, "share", expected, R->bytes);
	for (size_t i = 0; i < COUNT(KINDS); i++)
		if (KINDS[i].domain == domain) gr_write(R, got, KINDS[i].draw(p, R, sid, ctr).v);
	assert_memory_equal(got, expected, R->bytes);
}

static void check_masks(const kat *k, const prss *p, unsigned d, const hash32 *h, uint32_t first)
{
	uint8_t expected[2 * GR_MAX_BYTES];
	u128 w[2 * GR_MAX_DEGREE] = { 0 };

	kat_bytes(k, "masks", expected, 2 * 16 * d);
	prss_mask_add(p, w, h, first, 2);
	for (unsigned i = 0; i < 2 * d; i++) assert_true(w[i] == load128(expected + 16 * i));
}

static void T_KEYSEP_T_WIDTH_the_known_answers_come_out(void **state)
{
	uint8_t which[6], sid[PRSS_SID], ctr[8];
	unsigned cases = 0;
	id32 epoch;
	hash32 h;

	(void)state;
	kat k = kat_open("prss.kat");
	assert_true(kat_next(&k));
	kat_bytes(&k, "epoch", epoch.b, 32), kat_bytes(&k, "sid", sid, sizeof sid), kat_bytes(&k, "h", h.b, 32);
	for (; kat_next(&k); cases++) {
		kat_bytes(&k, "case", which, sizeof which), kat_bytes(&k, "ctr", ctr, sizeof ctr);
		const unsigned n = which[0], t = which[1], d = which[2];
		AUTO(prss) *p = kat_party(n, t, d, which[3], &epoch);
		if (which[5] == PRSS_PHI) check_masks(&k, p, d, &h, (uint32_t)load64(ctr));
		else check_values(&k, p, ring_of(which[4], d), t, which[5], sid, load64(ctr));
	}
	kat_close(&k);
	assert_int_equal(cases, 6 * 12);
}

/* ---- shares of what they say ------------------------------------------------------------------------------------------ */

/* What all parties hold is one polynomial of the degree: its coefficients in f. */
static void join(gr *f, code *c, const prss_group *g, const ring *R, drawn *draw, uint64_t ctr, unsigned degree)
{
	gr y[MOST_PARTIES + 1], secret;

	for (unsigned i = 1; i <= g->n; i++) y[i] = draw(g->p[i], R, SID, ctr).v;
	assert_true(code_decode_var(&secret, f, NULL, c, y, parties_all(g->n), g->n - degree - 1));
}

/* The sum of psi or zeta over all sets, each from one of its holders. */
static gr sum_of_outputs(const prss_group *g, const ring *R, prss_domain domain, uint64_t ctr, gr *of_all_sets)
{
	static gr outputs[MAX_PRSS_SETS * 4];
	const unsigned count = prss_output_count(g->t, domain);
	gr sum = GR_ZERO;

	for (unsigned i = 1; i <= g->n; i++) {
		unsigned held = 0;
		prss_outputs(outputs, g->p[i], R, domain, SID, ctr);
		for (unsigned s = 0; s < g->sets; s++)
			if (has(g->A[s], (party)i)) {
				const gr *o = outputs + held++ * count;
				if (first_of(g->A[s]) != i)                  /* all holders say the same */
					for (unsigned j = 0; j < count; j++) assert_gr_equal(R, o[j], of_all_sets[s * count + j]);
				memcpy(of_all_sets + s * count, o, count * sizeof *o);
				if (first_of(g->A[s]) == i) sum = gr_add(R, sum, o[0]);
			}
	}
	return sum;
}

static void shares_lie_on_a_polynomial_with_the_right_secret(void **state)
{
	static gr outputs[MAX_PRSS_SETS * 4];
	static prss_group g;

	(void)state;
	for (const cluster *x = CLUSTERS; x < CLUSTERS + COUNT(CLUSTERS); x++) {
		group_new(&g, x->n, x->t, parties_all(x->n));
		for (unsigned k = 64; k <= 128; k += 64) for (size_t i = 0; i < COUNT(KINDS); i++) {
			const ring *R = ring_of(k, g.d);
			AUTO(code) *c = NULL;
			gr f[MOST_PARTIES];

			assert_ok(code_new(&c, R, x->n, x->t * KINDS[i].times));
			for (uint64_t ctr = 10; ctr < 12; ctr++) {
				join(f, c, &g, R, KINDS[i].draw, ctr, x->t * KINDS[i].times);
				const gr sum = sum_of_outputs(&g, R, KINDS[i].domain, ctr, outputs);
				assert_gr_equal(R, f[0], KINDS[i].domain == PRSS_CHI ? GR_ZERO : sum);
				if (KINDS[i].domain == PRSS_ZETA) assert_true(gr_is_scalar_var(R, f[0]));
				for (party who = 1; who <= x->n; who += 3)
					assert_gr_equal(R, prss_share_of(R, x->n, x->t, who, KINDS[i].domain, outputs),
					                KINDS[i].draw(g.p[who], R, SID, ctr).v);
			}
		}
		group_free(&g);
	}
}

/* Of `samples` words of k bits each, in all of them together and bit by bit at both ends: half are ones, within 5 sigma. */
static void assert_uniform(const u128 *x, size_t samples, unsigned k)
{
	static const int AT[] = { 0, 1, -2, -1 };
	size_t ones = 0;

	for (size_t i = 0; i < samples; i++)
		ones += (size_t)(__builtin_popcountll((uint64_t)x[i]) + __builtin_popcountll((uint64_t)(x[i] >> 64)));
	assert_true(fabs((double)ones - (double)(samples * k) / 2) < 5 * sqrt((double)(samples * k)) / 2);
	for (size_t b = 0; b < COUNT(AT); b++) {
		const unsigned bit = AT[b] < 0 ? k - (unsigned)-AT[b] : (unsigned)AT[b];
		ones = 0;
		for (size_t i = 0; i < samples; i++) ones += x[i] >> bit & 1;
		assert_true(fabs((double)ones - (double)samples / 2) < 5 * sqrt((double)samples) / 2);
	}
}

static void T_PRZS_a_zero_sharing_is_uniform_in_every_other_coefficient(void **state)
{
	enum { SAMPLES = 400 };
	static u128 words[MOST_PARTIES][SAMPLES * GR_MAX_DEGREE];
	static prss_group g;

	(void)state;
	for (size_t x = 0; x < 3; x++) for (unsigned k = 64; k <= 128; k += 64) {
		const unsigned n = CLUSTERS[x].n, t = CLUSTERS[x].t;
		AUTO(code) *c = NULL;
		gr f[MOST_PARTIES];

		group_new(&g, n, t, parties_all(n));
		const ring *R = ring_of(k, g.d);
		assert_ok(code_new(&c, R, n, 2 * t));
		for (unsigned i = 0; i < SAMPLES; i++) {
			join(f, c, &g, R, przs_next, i, 2 * t);
			assert_gr_equal(R, f[0], GR_ZERO);
			for (unsigned a = 1; a <= 2 * t; a++)
				for (unsigned b = 0; b < g.d; b++) words[a][i * g.d + b] = f[a].c[b];
		}
		for (unsigned a = 1; a <= 2 * t; a++) assert_uniform(words[a], SAMPLES * g.d, k);
		group_free(&g);
	}
}

static void secrets_are_uniform(void **state)
{
	enum { SAMPLES = 400 };
	static u128 words[SAMPLES * GR_MAX_DEGREE];
	static prss_group g;

	(void)state;
	group_new(&g, 4, 1, parties_all(4));
	for (unsigned k = 64; k <= 128; k += 64) for (unsigned kind = 0; kind < 2; kind++) {
		const ring *R = ring_of(k, g.d);
		const unsigned d = KINDS[kind].domain == PRSS_ZETA ? 1 : g.d;
		AUTO(code) *c = NULL;
		gr f[MOST_PARTIES];

		assert_ok(code_new(&c, R, 4, 1));
		for (unsigned i = 0; i < SAMPLES; i++) {
			join(f, c, &g, R, KINDS[kind].draw, i, 1);
			for (unsigned b = 0; b < d; b++) words[i * d + b] = f[0].c[b];
		}
		assert_uniform(words, SAMPLES * d, k);
	}
	group_free(&g);
}

/* ---- inputs apart ------------------------------------------------------------------------------------------------------ */

static int by_value(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return x < y ? -1 : x > y;
}

/* Every domain at both widths, counters in pairs, sids one bit apart, two epochs: all words of 64 bits differ. */
static void T_KEYSEP_T_WIDTH_no_two_inputs_share_a_word(void **state)
{
	enum { MOST = 100000 };
	static uint64_t seen[MOST];
	static gr outputs[MAX_PRSS_SETS * 4];
	static prss_group g;
	uint8_t sid[PRSS_SID];
	size_t count = 0;
	prss *other = NULL;
	id32 epoch = ID_DEFAULT_EPOCH;

	(void)state;
	group_new(&g, 7, 2, 1 << 3);
	epoch.b[31] ^= 2;
	assert_ok(group_join(&other, &g, 3, &epoch));
	for (unsigned e = 0; e < 2; e++) for (unsigned s = 0; s < 5; s++) for (unsigned k = 64; k <= 128; k += 64)
		for (size_t i = 0; i < COUNT(KINDS); i++) for (uint64_t ctr = 0; ctr < 4; ctr++) {
			const ring *R = ring_of(k, g.d);
			const unsigned each = prss_output_count(g.t, KINDS[i].domain);

			memcpy(sid, SID, sizeof sid);
			sid[0] ^= (uint8_t)s;                            /* that of s = 1, 2, 4: sid xor domain */
			prss_outputs(outputs, e ? other : g.p[3], R, KINDS[i].domain, sid, ctr);
			for (unsigned o = 0; o < prss_held(other) * each; o++)
				for (unsigned c = 0; c < (KINDS[i].domain == PRSS_ZETA ? 1 : g.d); c++) {
					assert_true(count + 2 <= MOST);
					seen[count++] = (uint64_t)outputs[o].c[c];
					if (k == 128) seen[count++] = (uint64_t)(outputs[o].c[c] >> 64);
				}
		}
	qsort(seen, count, sizeof *seen, by_value);
	for (size_t i = 1; i < count; i++) assert_true(seen[i] != seen[i - 1]);
	prss_free(&other), group_free(&g);
}

static void a_counter_of_64_bits_is_used_whole(void **state)
{
	static prss_group g;
	const ring *R = ring_of(128, 4);

	(void)state;
	group_new(&g, 4, 1, 1 << 1);
	const gr a = prss_next(g.p[1], R, SID, 5).v;
	for (unsigned bit = 0; bit < 64; bit++) assert_false(gr_eq_var(prss_next(g.p[1], R, SID, 5 ^ (uint64_t)1 << bit).v, a));
	group_free(&g);
}

/* Exit by abort() in a child of ours. */
static bool aborts(void (*f)(const prss *p), const prss *p)
{
	int status;
	const pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		signal(SIGABRT, SIG_DFL);
		if (!freopen("/dev/null", "w", stderr)) _exit(2);
		f(p);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

static void publish(const prss *p, prss_domain domain)
{
	static gr outputs[MAX_PRSS_SETS * 4];
	prss_outputs(outputs, p, ring_of(128, 4), domain, SID, 0);
}
static void publish_psi(const prss *p)  { publish(p, PRSS_PSI); }
static void publish_mask(const prss *p) { publish(p, PRSS_PHI); }
static void publish_noise(const prss *p) { publish(p, PRSS_NU); }
static void recompute_mask(const prss *p)
{
	static const gr outputs[4];
	(void)p, prss_share_of(ring_of(128, 4), 4, 1, 1, PRSS_PHI, outputs);
}

static void T_MASKCHECK_outputs_of_a_mask_are_refused(void **state)
{
	static prss_group g;

	(void)state;
	group_new(&g, 4, 1, 1 << 1);
	assert_false(aborts(publish_psi, g.p[1]));
	assert_true(aborts(publish_mask, g.p[1]));
	assert_true(aborts(publish_noise, g.p[1]));
	assert_true(aborts(recompute_mask, g.p[1]));
	group_free(&g);
}

static void without_memory_there_is_an_error_and_no_object(void **state)
{
	static prss_group g;
	prss *p = NULL;
	int n = 0;

	(void)state;
	group_new(&g, 4, 1, 0);
	for (;; n++) {
		allocations_left = n;
		const err e = group_join(&p, &g, 2, &ID_DEFAULT_EPOCH);
		allocations_left = -1;
		if (e == OK) break;
		assert_int_equal(e, ERR_NOMEM);
		assert_null(p);
		err_clear();
	}
	assert_int_equal(n, 4);
	prss_free(&p);
	prss_free(&p);
	group_free(&g);
}

/* ---- the ledger ---------------------------------------------------------------------------------------------------------- */

#ifdef ARCA_CHECKS
static void T_RERUN_the_ledger_sees_a_second_use(void **state)
{
	static prss_group g;
	static gr outputs[MAX_PRSS_SETS * 4];
	const ring *R = ring_of(128, 4), *S = ring_of(64, 4);
	const hash32 h = random_hash();
	uint8_t sid[PRSS_SID] = { 1 };
	u128 w[16] = { 0 };

	(void)state;
	group_new(&g, 4, 1, parties_all(4));
	prss_ledger_reset();
	for (party i = 1; i <= 4; i++)                           /* each party once: different widths, domains, counters, sids */
		for (size_t kind = 0; kind < COUNT(KINDS); kind++)
			for (uint64_t ctr = 0; ctr < 700; ctr++) {
				KINDS[kind].draw(g.p[i], R, SID, ctr);
				KINDS[kind].draw(g.p[i], S, SID, ctr);
				KINDS[kind].draw(g.p[i], R, sid, ctr);
			}
	assert_int_equal(prss_ledger_count(), 4 * 3 * 700 * 3);
	assert_int_equal(prss_ledger_reused(), 0);

	prss_outputs(outputs, g.p[1], R, PRSS_PSI, SID, 5);          /* what was drawn may be published, even twice */
	prss_outputs(outputs, g.p[1], R, PRSS_PSI, SID, 5);
	prss_outputs(outputs, g.p[1], R, PRSS_PSI, SID, 800);
	for (unsigned again = 0; again < 2; again++) prss_mask_add(g.p[1], w, &h, 0, 4);
	assert_int_equal(prss_ledger_count(), 4 * 3 * 700 * 3 + 1 + 4);
	assert_int_equal(prss_ledger_reused(), 0);

	prss_next(g.p[1], R, SID, 800);                              /* what was published may not be drawn */
	assert_int_equal(prss_ledger_reused(), 1);
	prss_next(g.p[2], R, SID, 800);
	assert_int_equal(prss_ledger_reused(), 1);
	prss_free(&g.p[2]);                                          /* nor may a party that starts again draw again */
	assert_ok(group_join(&g.p[2], &g, 2, &ID_DEFAULT_EPOCH));
	prss_z_next(g.p[2], R, SID, 3);
	assert_int_equal(prss_ledger_reused(), 2);
	przs_next(g.p[3], S, SID, 3);
	assert_int_equal(prss_ledger_reused(), 3);
	prss_ledger_reset();
	assert_int_equal(prss_ledger_count() + prss_ledger_reused(), 0);
	prss_z_next(g.p[2], R, SID, 3);
	assert_int_equal(prss_ledger_reused(), 0);
	prss_ledger_reset();
	group_free(&g);
}
#else
static void T_RERUN_the_ledger_sees_a_second_use(void **state) { (void)state, skip(); }
#endif

TESTS(TEST(sets_are_in_lexicographic_order), TEST(the_polynomial_of_a_set_is_1_at_0_and_0_outside),
      TEST(T_KEYSEP_T_WIDTH_the_known_answers_come_out), TEST(shares_lie_on_a_polynomial_with_the_right_secret),
      TEST(T_PRZS_a_zero_sharing_is_uniform_in_every_other_coefficient), TEST(secrets_are_uniform),
      TEST(T_KEYSEP_T_WIDTH_no_two_inputs_share_a_word), TEST(a_counter_of_64_bits_is_used_whole),
      TEST(T_MASKCHECK_outputs_of_a_mask_are_refused), TEST(without_memory_there_is_an_error_and_no_object),
      TEST(T_RERUN_the_ledger_sees_a_second_use))
