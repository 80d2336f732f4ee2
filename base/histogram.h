/* SPDX-License-Identifier: MIT */
/*
 * base/histogram.h -- how often something was how large, in steps, and as Prometheus reads it (text format 0.0.4).
 *
 * A scale is a constant: numbers that are counted are integers of its unit's parts, and unit of them are one of what is printed
 * (1000 for milliseconds that are shown as seconds; 1: as they are).  Any thread.
 */
#ifndef ARCA_BASE_HISTOGRAM_H
#define ARCA_BASE_HISTOGRAM_H

#include <stdatomic.h>
#include "base/slice.h"

enum { HISTOGRAM_STEPS = 16 };

typedef struct histogram_scale {
	uint64_t unit;
	unsigned n;                                  /* at most HISTOGRAM_STEPS */
	uint64_t upto[HISTOGRAM_STEPS];              /* ascending               */
} histogram_scale;

typedef struct histogram { _Atomic uint64_t step[HISTOGRAM_STEPS + 1], sum; } histogram;

/* Step i counts what is at most upto[i]; the last one everything. */
void histogram_add(histogram *h, const histogram_scale *scale, uint64_t x);

/* label: `operation_type="x"` or empty. */
void histogram_print(buf *out, const char *name, const char *label, const histogram *h, const histogram_scale *scale);

#endif
