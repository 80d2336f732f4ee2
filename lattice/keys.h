/* SPDX-License-Identifier: MIT */
/*
 * lattice/keys.h -- the keys of a set.
 *
 * Seven secret keys, all binary:
 *
 *   PKE      what clients encrypt to (LWE)              SNS      128-bit ciphertexts after the squash (GLWE)
 *   SMALL    s, between keyswitch and bootstrap (LWE)   SNSCOMP  compressed 128-bit lists (GLWE)
 *   BIG      S, all 64-bit values (GLWE)                OPRF     input of the oblivious PRF's bootstrap (LWE)
 *   COMP     compressed 64-bit lists (GLWE)
 *
 * and twelve public parts that connect them.  A part is a list of rows; a row is `mask` uniform words followed by
 * `body` words.  Masks are never stored: they are the consecutive words of one public stream, and the twelve parts
 * take theirs in the order of key_part, row by row.  What is stored and published are the bodies.
 *
 * A GLWE key of k polynomials, read flat (S_0 coefficients 0..N-1, then S_1, ...), is the LWE key of the ciphertexts
 * that sample extraction gives.
 */
#ifndef ARCA_LATTICE_KEYS_H
#define ARCA_LATTICE_KEYS_H

#include "base/pool.h"
#include "base/progress.h"
#include "lattice/params.h"
#include "sym/mask.h"

/* ---- secret keys: one byte (0 or 1) a bit -------------------------------------------------------------------- */

/* The order in which a centralized key generation draws them. */
typedef enum secret_id {
	SECRET_PKE, SECRET_SMALL, SECRET_BIG, SECRET_COMP, SECRET_SNS, SECRET_SNSCOMP, SECRET_OPRF, SECRETS
} secret_id;

size_t secret_length(const lat_params *p, secret_id id);       /* bits */

typedef struct secret_keys {
	const lat_params *params;
	uint8_t *bit[SECRETS];          /* secret_length() bytes each, in guarded memory */
	void    *memory;
} secret_keys;

err  secret_keys_new(secret_keys *out, const lat_params *p);   /* all zero; ERR_NOMEM */
void secret_keys_free(secret_keys *k);                         /* wipes    */

/* ---- public parts ---------------------------------------------------------------------------------------------- */

typedef enum key_part {
	PART_PKE,             /* compact public key of PKE                            */
	PART_COMP_PKSK,       /* packing keyswitch BIG -> COMP                        */
	PART_DECOMP_BSK,      /* bootstrap with the bits of COMP, output BIG          */
	PART_KSK,             /* keyswitch BIG -> SMALL                               */
	PART_BSK,             /* bootstrap with the bits of SMALL, output BIG         */
	PART_MS_ZEROS,        /* zeros under SMALL, MS_DRIFT only                     */
	PART_SNS_BSK,         /* bootstrap with the bits of SMALL, output SNS, 128 bit */
	PART_SNS_MS_ZEROS,    /* zeros under SMALL, MS_DRIFT only                     */
	PART_CAST_KSK,        /* keyswitch PKE -> SMALL                               */
	PART_RERAND,          /* compact public key of BIG                            */
	PART_SNSCOMP_PKSK,    /* packing keyswitch SNS -> SNSCOMP, 128 bit            */
	PART_OPRF_BSK,        /* bootstrap with the bits of OPRF, output BIG          */
	KEY_PARTS
} key_part;

typedef enum part_kind { KIND_COMPACT, KIND_KSK, KIND_PKSK, KIND_BSK, KIND_ZEROS } part_kind;

typedef struct part_shape {
	const char *name;
	part_kind kind;
	unsigned  bits;                 /* of a word: 64 or 128                            */
	secret_id from, to;             /* the keys it connects; equal for COMPACT, ZEROS  */
	decomp    decomp;
	unsigned  k, N;                 /* of the output key; N = 1 and k = dimension for LWE outputs */
	unsigned  noise;                /* TUniform bound                                  */
	size_t    rows, mask, body;     /* rows == 0: this parameter set has no such part  */
} part_shape;

part_shape part_shape_of(const lat_params *p, key_part part);

static inline size_t part_body_bytes(part_shape s) { return s.rows * s.body * (s.bits / 8); }
static inline size_t part_mask_bytes(part_shape s) { return s.rows * s.mask * (s.bits / 8); }

/* ---- a public set as it is stored -------------------------------------------------------------------------------- */

/*
 * SEEDED is what this system makes and keeps: bodies, and where their masks begin.  The other two are what an uncompressed
 * ServerKey of TFHE-rs has instead: whole rows, and for bootstrap keys spectra (lattice/spectrum.h), row by row, each mask
 * polynomial and then the body.  Rows that come from spectra differ from those that went in by less than their noise.
 */
typedef enum part_form { PART_SEEDED, PART_WHOLE, PART_SPECTRA } part_form;

enum { SPECTRUM_HEAD = 8 };             /* before each spectrum of 64 bits: the number N/2, which is of no use here */

typedef struct seeded_part {
	slice     bodies;               /* rows x body little-endian words, any alignment, borrowed; n == 0: absent.  WHOLE: mask and
	                                   body words of each row.  SPECTRA: those of 64 bits, or the first of four arrays */
	mask_seed seed;                 /* SEEDED: this part's masks begin here                                      */
	part_form form;
	slice     array[3];             /* SPECTRA of 128 bits: the other three                                      */
} seeded_part;

/* What `bodies` (and each of array) has to have. */
size_t part_stored_bytes(part_shape s, part_form form);

typedef struct seeded_keyset {
	const lat_params *params;
	seeded_part part[KEY_PARTS];
} seeded_keyset;

/*
 * out = rows first .. first + count - 1 with their masks, mask + body words each.  The words of 128 bits lose `dropped` low
 * bits, x -> (x + 2^(dropped-1)) and-not (2^dropped - 1), unless dropped is 0; part_dropped says how many the loaded copy of
 * a part loses: 20 for PART_SNS_BSK of sets with sns.rounded, else none.
 */
void     part_rows64(uint64_t *out, part_shape s, const seeded_part *part, size_t first, size_t count);
void     part_rows128(u128 *out, part_shape s, const seeded_part *part, unsigned dropped, size_t first, size_t count);
unsigned part_dropped(const lat_params *p, key_part part);

/* ERR_REQUEST with a sentence unless the set has the part, with as many bytes as it must. */
err part_present(const seeded_keyset *set, key_part part);

/* ---- and as it is used ------------------------------------------------------------------------------------------- */

/* Whether the 64-bit bootstraps give the same bits everywhere.  Those of 128 bits always do. */
typedef enum exactness { EXACT, APPROXIMATE } exactness;

/* Row-major, rows x (mask + body) words, masks expanded. */
typedef struct key_rows {
	part_shape shape;
	const uint64_t *w64;
} key_rows;

typedef struct boot_key boot_key;       /* lattice/engine.h */

/*
 * Only the parts asked for are filled, each where its kind says.  The bodies of the key set are borrowed: they outlive the
 * eval_keys.
 */
typedef struct eval_keys {
	const lat_params *params;
	key_rows    rows[KEY_PARTS];    /* KIND_KSK                                                     */
	boot_key   *boot[KEY_PARTS];    /* KIND_BSK                                                     */
	seeded_part seeded[KEY_PARTS];  /* KIND_PKSK, as stored: whoever needs rows makes them and goes on */
	void       *memory;             /* of rows and boot keys; NULL if it belongs to somebody else   */
	size_t      bytes;
} eval_keys;

#define PART_BIT(part) (1u << (part))
#define ALL_PARTS      (PART_BIT(KEY_PARTS) - 1)

/* Prepares the parts in the set `which` (PART_BIT of each) in memory.  ERR_REQUEST if one is absent; ERR_NOMEM, also
 * before anything is done if there is visibly too little. */
err  eval_keys_new(eval_keys *out, const seeded_keyset *set, unsigned which, exactness how, pool *p, const progress *told);
void eval_keys_free(eval_keys *k);

#endif
