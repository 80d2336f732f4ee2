/* SPDX-License-Identifier: MIT */
/* tests/mpc/prss_theorem.c */
#include "tests/mpc/prss_theorem.h"

prss_group  group;
prss_batch *tables[MAX_PARTIES + 1];

void keys_for(unsigned n, unsigned t)
{
	if (group.n == n && group.t == t) return;
	for (unsigned i = 1; i <= group.n; i++) prss_batch_free(&tables[i]);
	group_free(&group);
	group_new(&group, n, t, parties_all(n));
	for (unsigned i = 1; i <= n; i++) assert_ok(prss_batch_new(&tables[i], group.p[i]));
}

void must_hold(trial *x)
{
	keys_for(x->n, x->t);
	trial_must_hold_keep(x);
}

void add_codeword(const trial *x, party liar, uint8_t *element)
{
	const ring *R = ring_of_trial(x);
	party_set zero = honest(x);
	gr error = GR_ONE;

	while (size_of_set(zero) > 2 * x->t) take_from(&zero, first_of(zero));
	FOR_EACH_IN(j, zero) error = gr_mul(R, error, gr_sub(R, gr_point(liar), gr_point(j)));
	gr_write(R, element, gr_add(R, gr_read(R, element), gr_scale(R, 6, error)));
}

void try_crash_and_silence(const theorem *of, program crash, const unsigned *lost)
{
	for (size_t c = 0; c < COUNT(SIZES); c++) for (unsigned silent = 0; silent < 2; silent++) {
		trial x = { .of = of, .n = SIZES[c].n, .t = SIZES[c].t, .k = 64, .seed = 60 + 2 * c + silent, .liar = crash,
		            .silent = silent, .corrupt = random_parties(SIZES[c].n, SIZES[c].t), .name = silent ? "silent" : "crash" };
		must_hold(&x);
		assert_int_equal(x.p[first_of(honest(&x))].corrupt, x.corrupt);
		assert_int_equal(*lost, 0);
		trial_end(&x);
	}
}

void try_faults_on_the_wire(const theorem *of, unsigned most_of_4, unsigned most, unsigned pairs)
{
	for (size_t c = 0; c < 3; c++) {
		keys_for(SIZES[c].n, SIZES[c].t);
		sweep(of, SIZES[c], c ? most : most_of_4, pairs);
	}
}

void try_generic_lies(const theorem *of, size_t clusters, unsigned k)
{
	for (size_t c = 0; c < clusters; c++) for (size_t l = 0; l < COUNT(GENERIC_LIES); l++) {
		const lie *a = &GENERIC_LIES[l];
		trial x = { .of = of, .n = SIZES[c].n, .t = SIZES[c].t, .k = k, .seed = 70 + l, .rush = a->rush, .silent = a->silent,
		            .corrupt = random_parties(SIZES[c].n, SIZES[c].t), .name = a->name, .variant = (unsigned)test_below(6) };
		must_hold(&x);
		trial_end(&x);
	}
}
