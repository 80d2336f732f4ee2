/* SPDX-License-Identifier: MIT */
/* tests/cli/bench_test.c -- what is said of samples, which rows a name means, what is seen of a key generation and said of others. */
#include "bench/dkg.h"
#include "cli/bench_dkg_run.h"
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

/* ---- keys that parties make together ------------------------------------------------------------------------------- */

static dkg_sight sight(double at_s, const char *step, double done)
{
	dkg_sight s = { .at_s = at_s, .core_s = 2 * at_s, .bytes = 100 * at_s, .step = { .done = done } };

	snprintf(s.step.step, sizeof s.step.step, "%s", step);
	return s;
}

static void a_phase_ends_when_the_next_is_first_seen(void **state)
{
	(void)state;
	const dkg_sight seen[] = {
		sight(1, "", 0), sight(2, "prepared", 0.5), sight(3, "prepared", 1), sight(4, "", 0), sight(5, "made", 0.1),
		sight(6, "made", 0.999), sight(7, "made", 1), sight(8, "made", 1), sight(9, "", 0), sight(10, "unpacked", 1),
		sight(11, "made", 1),
	};
	dkg_watched w = { 0 };

	for (size_t i = 0; i < COUNT(seen); i++) {
		dkg_watch_saw(&w, &seen[i]);
		assert_true(w.has[DKG_PREPROCESSING] == (i >= 4) && w.has[DKG_GENERATION] == (i >= 6) && w.has[DKG_TRIAL] == (i >= 8));
	}
	assert_true(w.end[DKG_PREPROCESSING].at_s == 5 && w.end[DKG_GENERATION].at_s == 7 && w.end[DKG_TRIAL].at_s == 9);
	assert_true(w.end[DKG_TRIAL].core_s == 18 && w.end[DKG_TRIAL].bytes == 900);
}

static void a_key_that_was_dealt_or_given_up_has_not_all_phases(void **state)
{
	(void)state;
	const dkg_sight dealt[] = { sight(1, "dealt", 0.5), sight(2, "dealt", 1), sight(3, "", 0) },
		given_up[] = { sight(1, "prepared", 1), sight(2, "made", 0.5), sight(3, "", 0) };
	dkg_watched w = { 0 }, v = { 0 };

	for (size_t i = 0; i < 3; i++) dkg_watch_saw(&w, &dealt[i]), dkg_watch_saw(&v, &given_up[i]);
	assert_false(w.has[DKG_PREPROCESSING] || w.has[DKG_GENERATION] || w.has[DKG_TRIAL]);
	assert_true(v.has[DKG_PREPROCESSING] && !v.has[DKG_GENERATION] && !v.has[DKG_TRIAL]);
}

static const dkg_prices FREE = { { 0 }, { 0 } }, DEAR = { { 1, 2 }, { 3, 4 } };

/* On one core, with a wire that takes no time, for the same parties at the same prices: what was measured. */
static void a_forecast_of_what_was_measured_is_what_was_measured(void **state)
{
	(void)state;
	const dkg_machine one = { 1, 1e30 };
	const dkg_prices fair = { { 1e-7, 2e-7 }, { 1e-7, 3e-7 } };
	const dkg_spent spent = { 4, 1, 200, 50, 7 };
	const dkg_forecast f = dkg_forecast_of(&PARAMS_DEFAULT, 4, 1, &one, &spent, &fair, &fair);
	const double sum = f.computing_s + f.sending_s + f.trial_s;

	assert_true(sum > 256.999 && sum < 257.001 && f.trial_s == 7);
	assert_true(f.bytes > 36.6e9 && f.bytes < 36.8e9);
}

static void a_forecast_grows_with_parties_and_prices_and_shrinks_with_cores_and_wires(void **state)
{
	(void)state;
	static const dkg_machine SMALL = { 1, 1e8 }, CORES = { 2, 1e8 }, MORE_CORES = { 64, 1e8 }, WIRE = { 1, 2e8 };
	const dkg_spent spent = { 4, 1, 1, 1, 1 };
	const lat_params *p = &PARAMS_TEST;
	const dkg_forecast f = dkg_forecast_of(p, 4, 1, &SMALL, &spent, &FREE, &DEAR),
		parties = dkg_forecast_of(p, 13, 4, &SMALL, &spent, &FREE, &DEAR), price = dkg_forecast_of(p, 4, 1, &SMALL, &spent, &FREE, &FREE),
		cores = dkg_forecast_of(p, 4, 1, &CORES, &spent, &FREE, &DEAR), more = dkg_forecast_of(p, 4, 1, &MORE_CORES, &spent, &FREE, &DEAR),
		wire = dkg_forecast_of(p, 4, 1, &WIRE, &spent, &FREE, &DEAR);

	assert_true(parties.bytes > 4 * f.bytes && parties.bytes < 4.5 * f.bytes);
	assert_true(price.computing_s == 1 && f.computing_s > 1e5 && cores.computing_s == f.computing_s / 2);
	assert_true(more.computing_s == f.computing_s / 4);          /* as many as there are lanes */
	assert_true(wire.bytes == f.bytes && f.sending_s == 1 && wire.sending_s == 1 && parties.sending_s > 4);
}

/* A wire that is slower than what feeds it sets the pace. */
static void a_slow_wire_is_waited_for(void **state)
{
	(void)state;
	const dkg_machine slow = { 64, 1e6 };
	const dkg_spent spent = { 4, 1, 1, 1, 1 };
	const dkg_forecast f = dkg_forecast_of(&PARAMS_TEST, 4, 1, &slow, &spent, &FREE, &FREE);

	assert_true(f.sending_s > 33 && f.sending_s < 34 && f.sending_s == f.bytes / 1e6);
}

TESTS(TEST(the_figure_is_the_quantile_that_the_row_wants), TEST(units_are_of_one_item_or_of_items_in_a_second),
      TEST(a_row_that_fails_or_measures_nothing_is_an_error_with_its_name), TEST(a_name_means_its_row_or_all_rows_before_a_slash),
      TEST(every_row_has_a_name_of_its_own_a_unit_and_a_sentence), TEST(a_phase_ends_when_the_next_is_first_seen),
      TEST(a_key_that_was_dealt_or_given_up_has_not_all_phases), TEST(a_forecast_of_what_was_measured_is_what_was_measured),
      TEST(a_forecast_grows_with_parties_and_prices_and_shrinks_with_cores_and_wires), TEST(a_slow_wire_is_waited_for))
