/* SPDX-License-Identifier: MIT */
/* cli/bench_e2e.h -- the rows of `arca bench` that run whole nodes: above bench/, which knows none. */
#ifndef ARCA_CLI_BENCH_E2E_H
#define ARCA_CLI_BENCH_E2E_H

#include "bench/bench.h"

extern const bench_group BENCH_E2E;

#endif
