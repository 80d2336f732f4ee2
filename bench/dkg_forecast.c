/* SPDX-License-Identifier: MIT */
/* bench/dkg_forecast.c -- counts times prices. */
#include "bench/dkg.h"
#include "mpc/joint_keygen.h"
#include "mpc/key_preproc.h"

/* As a node has them (node/joint_key.c); only headers and the number of cores at work follow from them. */
enum { DEGREE = 4, NODE_LANES = 4, NODE_BATCH = 1 << 14, NODE_SLAB = 1 << 14 };

typedef struct counts { double bits[2], zeros[2], bytes; } counts;

static counts count_all(const lat_params *params, unsigned n, unsigned t)
{
	const keygen_plan plan = keygen_plan_of(params);
	const preproc_job bits = { .plan = &plan, .lanes = NODE_LANES, .chunk = PREPROC_CHUNK, .batch = NODE_BATCH };
	const joint_keygen_job set = { .plan = &plan, .lanes = NODE_LANES, .slab = NODE_SLAB };
	const joint_keygen_cost cost = joint_keygen_costs(&set, n, DEGREE);
	counts c = { .bytes = (double)(key_preproc_bytes(&bits, n, t, DEGREE) + cost.bytes) };

	for (unsigned w = 0; w < 2; w++) c.bits[w] = (double)keygen_plan_bits(&plan, 64u << w), c.zeros[w] = (double)cost.zeros[w];
	return c;
}

static double priced(const double count[static 2], const double price[static 2])
{
	return count[0] * price[0] + count[1] * price[1];
}

static double above(double x, double y) { return x > y ? x - y : 0; }

/*
 * What a preprocessing spends beyond its bits is carrying them, which grows with the bytes; it is one thread's, while the wire
 * is busy.  What a generation spends beyond its zeros are products and masks, which do not depend on the number of parties.
 */
dkg_forecast dkg_forecast_of(const lat_params *params, unsigned n, unsigned t, const dkg_machine *on, const dkg_spent *spent,
                             const dkg_prices *was, const dkg_prices *will)
{
	const counts c = count_all(params, n, t), then = count_all(params, spent->n, spent->t);
	const double lanes = on->cores < NODE_LANES ? on->cores : NODE_LANES;
	const double carrying_s = above(spent->preprocessing, priced(then.bits, was->bit)) * c.bytes / then.bytes;
	const double rest_s = above(spent->generation, priced(then.zeros, was->zero)), wire_s = c.bytes / on->bytes_a_second;

	return (dkg_forecast){
		.bytes = c.bytes,
		.computing_s = (priced(c.bits, will->bit) + priced(c.zeros, will->zero) + rest_s) / lanes,
		.sending_s = wire_s > carrying_s ? wire_s : carrying_s,
		.trial_s = spent->trial,
	};
}
