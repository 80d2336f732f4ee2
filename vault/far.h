/* SPDX-License-Identifier: MIT */
/*
 * vault/far.h -- a store elsewhere, of named objects, that a vault keeps its objects in besides its folders: the seam to S3.
 *
 * Names are like paths: "FheKeyInfo/<epoch>/<id>".  What is put is there whole or not at all.  Tests give a store in memory, and
 * one that fails, cuts and forgets.
 */
#ifndef ARCA_VAULT_FAR_H
#define ARCA_VAULT_FAR_H

#include "base/base.h"

enum { FAR_TAG = 128, FAR_NAME = 256 };

typedef enum far_condition { FAR_IF_NONE, FAR_IF_SAME } far_condition;

/* What an object is now, for FAR_IF_SAME, and the store's clock, 0: unknown.  Of what is not found: the clock only. */
typedef struct far_stamp { char tag[FAR_TAG]; int64_t date_s; } far_stamp;

typedef struct far_store {
	void *ctx;
	const char *where;                                 /* "s3://bucket/PRIV", for sentences */

	/* ERR_NOT_FOUND; ERR_REQUEST: longer than max. */
	err (*get)(void *ctx, buf *out, far_stamp *stamp, const char *name, size_t max);
	err (*size)(void *ctx, uint64_t *out, const char *name);
	/* One of exactly n bytes. */
	err (*get_into)(void *ctx, uint8_t *room, size_t n, const char *name);
	/* Only if there is nothing of that name, or if it is still what same says.  ERR_EXISTS: it is not so, perhaps because of
	 * this very call. */
	err (*put)(void *ctx, far_stamp *stamp, const char *name, slice bytes, far_condition condition, const char *same);
	err (*remove)(void *ctx, const char *name);        /* no error if there is none */
	/* In any order; each() does not use the store, and ends it by false. */
	err (*list)(void *ctx, bool (*each)(void *arg, const char *name, uint64_t size), void *arg);
} far_store;

#endif
