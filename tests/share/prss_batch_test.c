/* SPDX-License-Identifier: MIT */
/* tests/share/prss_batch_test.c -- whole ranges of counters: the values that come one by one, in every variant. */
#include "tests/share/prss_keys.h"
#include "tests/base/scarce.h"
#include "base/cpu.h"
#include "share/prss_batch_state.h"
#include <stdlib.h>

enum { MOST = 80 };

#define FOR_EACH_KERNEL(k, b) \
	for (const batch_kernel *const *at_##k = BATCH_ALL, *k; (k = *at_##k) != NULL; at_##k++) if (batch_serves(k, b))

/* Against prss_z_next and przs_next, of which each is a sum over all sets of its own. */
static void assert_values(const batch_kernel *k, const prss_batch *b, const prss *p, prss_domain domain, unsigned width,
                          uint64_t first, size_t count)
{
	static u128 out[(MOST + 1) * GR_MAX_DEGREE];
	const ring *R = ring_of(width, p->d);
	uint8_t sid[PRSS_SID], right[GR_MAX_BYTES], got[GR_MAX_BYTES], beyond[sizeof(u128)];

	rng_fill(test_rng(), sid, sizeof sid);
	memset(out, 0x5a, sizeof out);
	memset(beyond, 0x5a, sizeof beyond);
	prss_many_by(k, b, R, domain, out, sid, first, count);
	for (size_t i = 0; i < count; i++) {
		const gr v = (domain == PRSS_ZETA ? prss_z_next : przs_next)(p, R, sid, first + i).v;
		gr_write(R, right, v);
		memcpy(got, (uint8_t *)out + i * R->bytes, R->bytes);
		assert_memory_equal(got, right, R->bytes);
	}
	assert_memory_equal((uint8_t *)out + count * R->bytes, beyond, sizeof beyond);
}

static void assert_all_alike(const prss_batch *b, const prss *p, size_t most)
{
	for (unsigned width = 64; width <= 128; width += 64)
		for (unsigned i = 0; i < 6; i++) {
			const uint64_t first = i < 2 ? i : i == 2 ? ((uint64_t)1 << 40) - 3 : rng_u64(test_rng()) >> 1;
			const size_t count = i < 2 ? most - 3 * i : test_below(most + 1);
			FOR_EACH_KERNEL(k, b) {
				assert_values(k, b, p, PRSS_ZETA, width, first, count);
				assert_values(k, b, p, PRSS_CHI, width, first, count);
			}
		}
}

static void a_range_is_what_comes_one_by_one_in_every_variant(void **state)
{
	static const cluster MORE[] = { { 13, 4 }, { 15, 4 }, { 19, 3 }, { 24, 3 }, { 31, 2 }, { 32, 1 } };
	static prss_group g;

	(void)state;
	for (size_t x = 0; x < COUNT(CLUSTERS) + COUNT(MORE); x++) {
		const cluster *c = x < COUNT(CLUSTERS) ? &CLUSTERS[x] : &MORE[x - COUNT(CLUSTERS)];
		const party me = (party)(1 + test_below(c->n));
		AUTO(prss_batch) *b = NULL;
		group_new(&g, c->n, c->t, (party_set)1 << me);
		assert_ok(prss_batch_new(&b, g.p[me]));
		assert_true(b->fit);
		assert_ptr_equal(prss_batch_of(b), g.p[me]);
		assert_all_alike(b, g.p[me], g.p[me]->held > 100 ? 20 : MOST);
		group_free(&g);
	}
}

/* Where vectors serve, they do so for every party: their weights are of one or two digits. */
static void the_weights_of_every_party_of_up_to_thirteen_are_small(void **state)
{
	static const cluster UP_TO_13[] = { { 4, 1 }, { 5, 1 }, { 7, 2 }, { 8, 2 }, { 10, 3 }, { 13, 3 }, { 13, 4 } };
	static prss_group g;

	(void)state;
	for (size_t x = 0; x < COUNT(UP_TO_13); x++) {
		group_new(&g, UP_TO_13[x].n, UP_TO_13[x].t, parties_all(UP_TO_13[x].n));
		for (party i = 1; i <= g.n; i++) {
			AUTO(prss_batch) *b = NULL;
			assert_ok(prss_batch_new(&b, g.p[i]));
			assert_true(b->vector);
			for (unsigned s = 0; s < g.p[i]->held * 16; s++) assert_true(abs(b->weight[s]) <= 120);
		}
		group_free(&g);
	}
}

static void every_degree_is_served(void **state)
{
	static uint8_t r[MAX_PRSS_SETS][PRSS_KEY];

	(void)state;
	for (unsigned d = GR_MIN_DEGREE; d <= GR_MAX_DEGREE; d++) {
		AUTO(prss) *p = NULL;
		AUTO(prss_batch) *b = NULL;
		rng_fill(test_rng(), r, sizeof r);
		assert_ok(prss_new(&p, 7, 2, d, 5, &ID_DEFAULT_EPOCH, r));
		assert_ok(prss_batch_new(&b, p));
		assert_true(b->fit);
		assert_all_alike(b, p, MOST);
	}
}

/* Limbs at their extremes and weights of one sign, as large as is allowed. */
static void no_sum_overflows_at_the_bound(void **state)
{
	enum { HELD = 8, EACH = 65535 / HELD / 4 };
	static _Alignas(64) uint8_t block[4 * HELD][AES_BLOCK], sum[BATCH_SUM];
	static gr of_one[HELD];
	AUTO(prss_batch) *b = NULL;
	static prss_group g;

	(void)state;
	group_new(&g, 5, 1, parties_all(5));
	assert_ok(prss_batch_new(&b, g.p[1]));
	prss fake = *g.p[1];
	prss_batch large = *b;
	int16_t weight[HELD * 16];
	_Alignas(64) int32_t chi[2 * 2 * 4 * 16], zeta[4 * 16];
	fake.held = HELD, fake.quads = 2, fake.weight = of_one;
	large.p = &fake, large.weight = weight, large.chi = chi, large.zeta = zeta;
	for (int sign = -1; sign <= 1; sign += 2) for (unsigned ones = 0; ones < 2; ones++) for (unsigned kind = 0; kind < 4; kind++) {
		u128 right[2 * GR_MAX_DEGREE] = { 0 }, got[2 * GR_MAX_DEGREE] = { 0 };
		for (unsigned i = 0; i < COUNT(weight); i++) weight[i] = (int16_t)(sign * EACH);
		for (unsigned i = 0; i < COUNT(chi); i++) chi[i] = (int32_t)((uint16_t)(sign * EACH) * 0x10001u);
		for (unsigned i = 0; i < COUNT(zeta); i++) zeta[i] = chi[0];
		for (unsigned c = 0; c < 4; c++) large.start[0][c] = (u128)(sign * EACH * HELD), large.start[1][c] = 4 * large.start[0][c];
		memset(block, ones ? 0xff : 0, sizeof block);
		BATCH_PORTABLE.add(sum, 1, true, &large, (batch_kind)kind, block[0], 0, 2);
		BATCH_PORTABLE.total(right, sum, 1, &large, (batch_kind)kind);
		const bool narrow = kind == BATCH_CHI_64 || kind == BATCH_ZETA_64;
		FOR_EACH_KERNEL(k, &large) {
			k->add(sum, 1, true, &large, (batch_kind)kind, block[0], 0, 2);
			k->total(got, sum, 1, &large, (batch_kind)kind);
			for (unsigned c = 0; c < (kind == BATCH_ZETA_64 ? 8 : 4); c++)
				assert_true(narrow ? (uint64_t)got[c] == (uint64_t)right[c] : got[c] == right[c]);
		}
	}
	group_free(&g);
}

static void where_weights_are_not_small_the_wide_ones_serve(void **state)
{
	AUTO(prss_batch) *b = NULL;
	static prss_group g;

	(void)state;
	group_new(&g, 5, 1, parties_all(5));
	const gr kept = g.p[2]->weight[1];
	g.p[2]->weight[1].c[0] ^= (u128)1 << 90;
	assert_ok(prss_batch_new(&b, g.p[2]));
	assert_false(b->fit);
	assert_null(batch_chosen(b));
	for (unsigned width = 64; width <= 128; width += 64) {
		assert_values(NULL, b, g.p[2], PRSS_ZETA, width, 5, 9);
		assert_values(NULL, b, g.p[2], PRSS_CHI, width, 5, 9);
	}
	g.p[2]->weight[1] = kept;
	group_free(&g);
}

static void without_memory_there_are_no_tables(void **state)
{
	static prss_group g;

	(void)state;
	group_new(&g, 4, 1, parties_all(4));
	for (int left = 0;; left++) {
		AUTO(prss_batch) *b = NULL;
		allocations_left = left;
		const err e = prss_batch_new(&b, g.p[3]);
		allocations_left = -1;
		if (e == OK) {
			assert_int_equal(left, 5);
			break;
		}
		assert_int_equal(e, ERR_NOMEM);
		assert_null(b);
		err_clear();
	}
	group_free(&g);
}

/* Each counter of a range is one use, with its width. */
static void T_RERUN_a_range_is_in_the_ledger(void **state)
{
	(void)state;
#ifdef ARCA_CHECKS
	static const uint8_t SID[PRSS_SID] = { 9 };
	static u128 out[64 * 4];
	AUTO(prss_batch) *b = NULL;
	static prss_group g;

	group_new(&g, 4, 1, parties_all(4));
	assert_ok(prss_batch_new(&b, g.p[1]));
	prss_ledger_reset();
	prss_z_many(b, ring_of(128, 4), out, SID, 0, 64);
	przs_many(b, ring_of(128, 4), out, SID, 0, 64);
	prss_z_many(b, ring_of(64, 4), out, SID, 0, 64);
	prss_z_many(b, ring_of(128, 4), out, SID, 64, 10);
	assert_int_equal(prss_ledger_count(), 3 * 64 + 10);
	assert_int_equal(prss_ledger_reused(), 0);
	prss_z_next(g.p[1], ring_of(128, 4), SID, 73);
	assert_int_equal(prss_ledger_reused(), 1);
	prss_z_many(b, ring_of(64, 4), out, SID, 63, 2);
	assert_int_equal(prss_ledger_reused(), 2);
	group_free(&g);
#else
	skip();
#endif
}

TESTS(TEST(a_range_is_what_comes_one_by_one_in_every_variant), TEST(the_weights_of_every_party_of_up_to_thirteen_are_small),
      TEST(every_degree_is_served), TEST(no_sum_overflows_at_the_bound), TEST(where_weights_are_not_small_the_wide_ones_serve),
      TEST(without_memory_there_are_no_tables), TEST(T_RERUN_a_range_is_in_the_ledger))
