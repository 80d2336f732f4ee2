/* SPDX-License-Identifier: MIT */
/*
 * tests/ct/ct.h -- what the constant-time tests share: secrets, and the list of what they run.
 *
 * Each test marks secrets, runs a function on them and declassifies what it compares.  Meaningful under valgrind (suite ct).
 */
#ifndef ARCA_TESTS_CT_H
#define ARCA_TESTS_CT_H

#include "tests/test.h"

/* CT_COVERS(f, g): the test below runs f and g.  CT_REACHES(outer, f, g): it runs outer, which runs f and g.  They make sure
 * that the functions exist; tools/secret-entries reads them and finds what is missing. */
#define CT_COVERS(...) CT_NAMED(__LINE__, __VA_ARGS__)
#define CT_REACHES(...) CT_NAMED(__LINE__, __VA_ARGS__)
#define CT_NAMED(line, ...) CT_NAMED_AT(line, __VA_ARGS__)
#define CT_NAMED_AT(line, ...) __attribute__((unused)) static const void *const ct_named_##line[] = { __VA_ARGS__ }

static inline void ct_fill_secret(void *ctx, uint8_t *out, size_t n)
{
	(void)ctx;
	rng_fill(test_rng(), out, n);
	SECRET(out, n);
}

/* Every byte that it gives is secret. */
static const rng CT_SECRET_RNG = { NULL, ct_fill_secret };

#define DECLASSIFY_RESULT(p, n) DECLASSIFY(p, n, "a test compares its result")

#endif
