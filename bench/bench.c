/* SPDX-License-Identifier: MIT */
/* bench/bench.c -- samples and what is said of them. */
#include "bench/bench.h"
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <time.h>
#include "base/cpu.h"

enum { LEAST_RUNS = 5, MOST_RUNS = 1000000 };

double bench_seconds(bench_clock clock)
{
	struct timespec t;

	clock_gettime(clock == BENCH_WALL ? CLOCK_MONOTONIC : CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

void bench_take(bench *b, double sample)
{
	if (b->samples == b->room) {
		b->room = b->room ? 2 * b->room : 64;
		b->sample = reallocarray(b->sample, b->room, sizeof *b->sample);
		ASSERT(b->sample);
	}
	b->sample[b->samples++] = sample;
}

void bench_variant(bench *b, const char *format, ...)
{
	char text[128];
	va_list list;

	va_start(list, format);
	vsnprintf(text, sizeof text, format, list);
	va_end(list);
	buf_printf(&b->variant, "%s%s", b->variant.n ? ", " : "", text);
}

/* Seconds for so many items, in the unit. */
static double in_unit(const char *unit, double seconds, size_t items)
{
	static const struct { const char *name; double a_second; } TIMES[] =
		{ { "ns", 1e9 }, { "us", 1e6 }, { "ms", 1e3 }, { "s", 1 } };

	for (size_t i = 0; i < COUNT(TIMES); i++)
		if (strcmp(unit, TIMES[i].name) == 0) return seconds * TIMES[i].a_second / (double)items;
	ASSERT(strlen(unit) > 2 && strcmp(unit + strlen(unit) - 2, "/s") == 0);
	return (double)items / seconds * (strcmp(unit, "GB/s") == 0 ? 1e-9 : 1);
}

err bench_measure(bench *b, bench_clock clock, size_t items, err (*body)(void *ctx), void *ctx)
{
	TRY(body(ctx));
	const double until = bench_seconds(BENCH_WALL) + b->options->seconds;
	for (size_t i = 0; i < LEAST_RUNS || (i < MOST_RUNS && bench_seconds(BENCH_WALL) < until); i++) {
		const double began = bench_seconds(clock);
		TRY(body(ctx));
		bench_take(b, in_unit(b->row->unit, bench_seconds(clock) - began, items));
	}
	return OK;
}

static int by_size(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

/* The smallest sample that at least this part of all do not exceed. */
static double quantile(const bench *b, double part)
{
	const double rank = ceil(part * (double)b->samples);
	return b->sample[rank < 1 ? 0 : (size_t)rank - 1];
}

err bench_run(bench_result *out, const bench_row *row, void *state, const bench_options *o)
{
	bench b = { .options = o, .row = row, .state = state, .quantile = 0.5, .threads = 1 };

	err e = row->run(&b);
	if (e == OK && b.samples == 0) e = err_fail(ERR_INTERNAL, "nothing was measured");
	if (e != OK) err_context("%s: ", row->name);
	if (e == OK) {
		qsort(b.sample, b.samples, sizeof *b.sample, by_size);
		*out = (bench_result){ .row = row, .value = quantile(&b, b.quantile), .min = b.sample[0],
		                       .median = quantile(&b, 0.5), .runs = b.samples, .threads = b.threads };
		snprintf(out->variant, sizeof out->variant, "%s", buf_str(&b.variant));
	}
	free(b.sample);
	buf_free(&b.variant);
	return e;
}

const char *bench_cpu(void)
{
	return cpu_allows(CPU_AVX512) ? "avx512" : cpu_allows(CPU_AVX2) ? "avx2" : "portable";
}

bool bench_is_named(const bench_row *row, const char *name)
{
	const size_t n = strlen(name);

	return strncmp(row->name, name, n) == 0 && (row->name[n] == '\0' || row->name[n] == '/');
}
