/* SPDX-License-Identifier: MIT */
/* evm/jrpc_error.h -- what providers call their errors, and where they put the data of a contract's refusal. */
#ifndef ARCA_EVM_JRPC_ERROR_H
#define ARCA_EVM_JRPC_ERROR_H

#include "evm/jrpc.h"

/* From the member "error" of an answer, whatever it is. */
void jrpc_error_read(jrpc_error *out, const struct json_t *error);

void jrpc_error_set(jrpc_error *out, jrpc_kind kind, const char *message);

#endif
