/* SPDX-License-Identifier: MIT */
/* tkms/encrypt.h -- the client's part: values, packed into one compact list under a public key. */
#ifndef ARCA_TKMS_ENCRYPT_H
#define ARCA_TKMS_ENCRYPT_H

#include "tkms/decrypt.h"

/* Appends a CompactCiphertextList file.  ERR_REQUEST if the public key file is malformed or of unknown parameters. */
err tkms_encrypt(buf *list_file, slice public_key_file, const plaintext *value, size_t values, const rng *random);

/* Reads "true", "false", decimal or 0x-hexadecimal text as a value of the type.  ERR_REQUEST if it does not fit. */
err  plaintext_parse(plaintext *out, const fhe_type *type, slice text);

/* bool as true/false, address as 0x + 40 digits, others in decimal. */
void plaintext_print(buf *out, const plaintext *p);

#endif
