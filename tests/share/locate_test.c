/* SPDX-License-Identifier: MIT */
/* tests/share/locate_test.c -- wrong places over the residue fields, by three decoders. */
#include "tests/test.h"
#include "share/locate.h"
#include "share/oracle.h"

enum { MOST = 15 };

static void random_codeword(gf *z, const gf_field *K, unsigned n, unsigned D)
{
	gf f[MOST];

	for (unsigned a = 0; a <= D; a++) f[a] = (gf)test_below(K->size);
	for (unsigned i = 1; i <= n; i++) z[i] = gf_eval_var(K, f, D, (gf)i);
}

static party_set random_parties(unsigned n, unsigned chance_in_16)
{
	party_set s = 0;

	for (party i = 1; i <= n; i++)
		if (test_below(16) < chance_in_16) add_to(&s, i);
	return s;
}

static void every_pattern_within_the_bound_is_found(void **state)
{
	const gf_field *K = gf_of(4);
	const unsigned n = 13, D = 4, bound = 4;

	(void)state;
	for (party_set liars = 2; liars <= parties_all(n); liars += 2) {
		gf z[MOST + 1];

		if (size_of_set(liars) > bound) continue;
		random_codeword(z, K, n, D);
		FOR_EACH_IN(i, liars) z[i] ^= (gf)(1 + test_below(15));
		assert_int_equal(locate_errors_var(K, D, z, parties_all(n), bound), liars);
		if (size_of_set(liars) > 1)
			assert_int_equal(locate_errors_var(K, D, z, parties_all(n), size_of_set(liars) - 1), 0);
	}
}

/* Any word, any set of places, any bound: what the two slow decoders agree on. */
static void three_decoders_have_one_opinion(void **state)
{
	unsigned decoded = 0;

	(void)state;
	for (unsigned round = 0; round < 20000; round++) {
		const unsigned d = 3 + (unsigned)test_below(6), n = d == 3 ? 7 : MOST, D = (unsigned)test_below(n - 2);
		const gf_field *K = gf_of(d);
		const party_set G = random_parties(n, 14), liars = random_parties(n, (unsigned)test_below(8));
		gf z[MOST + 1] = { 0 }, f[MOST], g[MOST];
		party_set off = 0;

		if (size_of_set(G) < D + 1) continue;
		random_codeword(z, K, n, D);
		FOR_EACH_IN(i, liars) z[i] ^= (gf)(1 + test_below(K->size - 1));
		const unsigned at_most = (unsigned)test_below((size_of_set(G) - D - 1) / 2 + 1);
		const bool ok = oracle_welch_var(f, K, D, z, G, at_most);

		assert_int_equal(oracle_gao_var(g, K, D, z, G, at_most), ok);
		if (size_of_set(liars & G) <= at_most) assert_true(ok);
		if (ok) {
			assert_memory_equal(f, g, D + 1);
			FOR_EACH_IN(i, G) if (gf_eval_var(K, f, D, i) != z[i]) add_to(&off, i);
			assert_true(size_of_set(off) <= at_most);
			decoded++;
		}
		assert_int_equal(locate_errors_var(K, D, z, G, at_most), off);
	}
	assert_in_range(decoded, 3000, 17000);
}

TESTS(TEST(every_pattern_within_the_bound_is_found), TEST(three_decoders_have_one_opinion))
