/* SPDX-License-Identifier: MIT */
/* vault/spool_internal.h -- a spool, and what its three files share. */
#ifndef ARCA_VAULT_SPOOL_INTERNAL_H
#define ARCA_VAULT_SPOOL_INTERNAL_H

#include <limits.h>
#include <pthread.h>
#include "sym/keccak.h"
#include "vault/spool.h"

/* One that is begun. */
typedef struct spool_record {
	uint8_t *bytes;                      /* its samples, then room for the tag; NULL: the place is free */
	size_t   n;                          /* of samples                          */
	unsigned stream;
	uint64_t number;                     /* in the file                         */
	uint64_t touched;                    /* when, by the spool's clock          */
} spool_record;

typedef struct spool_part { uint64_t at; size_t n; } spool_part;

enum { SPOOL_RECENT = 32 };

struct spool {
	char     path[PATH_MAX];             /* of the samples                      */
	int      fd;
	bool     writing, finished;
	vault   *v;
	id32     epoch, id;
	spool_shape shape;                   /* without the tag                     */
	uint64_t first_record[SPOOL_STREAMS], offset[SPOOL_STREAMS];
	uint64_t records, bytes;             /* of the file                         */
	buf      header;
	hash32   bound;                      /* its digest                          */
	uint8_t *key;

	pthread_mutex_t lock;                /* of what follows                     */
	uint64_t *gone;                      /* a bit a sample, SPOOL_RECORD a record */
	uint16_t *left;                      /* samples of a record that have not gone through */
	uint64_t missing, clock;             /* samples not written yet; grows      */
	spool_record open[SPOOL_OPEN];
	spool_part   recent[SPOOL_RECENT];   /* written last                        */
	unsigned oldest;
};

static inline uint64_t records_of(uint64_t samples) { return (samples + SPOOL_RECORD - 1) / SPOOL_RECORD; }

/* Samples of a record. */
size_t spool_samples_in(const spool *s, unsigned stream, uint64_t number);

/* Wipes what is begun. */
void spool_drop(spool_record *r);

/* ERR_IO with errno as a sentence: "cannot <doing> <path>: ...". */
err  spool_failed(const spool *s, const char *doing);

/* The folder of an epoch, and the file of samples in it; that of the key has the same name without the ending. */
err  spool_folder(char out[static PATH_MAX], const vault *v, const id32 *epoch);
err  spool_samples(char out[static PATH_MAX], const vault *v, const id32 *epoch, const id32 *id);

#endif
