/* SPDX-License-Identifier: MIT */
/*
 * tfhers/tfhers.h -- the bytes of TFHE-rs, read and written from tables.
 *
 * Clients, coprocessors and chains exchange `safe_serialize` files: an envelope with the type's name, then a tree of
 * versioned structs in little-endian bincode.  Each type is described once, as a table (schema.h); one reader, one
 * writer and one printer walk the tables.  This header is what other rooms use: whole objects, as lattice/ knows them.
 *
 *   fhe_type.h  the types of encrypted values         tables.h    every object by name; tables_{base,key,ct,zk}: its types
 *   envelope.h  the header of a file                  numbers.h   parameter sets as TFHE-rs writes them
 *   schema.h    the language of the tables            inspect.h   any object as text
 *
 * Readers borrow from the file wherever they can (slices and seeded bodies point into it); arrays that need
 * alignment go to the caller's arena.  They check versions, variants, moduli, parameters and every length against
 * the bytes that are there before allocating, and refuse trailing bytes.  ERR_REQUEST with a sentence that names
 * type, field and offset.
 */
#ifndef ARCA_TFHERS_TFHERS_H
#define ARCA_TFHERS_TFHERS_H

#include "lattice/lattice.h"
#include "tfhers/fhe_type.h"

/* The largest file that is read: the limit that the clients of TFHE-rs use. */
#define MAX_TFHERS_FILE ((size_t)2 << 30)

enum { MAX_TAG = 256 };

/* The type's name in the envelope, e.g. "high_level_api::CompactPublicKey"; borrowed. */
err tfhers_name(slice *out, slice file);

/* ---- keys --------------------------------------------------------------------------------------------------- */

/*
 * ClientKey.  Recognises the parameter set by its numbers; ERR_REQUEST if it is none of ours.  Secrets of optional
 * parts that are absent have bit[id] == NULL.  *tag is borrowed from the file.
 */
err  tfhers_read_client_key(secret_keys *out, slice *tag, slice file);
void tfhers_write_client_key(buf *out, const secret_keys *keys, slice tag);

/* CompactPublicKey: n mask words, n body words. */
typedef struct public_key {
	const lat_params *params;
	uint64_t *mask, *body;           /* params->pke.n words each */
	slice     tag;
} public_key;

err  tfhers_read_public_key(public_key *out, arena *a, slice file);

/* Written so that clients of TFHE-rs 1.4 and 1.7 can read it (expansion kind in version 0). */
void tfhers_write_public_key(buf *out, const public_key *key);

/* CompactPkeCrs: for keys of which set, and for lists of how many bits. */
typedef struct crs_facts { const lat_params *params; uint64_t bits; } crs_facts;
err  tfhers_read_crs(crs_facts *out, slice file);

/* CompressedXofKeySet, or a stand-alone CompressedServerKey or ServerKey (then PART_PKE is absent).  Bodies are borrowed. */
err  tfhers_read_keyset(seeded_keyset *out, slice *tag, slice file);

/* CompressedXofKeySet.  Requires: every part of the parameter set is present, all from one XOF seed. */
void tfhers_write_keyset(buf *out, const seeded_keyset *set, slice tag);

/*
 * The same file, made in place: its size and where the bodies of each part begin (0: this set has no such part), for a
 * seed of seed_n bytes and a tag of tag_n; and everything in it but the bodies, whose places stay as they are.
 * Production with 16 bytes of seed and 32 of tag: 511 412 641 bytes.
 */
typedef struct keyset_layout { size_t bytes, at[KEY_PARTS]; } keyset_layout;

keyset_layout tfhers_keyset_layout(const lat_params *params, size_t seed_n, size_t tag_n);
void tfhers_frame_keyset(uint8_t *file, const seeded_keyset *set, slice tag);

/*
 * CompressedDecompressionKey: PART_DECOMP_BSK alone, with its own seed; it has no tag.  Read, bodies are borrowed; made, as a
 * key set is made in place (of the layout only this part's place is there).
 */
err           tfhers_read_decompression_key(seeded_keyset *out, slice file);
keyset_layout tfhers_decompression_layout(const lat_params *params, size_t seed_n);
void          tfhers_frame_decompression_key(uint8_t *file, const seeded_keyset *set);

/* CompressedServerKey: every part but PART_PKE that is present, each with its own seed.  Requires: keyswitch, bootstrap. */
void tfhers_write_server_key(buf *out, const seeded_keyset *set, slice tag);

/*
 * ServerKey, made in place: all parts but PART_PKE with all their words, and bootstrap keys as spectra.  A part of `form`
 * begins at at[0]; the four arrays of the squash key each have theirs.  Production with a tag of 32 bytes:
 * 2 122 640 027 bytes; test: 5 318 451.  lattice/spectrum.h says in which sense the numbers are those of TFHE-rs; that
 * TFHE-rs reads these files is what its sources say, and no reader of it was at hand to show it.
 */
typedef struct server_key_layout {
	size_t bytes;
	struct { part_form form; size_t at[4]; } part[KEY_PARTS];
} server_key_layout;

server_key_layout tfhers_server_key_layout(const lat_params *params, size_t tag_n);
void tfhers_frame_server_key(uint8_t *file, const lat_params *params, slice tag);

/* ---- what clients send to a coprocessor ---------------------------------------------------------------------- */

typedef enum data_kind_id { DATA_UNSIGNED, DATA_SIGNED, DATA_BOOL, DATA_STRING } data_kind_id;

typedef struct data_kind {
	data_kind_id id;
	size_t   blocks;                 /* of two bits; 1 for bool, 4 a character for strings */
	uint32_t chars;                  /* DATA_STRING only */
	bool     padded;
} data_kind;

/*
 * CompactCiphertextList or ProvenCompactCiphertextList (whose proofs are parsed and passed over).  `list` are its
 * chunks in order; the blocks of all values run through them without gaps.
 */
typedef struct client_list {
	const lat_params *params;
	size_t        lists, values;
	compact_list *list;
	data_kind    *value;
	slice         tag;
} client_list;

err  tfhers_read_list(client_list *out, arena *a, slice file);
void tfhers_write_list(buf *out, const client_list *list);   /* CompactCiphertextList; Requires: lists == 1 */

/* ---- what a KMS decrypts ------------------------------------------------------------------------------------- */

/* The numbers of gRPC's CiphertextFormat. */
typedef enum ct_format { SMALL_COMPRESSED, SMALL_EXPANDED, BIG_COMPRESSED, BIG_EXPANDED, CT_FORMATS } ct_format;

/* As applications have them: not squashed yet. */
static inline bool ct_format_is_small(ct_format f) { return f == SMALL_COMPRESSED || f == SMALL_EXPANDED; }

/* "small-expanded"; NULL outside the enum.  And back: false if it is none. */
const char *ct_format_name(ct_format f);
bool        ct_format_by_name_var(ct_format *out, slice name);

/*
 * One encrypted value.  `blocks` counts 2-bit blocks (a bool has one).
 *   SMALL_EXPANDED    lwe64, one LWE a block, under BIG
 *   SMALL_COMPRESSED  packed64, slot i = block i, under COMP, encoded at 2^61 (2 bits and padding)
 *   BIG_EXPANDED      lwe128, one LWE for two blocks (low + 4 * high), under SNS
 *   BIG_COMPRESSED    packed128, slot i = blocks 2i and 2i + 1, under SNSCOMP
 */
typedef struct ciphertext {
	const lat_params *params;
	ct_format  format;
	bool       boolean;
	size_t     blocks;
	slice      tag;
	lwe64_run  lwe64;
	lwe128_run lwe128;
	packed64   packed64;
	packed128  packed128;
} ciphertext;

/*
 * The format follows from the type's name.  Of a compressed list the first value is read, with the bodies of that value
 * only; SMALL_COMPRESSED must have exactly one.  params is the first set whose dimensions these are; a key of another
 * set may have them too (mini), so who decrypts compares dimensions.
 */
err  tfhers_read_ciphertext(ciphertext *out, arena *a, slice file);

/* Of which format it says that it is; nothing behind its name is looked at.  False: of none that is decrypted. */
bool tfhers_format_of_var(ct_format *out, slice file);

void tfhers_write_ciphertext(buf *out, const ciphertext *ct);

#endif
