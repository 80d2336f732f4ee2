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

/* *out is the caller's to free. */
err parse_request(request **out, request_kind kind, slice message);

/* A message that is nothing but an id. */
err parse_request_id(id32 *out, slice message);

#endif
