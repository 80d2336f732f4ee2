/* SPDX-License-Identifier: MIT */
/*
 * tkms/decrypt.h -- one ciphertext file to one value.
 *
 * Checks before touching a key: the format asked for is the file's, the width is the type's, the parameters are the
 * key's.  Checks afterwards: every block lies within the noise bound and its padding bit is clear, so that a
 * ciphertext made under another key is refused rather than turned into a random value.
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

/* ERR_REQUEST when the file is malformed, of another format, type or parameter set, or not under this key. */
err tkms_decrypt(plaintext *out, const secret_keys *keys, const fhe_type *type, ct_format format, slice file);

/* What tkms_decrypt checks before touching a key; cheap enough for the door. */
err tkms_check_ciphertext(const lat_params *params, const fhe_type *type, ct_format format, slice file);

#endif
