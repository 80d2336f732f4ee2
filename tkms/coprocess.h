/* SPDX-License-Identifier: MIT */
/*
 * tkms/coprocess.h -- the coprocessor's part: what happens to a client's list before a KMS sees its values.
 *
 * A list is expanded with the published key set (cast keyswitch and one bootstrap a block), then each value is
 * squashed and compressed as the format asks.  Neighbouring values pass the keys together.  No secret is involved.
 *
 * Nobody has to agree with a coprocessor, what it makes is the ciphertext, so 64-bit bootstraps are the approximate ones.
 */
#ifndef ARCA_TKMS_COPROCESS_H
#define ARCA_TKMS_COPROCESS_H

#include "base/pool.h"
#include "base/progress.h"
#include "tfhers/tfhers.h"

typedef struct coprocessor {
	eval_keys keys;
} coprocessor;

#define FORMAT_BIT(f) (1u << (f))

/* The parts of a key set that these formats need, for eval_keys. */
unsigned coprocessor_parts(unsigned formats);

/* Prepares them in memory: production's big formats take 2.7 GB.  The bytes of the set's file outlive the coprocessor.  As
 * eval_keys_new. */
err  coprocessor_new(coprocessor *out, const seeded_keyset *set, unsigned formats, pool *cores, const progress *told);
void coprocessor_free(coprocessor *c);

/*
 * Calls each(ctx, i, type, file) for the values of the list in order; file is a ciphertext in `format` with the tag of
 * the list, valid during the call.  For a value that a KMS does not decrypt (signed, string, odd width) type is NULL
 * and the file empty.  ERR_REQUEST: the list is malformed, or for another parameter set; ERR_NOMEM; what `each` returns ends it.
 */
err coprocess_list(const coprocessor *c, pool *cores, slice list_file, ct_format format,
                   err (*each)(void *ctx, size_t i, const fhe_type *type, slice file), void *ctx);

#endif
