/* SPDX-License-Identifier: MIT */
/*
 * delegate/record.h -- an encrypted thing as it is kept: JSON with the members ciphertext, public_key (K) and nonce, each 0x
 * and hexadecimal text.  What else stands there, such as a handle, is passed over.
 */
#ifndef ARCA_DELEGATE_RECORD_H
#define ARCA_DELEGATE_RECORD_H

#include "delegate/ecies.h"

enum { MAX_RECORD_PLAIN = 64 << 20, MAX_RECORD = 2 * (MAX_RECORD_PLAIN + GCM_TAG) + (64 << 10) };

void record_write(buf *out, const ecies_header *header, slice ciphertext);
/* Appends the ciphertext.  ERR_REQUEST. */
err  record_read(ecies_header *header, buf *ciphertext, slice json);

#endif
