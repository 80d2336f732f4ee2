/* SPDX-License-Identifier: MIT */
/* tkms/encrypt.h -- the client's part: values, packed into one compact list under a public key. */
#ifndef ARCA_TKMS_ENCRYPT_H
#define ARCA_TKMS_ENCRYPT_H

#include "tkms/decrypt.h"

enum { MAX_VALUES = 256, MAX_PUBLIC_KEY_FILE = 1 << 20 };

/* Appends a CompactCiphertextList file with the tag of the key.  ERR_REQUEST if the public key file is malformed or of
 * unknown parameters, or there are no values or more than MAX_VALUES. */
err tkms_encrypt(buf *list_file, slice public_key_file, const plaintext *value, size_t values, const rng *random);

/* Reads "true", "false", decimal or 0x-hexadecimal text as a value of the type.  ERR_REQUEST if it does not fit, with a
 * sentence that does not repeat the value.  The case of an address's letters is not looked at here. */
err  plaintext_parse(plaintext *out, const fhe_type *type, slice text);

/* bool as true/false, address as 0x + 40 small digits, others in decimal. */
void plaintext_print(buf *out, const plaintext *p);

#endif
