/* SPDX-License-Identifier: MIT */
/* lattice/engine_internal.h -- what a boot_key is: for engine.c and rotate.c. */
#ifndef ARCA_LATTICE_ENGINE_INTERNAL_H
#define ARCA_LATTICE_ENGINE_INTERNAL_H

#include <pthread.h>
#include "lattice/engine.h"

/* What a thread works with. */
typedef struct boot_desk {
	struct boot_desk *next;
	uint8_t *scratch;               /* LIMBS_SCRATCH    */
	void    *acc;                   /* k + 1 polynomials */
} boot_desk;

/* What a batch works with. */
typedef struct boot_bench {
	struct boot_bench *next;
	limb_work *work;
	void      *before;              /* of the ciphertext that is sampled, k + 1 polynomials */
	int64_t   *products;            /* ... and its step's                                   */
} boot_bench;

struct boot_key {
	boot_form      form;
	const uint8_t *key, *checks;
	seeded_part    from;
	pthread_mutex_t lock;
	boot_desk  *desks;              /* free ones, under the lock */
	boot_bench *benches;
	unsigned    free_desks, free_benches;
};

/* Taken from those that are free, made if there is none; given back.  ERR_NOMEM. */
err  boot_desk_take(boot_desk **out, boot_key *k);
void boot_desk_give(boot_key *k, boot_desk *d);
err  boot_bench_take(boot_bench **out, boot_key *k);
void boot_bench_give(boot_key *k, boot_bench *b);

typedef enum boot_event { BOOT_SAMPLE, BOOT_GUARDED, BOOT_WRONG, BOOT_EVENTS } boot_event;
void boot_happened(boot_event what);

#endif
