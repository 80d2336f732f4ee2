/* SPDX-License-Identifier: MIT */
/* cli/bench_dkg.h -- the rows of `arca bench` in which parties make a key together. */
#ifndef ARCA_CLI_BENCH_DKG_H
#define ARCA_CLI_BENCH_DKG_H

#include "bench/bench.h"

/* Of test parameters, and of those for production, which take minutes. */
extern const bench_group BENCH_DKG_TEST, BENCH_DKG_DEFAULT;

#endif
