/* SPDX-License-Identifier: MIT */
/* tests/cli/bench_test.c -- what is said of samples, and which rows a name means.  What rows measure is not tested. */
#include "bench/bench.h"
#include "tests/test.h"

static const bench_options OPTIONS = { .seconds = 0 };

static err take_some(bench *b)
{
	static const double SAMPLES[] = { 7, 1, 4, 2, 10, 3, 6, 5, 9, 8 };

	for (size_t i = 0; i < COUNT(SAMPLES); i++) bench_take(b, SAMPLES[i]);
	if (b->row->arg[0]) b->quantile = b->row->arg[0] / 100.0;
	bench_variant(b, "fast");
	bench_variant(b, "insecure-%s", "key");
	b->threads = 3;
	return OK;
}

static void the_figure_is_the_quantile_that_the_row_wants(void **state)
{
	(void)state;
	static const struct { unsigned percent; double value; } CASES[] =
		{ { 0, 5 }, { 1, 1 }, { 50, 5 }, { 90, 9 }, { 99, 10 }, { 100, 10 } };

	for (size_t i = 0; i < COUNT(CASES); i++) {
		const bench_row row = { "row", "ms", "a row", take_some, { CASES[i].percent } };
		bench_result r;
		assert_ok(bench_run(&r, &row, NULL, &OPTIONS));
		assert_true(r.value == CASES[i].value && r.min == 1 && r.median == 5);
		assert_true(r.runs == 10 && r.threads == 3 && r.row == &row);
		assert_string_equal(r.variant, "fast, insecure-key");
	}
}

static err spend(void *ctx)
{
	unsigned *calls = ctx;
	volatile unsigned x = 0;

	(*calls)++;
	while (x < 20000) x = x + 1;
	return OK;
}

static err measure_both_ways(bench *b)
{
	unsigned calls = 0;

	TRY(bench_measure(b, BENCH_THREAD, 100, spend, &calls));
	assert_int_equal(calls, b->samples + 1);         /* the first warms up */
	return OK;
}

/* The same work in different units: times are of one item, rates of items. */
static void units_are_of_one_item_or_of_items_in_a_second(void **state)
{
	(void)state;
	static const struct { const char *unit; double least, most; } CASES[] = {
		{ "ns", 1e-2, 1e7 }, { "us", 1e-5, 1e4 }, { "ms", 1e-8, 10 }, { "s", 1e-11, 1e-2 }, { "1/s", 1e2, 1e11 },
		{ "euint64/s", 1e2, 1e11 }, { "GB/s", 1e-7, 1e2 },
	};

	for (size_t i = 0; i < COUNT(CASES); i++) {
		const bench_row row = { "row", CASES[i].unit, "a row", measure_both_ways, { 0 } };
		bench_result r;
		assert_ok(bench_run(&r, &row, NULL, &OPTIONS));
		assert_true(r.runs >= 5 && r.value > CASES[i].least && r.value < CASES[i].most);
	}
}

static err fail_here(void *ctx)
{
	(void)ctx;
	return err_fail(ERR_INTERNAL, "the result is wrong");
}

static err measure_what_fails(bench *b)
{
	return bench_measure(b, BENCH_WALL, 1, fail_here, NULL);
}

static err measure_nothing(bench *b)
{
	(void)b;
	return OK;
}

static void a_row_that_fails_or_measures_nothing_is_an_error_with_its_name(void **state)
{
	(void)state;
	const bench_row failing = { "some/row", "ms", "a row", measure_what_fails, { 0 } };
	const bench_row empty = { "no/row", "ms", "a row", measure_nothing, { 0 } };
	bench_result r;

	err e = bench_run(&r, &failing, NULL, &OPTIONS);
	assert_string_equal(err_text(), "some/row: the result is wrong");
	assert_err(ERR_INTERNAL, e);
	e = bench_run(&r, &empty, NULL, &OPTIONS);
	assert_string_equal(err_text(), "no/row: nothing was measured");
	assert_err(ERR_INTERNAL, e);
}

static void a_name_means_its_row_or_all_rows_before_a_slash(void **state)
{
	(void)state;
	const bench_row row = { "ddec-packed/128", "us", "a row", measure_nothing, { 0 } };

	assert_true(bench_is_named(&row, "ddec-packed/128") && bench_is_named(&row, "ddec-packed"));
	assert_false(bench_is_named(&row, "ddec-packed/12") || bench_is_named(&row, "ddec") || bench_is_named(&row, "") ||
	             bench_is_named(&row, "ddec-packed/128/1") || bench_is_named(&row, "ddec-packed/"));
}

/* Names are given by scripts; no two rows share one. */
static void every_row_has_a_name_of_its_own_a_unit_and_a_sentence(void **state)
{
	(void)state;
	for (const bench_group *const *g = BENCH_GROUPS; *g; g++)
		for (size_t i = 0; i < (*g)->rows; i++) {
			const bench_row *r = &(*g)->row[i];
			assert_true(*r->name && *r->unit && *r->line && r->run);
			for (const bench_group *const *h = BENCH_GROUPS; *h; h++)
				for (size_t k = 0; k < (*h)->rows; k++)
					assert_true(r == &(*h)->row[k] || strcmp(r->name, (*h)->row[k].name) != 0);
		}
	assert_ptr_equal(BENCH_GROUPS[0], &BENCH_CALIBRATION);
}

TESTS(TEST(the_figure_is_the_quantile_that_the_row_wants), TEST(units_are_of_one_item_or_of_items_in_a_second),
      TEST(a_row_that_fails_or_measures_nothing_is_an_error_with_its_name), TEST(a_name_means_its_row_or_all_rows_before_a_slash),
      TEST(every_row_has_a_name_of_its_own_a_unit_and_a_sentence))
