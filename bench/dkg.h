/* SPDX-License-Identifier: MIT */
/*
 * bench/dkg.h -- how long a joint key generation would take elsewhere: among more parties, on machines with more cores.
 *
 * What is made, opened and sent follows from the parameters alone (mpc/keygen_plan.h); what of it depends on the number of
 * parties is priced on this machine; everything else is taken from a generation that was measured.  Nothing is assumed to
 * overlap but a link's wire and the thread that feeds it, and no lane is on two cores: a cautious figure.
 * The time that messages are on their way is not in it.
 */
#ifndef ARCA_BENCH_DKG_H
#define ARCA_BENCH_DKG_H

#include "bench/bench.h"
#include "lattice/params.h"

/* Seconds of a core at one party; [0]: in rings of 64 bits, [1]: of 128. */
typedef struct dkg_prices {
	double bit[2];                 /* a random bit, all shares checked */
	double zero[2];                /* a share of zero of degree 2t     */
} dkg_prices;

/* Of parties in rings of degree 4.  Takes as long as four rows. */
err  dkg_prices_here(dkg_prices *out, unsigned n, unsigned t, const bench_options *o);

/* A generation among n parties, measured: seconds of a core that a party spent. */
typedef struct dkg_spent { unsigned n, t; double preprocessing, generation, trial; } dkg_spent;

typedef struct dkg_machine { unsigned cores; double bytes_a_second; } dkg_machine;

typedef struct dkg_forecast {
	double bytes;                  /* that a party sends */
	double computing_s, sending_s, trial_s;
} dkg_forecast;

/* For n parties, t corrupt.  was, will: prices for the parties measured and for those of the forecast. */
dkg_forecast dkg_forecast_of(const lat_params *params, unsigned n, unsigned t, const dkg_machine *on, const dkg_spent *spent,
                             const dkg_prices *was, const dkg_prices *will);

#endif
