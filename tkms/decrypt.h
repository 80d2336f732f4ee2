/* SPDX-License-Identifier: MIT */
/*
 * tkms/decrypt.h -- one ciphertext file to one value.
 *
 * Checks before touching a key: the format asked for is the file's, the type is the value's, the parameters are the
 * key's.  Checks afterwards: every block lies within the noise bound and its padding bit is clear (lattice/decrypt.h).
 * So what was not made under this key is refused in the big formats, where a block passes with probability 2^-42.  In
 * the small ones it may pass and give a random value: a block does with probability 2^-3 (bool 1/8, uint8 2^-12), in a
 * compressed list with 2^-1 (bool 1/2, uint8 1/16).
 */
#ifndef ARCA_TKMS_DECRYPT_H
#define ARCA_TKMS_DECRYPT_H

#include "tfhers/tfhers.h"

typedef struct plaintext {
	const fhe_type *type;
	uint8_t bytes[FHE_MAX_BYTES];     /* little-endian, type->bytes of them; the rest zero */
} plaintext;

/* The largest ciphertext file that a request may bring. */
enum { MAX_CIPHERTEXT_FILE = 64 << 20 };

/* ERR_REQUEST when the file is malformed, of another format, type or parameter set, or seen not to be under this key;
 * *out is then untouched. */
err tkms_decrypt(plaintext *out, const secret_keys *keys, const fhe_type *type, ct_format format, slice file);

/* The file's ciphertext, with the checks that tkms_decrypt makes before touching a key.  ciphertext_memory: the limit of an
 * arena in which this has room. */
err    tkms_read_ciphertext(ciphertext *ct, arena *a, const lat_params *params, const fhe_type *type, ct_format format, slice file);
size_t ciphertext_memory(slice file);

/* The checks alone; cheap enough for the door. */
err tkms_check_ciphertext(const lat_params *params, const fhe_type *type, ct_format format, slice file);

#endif
