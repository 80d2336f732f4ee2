/* SPDX-License-Identifier: MIT */
/* cli/bench_delegate.h -- delegations over HTTP, by nodes as processes: one with a whole key, and four that share one. */
#ifndef ARCA_CLI_BENCH_DELEGATE_H
#define ARCA_CLI_BENCH_DELEGATE_H

#include "bench/bench.h"

extern const bench_group BENCH_DELEGATE_HTTP;

#endif
