/* SPDX-License-Identifier: MIT */
/* bench/table.c -- every group there is, the calibration first: it is printed beside whatever is measured. */
#include "bench/bench.h"

const bench_group *const BENCH_GROUPS[] = {
	&BENCH_CALIBRATION, &BENCH_RING, &BENCH_SHARE, &BENCH_DKG, &BENCH_ONLINE, &BENCH_SEAL, &BENCH_RPC, &BENCH_TKMS, &BENCH_KEYGEN, &BENCH_LATTICE, &BENCH_BOOTSTRAP, &BENCH_SWITCH, &BENCH_DELEGATE, NULL
};
