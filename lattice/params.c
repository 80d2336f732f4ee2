/* SPDX-License-Identifier: MIT */
/* lattice/params.c -- the numbers.  "default" and "test" are the two sets that a KMS serves; "mini" is ours. */
#include "lattice/params.h"

/* Everything of production except the dimensions that decide how long a squash and a packing take. */
#define PRODUCTION(NAME, NUMBER, SMALL_N, COMP_K, COMP_N, SNSCOMP_K, SNSCOMP_N) { \
	.name = NAME, .fhe_parameter = NUMBER, \
	.n = SMALL_N, .k = 1, .N = 2048, .lwe_noise = 45, .glwe_noise = 17, \
	.pbs = { .base_log = 23, .level = 1 }, .ks = { .base_log = 4, .level = 4 }, \
	.ms = { .kind = MS_CENTERED_MEAN }, .max_noise_level = 5, .log2_p_fail = -129.581, \
	.pke = { .n = 2048, .noise = 17, .cast = { .base_log = 4, .level = 4 } }, \
	.comp = { .br = { .base_log = 23, .level = 1 }, .pks = { .base_log = 4, .level = 3 }, .k = COMP_K, .N = COMP_N, \
	          .lwe_per_glwe = 256, .storage_bits = 12, .noise = 43 }, \
	.sns = { .k = 2, .N = 2048, .noise = 30, .br = { .base_log = 24, .level = 3 }, .ms = { .kind = MS_CENTERED_MEAN }, \
	         .rounded = true }, \
	.snscomp = { .pks = { .base_log = 41, .level = 2 }, .k = SNSCOMP_K, .N = SNSCOMP_N, .lwe_per_glwe = 128, .noise = 3 }, \
}

const lat_params PARAMS_DEFAULT = PRODUCTION("default", 0, 918, 4, 256, 6, 1024);

const lat_params PARAMS_TEST = {
	.name = "test", .fhe_parameter = 1,
	.n = 1, .k = 1, .N = 256, .lwe_noise = 0, .glwe_noise = 0,
	.pbs = { .base_log = 24, .level = 1 }, .ks = { .base_log = 37, .level = 1 },
	.ms = { .kind = MS_DRIFT, .zeros = 10, .ms_bound = 288230376151711744.0, .r_sigma = 9.75539320076416,
	        .input_variance = 1.92631390716519e-10 },
	.max_noise_level = 5, .log2_p_fail = -64.0,
	.pke = { .n = 512, .noise = 0, .cast = { .base_log = 37, .level = 1 } },
	.comp = { .br = { .base_log = 24, .level = 1 }, .pks = { .base_log = 27, .level = 1 }, .k = 1, .N = 256,
	          .lwe_per_glwe = 256, .storage_bits = 9, .noise = 0 },
	.sns = { .k = 1, .N = 256, .noise = 0, .br = { .base_log = 33, .level = 2 },
	         .ms = { .kind = MS_DRIFT, .zeros = 8, .ms_bound = 288230376151711744.0, .r_sigma = 9.2,
	                 .input_variance = 2.182718682903484e-224 },
	         .rounded = false },
	.snscomp = { .pks = { .base_log = 61, .level = 1 }, .k = 1, .N = 256, .lwe_per_glwe = 128, .noise = 3 },
};

#ifdef ARCA_TEST_PARAMS
const lat_params PARAMS_MINI = PRODUCTION("mini", 1000, 40, 1, 256, 1, 256);
#define OFFERED { &PARAMS_DEFAULT, &PARAMS_TEST, &PARAMS_MINI }
#define NAMES "default, test, mini"
#else
#define OFFERED { &PARAMS_DEFAULT, &PARAMS_TEST }
#define NAMES "default, test"
#endif

static const lat_params *const ALL[] = OFFERED;

const lat_params *params_by_name_var(slice name)
{
	for (size_t i = 0; i < COUNT(ALL); i++)
		if (slice_eq_var(name, slice_str(ALL[i]->name))) return ALL[i];
	return NULL;
}

const lat_params *params_by_number_var(int fhe_parameter)
{
	for (size_t i = 0; i < COUNT(ALL); i++)
		if ((int)ALL[i]->fhe_parameter == fhe_parameter) return ALL[i];
	return NULL;
}

const char *params_names(void)
{
	return NAMES;
}
