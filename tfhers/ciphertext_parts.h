/* SPDX-License-Identifier: MIT */
/*
 * tfhers/ciphertext_parts.h -- the four formats of an encrypted value, between ciphertext.c (which knows the format)
 * and blocks.c (one LWE after the other) and packed.c (many in one GLWE).
 *
 * Readers fill everything of *out but the format.  Requires of writers: the value fits its parameter set.
 */
#ifndef ARCA_TFHERS_CIPHERTEXT_PARTS_H
#define ARCA_TFHERS_CIPHERTEXT_PARTS_H

#include "tfhers/tfhers.h"
#include "tfhers/numbers.h"

enum { MAX_CIPHERTEXT_BLOCKS = FHE_MAX_BYTES * 8 / MESSAGE_BITS };

/* Squashed blocks carry two blocks each, a last odd one alone. */
static inline size_t squashed_of(size_t blocks) { return (blocks + 1) / 2; }

err  blocks64_read(ciphertext *out, arena *a, bool boolean, slice file);
err  blocks128_read(ciphertext *out, arena *a, bool boolean, slice file);
err  packed64_read(ciphertext *out, arena *a, slice file);
err  packed128_read(ciphertext *out, arena *a, slice file);

void blocks64_write(buf *out, arena *a, const ciphertext *ct);
void blocks128_write(buf *out, arena *a, const ciphertext *ct);
void packed64_write(buf *out, arena *a, const ciphertext *ct);
void packed128_write(buf *out, arena *a, const ciphertext *ct);

/* ERR_REQUEST if a value has no blocks or more than the largest type. */
err  blocks_check_count(const char *what, uint64_t blocks);

#endif
