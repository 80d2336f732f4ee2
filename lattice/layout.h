/* SPDX-License-Identifier: MIT */
/*
 * lattice/layout.h -- where the prepared parts of a key stand in one block of memory, and how it is filled.
 *
 * For each part that is not used as it is stored: its items (rows of a keyswitch key; the GGSWs of a bootstrap key in the
 * form of its engine), and the check values that go with them.  The block is filled in units of about two megabytes, by
 * all threads; the same block is anonymous memory (eval_keys_new) or the rest of a file (lattice/derived.h).
 */
#ifndef ARCA_LATTICE_LAYOUT_H
#define ARCA_LATTICE_LAYOUT_H

#include "lattice/engine.h"
#include "lattice/keys.h"
#include "sym/sha2.h"

typedef struct part_layout {
	key_part  part;
	boot_form form;                 /* KIND_BSK */
	part_shape shape;
	size_t    items, item_bytes, check_bytes;
	size_t    at, checks_at;        /* in the block */
	size_t    first_unit, unit;     /* items a unit; the last one may be smaller */
} part_layout;

typedef struct key_layout {
	const lat_params *params;
	unsigned which;
	size_t   parts, units, bytes;   /* bytes is a multiple of the huge page */
	part_layout part[KEY_PARTS];
} key_layout;

/* Requires: the set has the parts that `which` names (key_layout_present says so with a sentence). */
key_layout key_layout_of(const lat_params *params, unsigned which, exactness how);
err key_layout_present(const key_layout *l, const seeded_keyset *set);

/* What a unit covers: part number, items, and its bytes in the block. */
typedef struct unit_view { const part_layout *part; size_t first, count; slice items, checks; } unit_view;
unit_view key_layout_unit(const key_layout *l, const uint8_t *block, size_t unit);
hash32    unit_digest(const unit_view *u);

/* Fills the block.  told counts bytes.  ERR_NOMEM. */
err key_layout_make(uint8_t *block, const key_layout *l, const seeded_keyset *set, pool *p, const progress *told);

/* The same into a file, where the block begins at `at`, with the digests of all units.  ERR_IO too. */
err key_layout_store(hash32 *digests, int fd, off_t at, const key_layout *l, const seeded_keyset *set, pool *p,
                     const progress *told);

/* The digest that a unit has when it is made now. */
err key_layout_remake(hash32 *out, const key_layout *l, size_t unit, const seeded_keyset *set);

/* *out uses the block, which outlives it and is nobody's (out->memory is NULL).  ERR_NOMEM. */
err key_layout_open(eval_keys *out, const key_layout *l, const uint8_t *block, const seeded_keyset *set);

#endif
