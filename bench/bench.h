/* SPDX-License-Identifier: MIT */
/*
 * bench/bench.h -- how fast arca is on this machine, row by row.  `arca bench` prints it.
 *
 * A row is a value: name, unit, sentence, and a function that prepares what it needs, measures once, and releases.  Rows
 * that belong together are a group, a file here, which may prepare something costly for all of them.  To add a row: write
 * it in its group's file; to add a group: a file, and a line in table.c.
 *
 *   bench_measure   calls a body again and again, and takes the time of each call: kernels, by the clock of the thread,
 *                   so that neighbours do not count, or by the wall's where other threads work
 *   bench_take      a sample that the row has measured itself
 *
 * What is quoted is the median; the calibration rows (cal/...) say what the machine was like at that time, and figures of
 * different machines are compared by them.  What a row measures it also checks: a wrong result is an error, not a figure.
 */
#ifndef ARCA_BENCH_BENCH_H
#define ARCA_BENCH_BENCH_H

#include "base/base.h"

typedef struct bench_options {
	double   seconds;              /* of measuring, for each row                          */
	unsigned threads;              /* for rows whose sentence speaks of threads, and ...  */
	unsigned parties;              /* ... of parties; 0: what suits the row               */
	void   (*tell)(const char *sentence);    /* progress, for people; may be NULL         */
} bench_options;

/* One row being measured. */
typedef struct bench {
	const bench_options    *options;
	const struct bench_row *row;
	void     *state;               /* of the group */
	double   *sample;
	size_t    samples, room;
	double    quantile;            /* which of the samples is quoted: 0.5                 */
	unsigned  threads;             /* that were used: 1 unless the row says otherwise     */
	buf       variant;
} bench;

/* Units of bench_measure: ns, us, ms, s are times of one item; GB/s, with bytes for items, and whatever else ends in "/s" are
 * items in a second.  Samples that a row takes itself are in its unit. */
typedef struct bench_row {
	const char *name, *unit, *line;
	err       (*run)(bench *b);
	unsigned    arg[2];            /* what rows of one function differ in */
} bench_row;

typedef struct bench_group {
	const bench_row *row;
	size_t    rows;
	err     (*open)(void **state, const bench_options *o);        /* NULL: nothing to share */
	void    (*close)(void *state);
} bench_group;

/* Every group of this room, the calibration first; ends with NULL. */
extern const bench_group *const BENCH_GROUPS[];
extern const bench_group BENCH_CALIBRATION, BENCH_RING, BENCH_SHARE, BENCH_DKG, BENCH_SEAL, BENCH_RPC, BENCH_TKMS, BENCH_KEYGEN, BENCH_ONLINE, BENCH_LATTICE,
	BENCH_BOOTSTRAP, BENCH_SWITCH, BENCH_DELEGATE;

typedef struct bench_result {
	const bench_row *row;
	double   value, min, median;   /* in the row's unit */
	size_t   runs;
	unsigned threads;
	char     variant[128];          /* "avx2", "insecure-key": what else decides the figure; "" if nothing does */
} bench_result;

/* state: what the group's open gave, or NULL.  An error of the row comes with its name in front. */
err  bench_run(bench_result *out, const bench_row *row, void *state, const bench_options *o);

/* Does `name` mean this row: its name, or the part of it before a slash? */
bool bench_is_named(const bench_row *row, const char *name);

/* ---- for rows -------------------------------------------------------------------------------------------------- */

typedef enum bench_clock { BENCH_THREAD, BENCH_WALL } bench_clock;

/* Calls body once to warm up, then until the seconds are over, at least 5 times; a call does `items` items and should last
 * 50 us or more.  The first error ends it. */
err  bench_measure(bench *b, bench_clock clock, size_t items, err (*body)(void *ctx), void *ctx);
void bench_take(bench *b, double sample);
void bench_variant(bench *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
double bench_seconds(bench_clock clock);                      /* since some moment */

/* The best family of kernels that is allowed here, for the variant: "avx2". */
const char *bench_cpu(void);

/* Keeps the compiler from leaving out what computes *p. */
static inline void bench_keep(const void *p) { __asm__ volatile("" : : "r"(p) : "memory"); }

#endif
