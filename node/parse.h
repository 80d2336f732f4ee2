/* SPDX-License-Identifier: MIT */
/*
 * node/parse.h -- from the bytes of a message to a checked request.  Touches nothing but its arguments, so a fuzzer
 * reaches all of it.
 *
 * Every sentence names the field, with its index in a list.  ERR_REQUEST for what the asker must change, ERR_UNSUPPORTED
 * for what this version does not build.
 */
#ifndef ARCA_NODE_PARSE_H
#define ARCA_NODE_PARSE_H

#include "node/request.h"
#include "vault/context_info.h"

/* *out is the caller's to free. */
err parse_request(request **out, request_kind kind, slice message);

/* The same for the insecure twins of preprocessing and key generation. */
err parse_insecure_request(request **out, request_kind kind, slice message);

/* NewMpcContext: *out borrows from the arena. */
err parse_context(context_info *out, arena *a, slice message);

/* Messages that are nothing but the id of a context or of an epoch to destroy. */
err parse_destroy_context(id32 *out, slice message);
err parse_destroy_epoch(id32 *out, slice message);

/* A message that is nothing but an id. */
err parse_request_id(id32 *out, slice message);

#endif
