/* SPDX-License-Identifier: MIT */
/*
 * delegate/tagged.h -- H_tag(T; m) = SHA-256(SHA-256(T) || SHA-256(T) || m): hashes for different purposes never coincide.
 *
 * Everything that is hashed in this room has a fixed length at its place, integers most significant byte first.
 * Time: depends on lengths only.
 */
#ifndef ARCA_DELEGATE_TAGGED_H
#define ARCA_DELEGATE_TAGGED_H

#include "sym/sha2.h"

/* AUTO(sha256_stream) h = tagged_begin("arca/..."); then as any other. */
sha256_stream tagged_begin(const char *tag);

static inline void hash_u16(sha256_stream *h, unsigned x)
{
	const uint8_t b[] = { (uint8_t)(x >> 8), (uint8_t)x };
	sha256_add(h, slice_of(b, sizeof b));
}

static inline void hash_u32(sha256_stream *h, uint32_t x)
{
	hash_u16(h, x >> 16);
	hash_u16(h, x & 0xffff);
}

#endif
