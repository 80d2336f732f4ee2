/* SPDX-License-Identifier: MIT */
/* delegate/request_internal.h -- what both forms of a request are read with.  Every error sets *status, and is ERR_REQUEST. */
#ifndef ARCA_DELEGATE_REQUEST_INTERNAL_H
#define ARCA_DELEGATE_REQUEST_INTERNAL_H

#include "delegate/request.h"
#include <jansson.h>
#include "delegate/request_v1.h"

err request_refuse(unsigned *status, unsigned what, const char *sentence);

/* The body as an object; the caller releases it.  Content-Type and length are looked at first. */
err request_object(json_t **out, unsigned *status, const delegate_call *c);
/* A string of the object, borrowed. */
err request_text(slice *out, unsigned *status, const json_t *object, const char *name);
err request_chain(bool *given, uint32_t *chain_id, unsigned *status, const delegate_call *c);
/* What the gateway signs, and the reader's key. */
err request_v1_members(delegate_request_v1 *r, unsigned *status, const json_t *object);

#endif
