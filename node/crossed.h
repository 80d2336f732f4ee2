/* SPDX-License-Identifier: MIT */
/*
 * node/crossed.h -- two contexts side by side: those whose parties have a key, and those who shall get it.
 *
 * Who is in both is known by name and authority, as on links.  The parties of both are numbered as mpc/reshare.h wants it: the
 * new context's first, with their numbers in it; then those of the old one that are not in the new.  They are linked as a
 * context of their own, whose id follows from both, so that every node has the same.
 *
 * From a context to itself, the context serves.
 */
#ifndef ARCA_NODE_CROSSED_H
#define ARCA_NODE_CROSSED_H

#include "mpc/reshare.h"
#include "node/contexts.h"

typedef struct crossed {
	struct crossed *next;
	const mpc_context *old, *new;
	reshare_sets sets;
	const mpc_context *all;                  /* &united, or the one context */
	mpc_context  united;
	member       member[MAX_PARTIES + 1];
} crossed;

typedef struct crossings crossings;

/* join: what makes a context one whose parties are linked; called once for each two. */
typedef struct crossings_parts { void *ctx; err (*join)(void *ctx, const mpc_context *united); } crossings_parts;

err  crossings_new(crossings **out, const crossings_parts *parts);
void crossings_free(crossings **k);          /* NULL-safe */

/* The same two give the same crossed, which stays valid.  ERR_REQUEST: a name stands for two authorities, or sizes are not those
 * of parties that share keys; ERR_UNSUPPORTED as reshare_sets_check; what join says. */
err  crossings_get(const crossed **out, crossings *k, const mpc_context *old, const mpc_context *new);

/* Calls each for those that a context is in; they are not found from then on. */
void crossings_drop(crossings *k, const mpc_context *c, void (*each)(void *ctx, const mpc_context *united), void *ctx);

#endif
