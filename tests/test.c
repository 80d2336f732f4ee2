/* SPDX-License-Identifier: MIT */
/* tests/test.c -- options, seeds and paths shared by all test programs. */
#include "tests/test.h"
#include "base/file.h"
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static uint64_t seed = 20260101;

/* splitmix64: good enough to choose inputs, and readable. */
static void fill(void *ctx, uint8_t *out, size_t n)
{
	uint64_t *s = ctx;
	for (size_t i = 0; i < n; i++) {
		*s += 0x9e3779b97f4a7c15u;
		uint64_t z = *s;
		z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
		z = (z ^ z >> 27) * 0x94d049bb133111ebu;
		out[i] = (uint8_t)(z ^ z >> 31);
	}
}

const rng *test_rng(void)
{
	static const rng r = { &seed, fill };
	return &r;
}

uint64_t test_below(uint64_t bound)
{
	return rng_u64(test_rng()) % bound;
}

bool test_is_long(void) { return getenv("ARCA_LONG"); }
bool test_is_short(void) { return getenv("ARCA_SHORT") && !test_is_long(); }

void until_(bool done, unsigned *turns, const char *what)
{
	enum { MOST_TURNS = 100000, PAUSE_US = 1000 };

	if (!done && ++*turns > MOST_TURNS) fail_msg("does not come: %s", what);
	if (!done) usleep(PAUSE_US);
}

const char *test_vector(const char *name)
{
	static char path[1024];
	const char *top = getenv("ARCA_VECTORS");
	snprintf(path, sizeof path, "%s/%s", top ? top : ARCA_SOURCE_DIR "/../shared/vectors", name);
	return path;
}

buf test_read(const char *path)
{
	buf b = { 0 };
	assert_ok(file_read(&b, path, (size_t)1 << 32));
	return b;
}

int test_main(int argc, char **argv, const char *file, const struct CMUnitTest *tests, size_t n)
{
	return test_main_with(argc, argv, file, tests, n, NULL, NULL);
}

int test_main_with(int argc, char **argv, const char *file, const struct CMUnitTest *tests, size_t n,
                   CMFixtureFunction before, CMFixtureFunction after)
{
	const char *only = NULL;

	for (int i = 1; i + 1 < argc; i += 2) {
		if (strcmp(argv[i], "--only") == 0) only = argv[i + 1];
		else if (strcmp(argv[i], "--seed") == 0) seed = strtoull(argv[i + 1], NULL, 0);
	}
	fprintf(stderr, "# %s --seed %llu\n", file, (unsigned long long)seed);
	if (only) cmocka_set_test_filter(only);
	return _cmocka_run_group_tests(file, tests, n, before, after);
}
