/* SPDX-License-Identifier: MIT */
/*
 * lattice/keygen.h -- secret keys, and the twelve public parts of a set.
 *
 * All masks of a set are one public stream, Xof "TFHE_GEN" || 16 seed bytes; the parts take theirs in the order of
 * key_part.  So every row knows its masks by its number, rows are independent of each other, and a large part can be
 * made piece by piece (production: 511 MB of bodies) straight into where it is to be stored.
 *
 * What a generator r is asked for, in this order: 16 public seed bytes, the secret bits in the order of secret_id (a
 * byte each), and for every KEYGEN_CHUNK rows of a part 32 bytes that seed the noise of these rows (sym/drbg.h).  The
 * result is therefore the same for every number of threads.
 */
#ifndef ARCA_LATTICE_KEYGEN_H
#define ARCA_LATTICE_KEYGEN_H

#include "lattice/keys.h"
#include "base/pool.h"
#include "base/progress.h"

enum { PUBLIC_SEED_BYTES = 16, KEYGEN_CHUNK = 32 };

/* ---- a whole set ------------------------------------------------------------------------------------------------ */

/* A public set that owns its bodies. */
typedef struct public_set {
	seeded_keyset set;
	uint8_t *memory;                /* all bodies, in the order of key_part */
	size_t   bytes;
} public_set;

void public_set_free(public_set *s);            /* NULL-safe */

/* Secret and public keys of a set.  p: NULL for one thread; told: bytes of bodies, may be NULL.  ERR_NOMEM. */
err keys_generate(secret_keys *secret, public_set *pub, const lat_params *params, const rng *r, pool *p,
                  const progress *told);

/* The same keys for the same seed, for ever: r is the stream of Xof "TFHEKGen" || seed.  Requires: seed.n <= 32. */
err keys_from_seed(secret_keys *secret, public_set *pub, const lat_params *params, slice seed, pool *p);

/* ---- its steps -------------------------------------------------------------------------------------------------- */

/* All secrets, of fair bits.  ERR_NOMEM. */
err secret_keys_generate(secret_keys *out, const lat_params *params, const rng *r);

/*
 * The public half for given secret keys and seed.  The bodies of part i go to where[i], part_body_bytes of them, which *out
 * then borrows; where[i] may be NULL for a part that the set lacks.  Progress counts the bytes of all bodies.  ERR_NOMEM.
 */
err public_set_fill(seeded_keyset *out, uint8_t *const where[static KEY_PARTS], const secret_keys *keys,
                    const uint8_t seed[static PUBLIC_SEED_BYTES], const rng *r, pool *p, const progress *told);

/* The same into memory of its own. */
err public_set_generate(public_set *out, const secret_keys *keys, const uint8_t seed[static PUBLIC_SEED_BYTES],
                        const rng *r, pool *p, const progress *told);

/* Where the masks of a part begin in the stream of that seed. */
mask_seed keygen_masks(const lat_params *params, const uint8_t seed[static PUBLIC_SEED_BYTES], key_part part);
/* The same for a set that has only the parts in `parts` (PART_BIT of each): what is absent takes nothing from the stream. */
mask_seed keygen_masks_among(const lat_params *params, const uint8_t seed[static PUBLIC_SEED_BYTES], unsigned parts, key_part part);

/* bodies[0 .. part_body_bytes) of one part, its noise seeded chunk by chunk from r.  ERR_NOMEM. */
err keygen_part(uint8_t *bodies, const secret_keys *keys, key_part part, const mask_seed *masks, const rng *r, pool *p,
                const progress *told);

/*
 * The bodies of rows first .. first + count - 1 as little-endian words; their noise is drawn from r itself, in order.
 * `masks` is the beginning of the part.
 */
err keygen_rows(uint8_t *bodies, const secret_keys *keys, key_part part, const mask_seed *masks,
                size_t first, size_t count, const rng *r);

/* ---- what a row says -------------------------------------------------------------------------------------------- */

/*
 * The message polynomial that row `row` of a part encrypts: message[0 .. N) for GLWE rows, one word for LWE rows, zero
 * for public keys and zeros; of 64-bit words the lower half.  Secret.  Used by key generation and by those who check it.
 */
void row_message(u128 *message, const secret_keys *keys, const part_shape *shape, size_t row);

#endif
