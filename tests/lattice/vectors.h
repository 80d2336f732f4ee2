/* SPDX-License-Identifier: MIT */
/*
 * tests/lattice/vectors.h -- keys and ciphertexts of the known answers, as arrays.
 *
 * lattice/ knows no file formats, so its tests take the arrays of numbers from the places in the files where they
 * stand (all are arrays of little-endian words behind a 64-bit count, which is checked).  The codec has its own tests.
 *
 *   VECTOR_NODE   tfhe/test: keys made by a TFHE-rs client, every part from a seed of its own (Ctr)
 *   VECTOR_XOF    tfhe/xofset_test: one XOF stream for the whole set, as a KMS makes it
 */
#ifndef ARCA_TESTS_LATTICE_VECTORS_H
#define ARCA_TESTS_LATTICE_VECTORS_H

#include "tests/test.h"
#include "lattice/lattice.h"

typedef enum vector_set { VECTOR_NODE, VECTOR_XOF } vector_set;

typedef struct vector_keys {
	secret_keys   secret;
	seeded_keyset set;
	eval_keys     eval;             /* every part of the test parameters */
	uint64_t      pk[2 * 512];      /* the stand-alone public key: a, b  */
	buf           file[3];
} vector_keys;

void vector_keys_load(vector_keys *v, vector_set which);
void vector_keys_free(vector_keys *v);

/* out = the `count` words of 8 or 16 bytes whose count stands at `offset` of a file of the set's folder. */
void vector_words(void *out, vector_set which, const char *file, size_t offset, size_t count, size_t bytes);

/* The LWE messages of list_packed.bin: bool true, u8 0xa7, u16 0x1234, u64, u160, i8 in 65 messages. */
compact_list vector_list(arena *a, vector_set which);

/* The 2-bit blocks of these values in order, one byte each: 1 + 4 + 8 + 32 + 80 + 4. */
enum { VECTOR_LIST_BLOCKS = 129, VECTOR_LIST_MESSAGES = 65 };
void vector_list_blocks(uint8_t block[static VECTOR_LIST_BLOCKS]);

#endif
