/* SPDX-License-Identifier: MIT */
/*
 * node/combiners.h -- whom delegation.combiners names: "", nobody; "all"; or a list, as "kms1.example,3", of parties by their names
 * (mpc_identity of [[threshold.peers]] and of contexts) and by their numbers (what has digits only).
 *
 * A number is that of a peer of the configuration, and means this peer also where a key has gone to other parties, among whom somebody
 * else has the number.  Without peers it is the party that has it in the context where the key is, whoever that is.
 */
#ifndef ARCA_NODE_COMBINERS_H
#define ARCA_NODE_COMBINERS_H

#include "node/contexts.h"

/* ERR_REQUEST: it is none of these. */
err  combiners_check(const char *text);

/* Those of `in` that it names.  numbered: whose numbers are meant; NULL: there are no peers.  Requires: combiners_check. */
party_set combiners_of(const char *text, const mpc_context *in, const mpc_context *numbered);

/* Whether it names somebody by this number. */
bool combiners_number(const char *text, party i);

/* Appends the items that name nobody in it, with commas. */
void combiners_strangers(buf *out, const char *text, const mpc_context *in, const mpc_context *numbered);

#endif
