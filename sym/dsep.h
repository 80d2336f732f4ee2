/* SPDX-License-Identifier: MIT */
/*
 * sym/dsep.h -- SHAKE256 with a domain separator of eight ASCII characters: ids, digests of keys, hashes inside
 * signcryption.  Three forms, which differ in what stands between separator and content:
 *
 *   plain     SHAKE256(dsep || data)
 *   length    SHAKE256(dsep || u64le(n) || data)
 *   list      SHAKE256("HASH_LST" || dsep || u64le(count) || item 0 || item 1 ...)
 *
 * A large file is hashed in pieces: xof x = dsep_begin("PDAT_KEY"); xof_absorb(&x, piece)...; xof_squeeze32(&x).
 */
#ifndef ARCA_SYM_DSEP_H
#define ARCA_SYM_DSEP_H

#include "sym/keccak.h"

enum { DSEP_BYTES = 8 };

/* Requires everywhere: dsep is a string of exactly DSEP_BYTES characters. */
void   shake256_dsep(uint8_t *out, size_t n, const char *dsep, slice data);
void   shake256_dsep_length(uint8_t *out, size_t n, const char *dsep, slice data);
void   shake256_dsep_list(uint8_t *out, size_t n, const char *dsep, const slice *items, size_t count);

hash32 dsep_hash(const char *dsep, slice data);             /* 32 bytes of the plain form  */
hash32 dsep_hash_length(const char *dsep, slice data);      /* 32 bytes of the length form */

xof    dsep_begin(const char *dsep);

#endif
