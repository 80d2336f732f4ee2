/* SPDX-License-Identifier: MIT */
/*
 * tkms/squashed.h -- a ciphertext as parties decrypt it: 128-bit blocks under one of two secrets.
 *
 * Small formats are squashed here, by every party on its own and with the same bits (lattice/squash.h); big formats came
 * squashed.  Everything is public.
 */
#ifndef ARCA_TKMS_SQUASHED_H
#define ARCA_TKMS_SQUASHED_H

#include "lattice/squash.h"
#include "lattice/compress.h"
#include "tkms/decrypt.h"

typedef struct squashed {
	secret_id  under;                /* SECRET_SNS or SECRET_SNSCOMP: which of the two follows is set                  */
	uint32_t   blocks;               /* m: each holds two 2-bit blocks of the value, or the one of a bool              */
	lwe128_run lwe;                  /* SECRET_SNS: a ciphertext a block                                               */
	packed128  packed;               /* SECRET_SNSCOMP: the mask of the list, then the bodies of this value            */
} squashed;

/* What the small formats need of a public set. */
#define SMALL_FORMAT_PARTS (SQUASH_PARTS | DECOMPRESS64_PARTS)

/* The most blocks that a value has. */
enum { MAX_SQUASHED = FHE_MAX_BYTES * 2 };

/*
 * Reads the file, with the checks of tkms_check_ciphertext, and squashes it if it is in a small format.  The words are in
 * the arena.  keys: SMALL_FORMAT_PARTS of the public set, or NULL where only big formats are served (then ERR_UNSUPPORTED
 * for small ones).  cores: NULL for one thread.
 */
err squash_file(squashed *out, arena *a, const lat_params *params, const fhe_type *type, ct_format format, slice file,
                const eval_keys *keys, pool *cores);

/*
 * The same in two steps, so that the blocks of many ciphertexts pass the keys together.  What is read in a small format leaves
 * its 64-bit blocks in *plain and no words in *out; the rest squashes them, for n such ciphertexts.  Of a big format *plain is
 * empty, and *out complete.
 */
err squash_read(squashed *out, lwe64_run *plain, arena *a, const lat_params *params, const fhe_type *type, ct_format format,
                slice file, const eval_keys *keys, pool *cores);
err squash_rest(squashed *out, const lwe64_run *plain, size_t n, arena *a, const eval_keys *keys, pool *cores);

/* Bytes that squash_file, or the two, take from the arena for one ciphertext, at most. */
size_t squash_file_memory(const lat_params *params, const fhe_type *type, slice file);

#endif
