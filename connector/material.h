/* SPDX-License-Identifier: MIT */
/*
 * connector/material.h -- what a new epoch takes over (v0.15): the keys and common reference strings that KMSGeneration had
 * when the epoch was announced, read as of that block, so that all nodes are told the same.
 */
#ifndef ARCA_CONNECTOR_MATERIAL_H
#define ARCA_CONNECTOR_MATERIAL_H

#include "connector/reads.h"

enum { MAX_MATERIAL = 64 };                    /* keys, and CRSs */

typedef struct material_crs { id32 id; slice digest; } material_crs;

typedef struct epoch_material {
	size_t       keys, crss;
	call_key     key[MAX_MATERIAL];
	material_crs crs[MAX_MATERIAL];
	chain_read   read[2 * MAX_MATERIAL];       /* whose answers the digests are of */
} epoch_material;

/* ERR_IO: the chain is away, or does not know the block yet; ERR_REQUEST: it answers what cannot be; ERR_EXHAUSTED. */
err  epoch_material_load(epoch_material **out, providers *host, const eth_address *generation, uint64_t block);
void epoch_material_free(epoch_material **m);

#endif
