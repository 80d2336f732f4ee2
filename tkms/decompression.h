/* SPDX-License-Identifier: MIT */
/*
 * tkms/decompression.h -- a key that leads from the compressed lists of one key set to the values of another.
 *
 * It is one bootstrap key: the bits of `from`'s compression secret under `to`'s big key.  What was compressed under `from` is
 * with it decompressed to ciphertexts of `to`, so whoever decrypts for `to` can then read what was encrypted for `from`.
 * Its masks are a stream of their own (Xof "TFHE_GEN" || 16 seed bytes, from the first byte), its file a
 * CompressedDecompressionKey, which has no tag: whose key it is, only the signature says.
 */
#ifndef ARCA_TKMS_DECOMPRESSION_H
#define ARCA_TKMS_DECOMPRESSION_H

#include "tkms/keygen.h"
#include "tkms/squashed.h"

/* For whoever makes the bodies in place: size of the file, where they go, and everything in it but them. */
size_t   decompression_bytes(const lat_params *params);
uint8_t *decompression_place(uint8_t *file, const lat_params *params);
void     decompression_frame(uint8_t *file, const seeded_keyset *set);

/* Made by who has both secrets, in a draft of decompression_bytes.  Both are of the same parameters.  told: bytes of bodies. */
err decompression_make(draft *room, const secret_keys *from, const secret_keys *to, pool *cores, const rng *random,
                       const progress *told);

/* The published files of the two sets, and the new key's. */
typedef struct decompression_files { slice from_public_key, from_keyset, to_keyset, key; } decompression_files;

/*
 * A value that goes the whole way: encrypted and compressed under `from`, decompressed with the key, squashed under `to`.
 * Nothing in it is secret but to whoever drew `random`; the words are in the arena.  ERR_REQUEST if the files are not
 * of whole sets of the same parameters; ERR_NOMEM.
 */
err decompression_way(squashed *out, arena *a, const decompression_files *files, const plaintext *value, exactness how, pool *cores,
                      const rng *random);

/* The trial by who has `to`'s secrets.  Any error means that the key is not to be given out: ERR_INTERNAL if the value came back
 * changed, ERR_REQUEST if it was refused on the way. */
err decompression_try(const decompression_files *files, const secret_keys *to, pool *cores, const rng *random);

#endif
