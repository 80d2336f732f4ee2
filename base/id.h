/* SPDX-License-Identifier: MIT */
/*
 * base/id.h -- the 32-byte ids of requests, keys, CRSs, contexts and epochs.
 *
 * As text: 64 hexadecimal digits, lower case when we write; an optional 0x and white space around are accepted.
 * On chain: a 256-bit integer, big-endian, whose top byte tells the kind.  The all-zero id is nobody's.
 */
#ifndef ARCA_BASE_ID_H
#define ARCA_BASE_ID_H

#include "base/base.h"

typedef struct id32 { uint8_t b[32]; } id32;

enum { ID_TEXT = 65 };                             /* 64 digits and the final zero */

/* ERR_REQUEST with a sentence that begins with `what` ("request_id"). */
err  id_parse(id32 *out, const char *what, slice text);
void id_text(char out[static ID_TEXT], const id32 *id);
bool id_eq_var(const id32 *a, const id32 *b);
bool id_is_zero_var(const id32 *id);

static inline slice id_slice(const id32 *id) { return slice_of(id->b, sizeof id->b); }

/* The context 07 00…00 01 and the epoch 08 00…00 01 that requests mean when they name none. */
extern const id32 ID_DEFAULT_CONTEXT, ID_DEFAULT_EPOCH;

#endif
