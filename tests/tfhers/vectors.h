/* SPDX-License-Identifier: MIT */
/* tests/tfhers/vectors.h -- known files of TFHE-rs and small changes to them. */
#ifndef ARCA_TESTS_TFHERS_VECTORS_H
#define ARCA_TESTS_TFHERS_VECTORS_H

#include "tests/test.h"
#include "tfhers/tables.h"
#include "tfhers/tfhers.h"

enum { VECTOR_ROOM = 64 << 20 };

static inline buf vector(const char *name)
{
	char path[128];
	snprintf(path, sizeof path, "tfhe/%s", name);
	return test_read(test_vector(path));
}

/* The sentence of a refusal must say `word`; clears it. */
#define assert_refused(word, e) do { \
	err e_ = (e); \
	assert_int_equal(e_, ERR_REQUEST); \
	if (!strstr(err_text(), word)) fail_msg("\"%s\" does not say \"%s\"", err_text(), word); \
	err_clear(); } while (0)

#define assert_same_bytes(a, b) do { \
	slice a_ = (a), b_ = (b); \
	assert_int_equal(a_.n, b_.n); \
	assert_memory_equal(a_.p, b_.p, b_.n); } while (0)

#endif
