/* SPDX-License-Identifier: MIT */
/* cli/bench_connector.h -- the rows of `arca bench` that run an arca-connector between stubs (bench/stub_gateway.h). */
#ifndef ARCA_CLI_BENCH_CONNECTOR_H
#define ARCA_CLI_BENCH_CONNECTOR_H

#include "bench/bench.h"

extern const bench_group BENCH_CONNECTOR;

#endif
