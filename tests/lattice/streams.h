/* SPDX-License-Identifier: MIT */
/*
 * tests/lattice/streams.h -- key sets and ciphertexts that are the first words of streams: functions of integers need no
 * meaning.  doc/notes/squash.md numbers the streams of its known answers.
 */
#ifndef ARCA_TESTS_LATTICE_STREAMS_H
#define ARCA_TESTS_LATTICE_STREAMS_H

#include "tests/test.h"
#include "lattice/lattice.h"

/* The part gets bodies from the stream of Ctr seed x and masks from that of x + 1. */
void stream_part(seeded_keyset *set, arena *a, key_part part, unsigned x);

/* The first words of the stream of Ctr seed x. */
uint64_t *stream_u64s(arena *a, unsigned x, size_t n);
u128     *stream_u128s(arena *a, unsigned x, size_t n);

/* SHA-256 over the words, each little-endian, is `expected` (hexadecimal). */
void assert_digest64(const char *expected, const uint64_t *w, size_t n);
void assert_digest128(const char *expected, const u128 *w, size_t n);

#endif
