/* SPDX-License-Identifier: MIT */
/*
 * tkms/coprocess.h -- the coprocessor's part: what happens to a client's list before a KMS sees its values.
 *
 * A list is expanded with the published key set (cast keyswitch and one bootstrap a block), then each value is
 * squashed and compressed as the format asks.  No secret is involved.
 */
#ifndef ARCA_TKMS_COPROCESS_H
#define ARCA_TKMS_COPROCESS_H

#include "base/pool.h"
#include "tfhers/tfhers.h"

typedef struct coprocessor {
	eval_keys keys;
} coprocessor;

/* Expands the parts of the set that `format` needs. */
err  coprocessor_new(coprocessor *out, const seeded_keyset *set, ct_format format);
void coprocessor_free(coprocessor *c);

/*
 * Calls each(ctx, i, type, file) for the values of the list in order; file is a ciphertext in `format` with the tag of
 * the list, valid during the call.  For a value that a KMS does not decrypt (signed, string, odd width) type is NULL
 * and the file empty.
 */
err coprocess_list(coprocessor *c, pool *cores, slice list_file, ct_format format,
                   err (*each)(void *ctx, size_t i, const fhe_type *type, slice file), void *ctx);

#endif
