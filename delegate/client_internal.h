/* SPDX-License-Identifier: MIT */
/* delegate/client_internal.h -- how answers of a KMS are read. */
#ifndef ARCA_DELEGATE_CLIENT_INTERNAL_H
#define ARCA_DELEGATE_CLIENT_INTERNAL_H

#include "delegate/client.h"
#include <jansson.h>

void   client_put_hex(buf *out, slice bytes);
/* The answer as JSON, which the caller releases, or NULL with an error in *e. */
json_t *client_load(err *e, slice json);
/* "" if it is no string. */
slice  client_text(const json_t *j, const char *name);
/* ERR_REQUEST. */
err    client_proof(secp_rsig *out, const json_t *j);
/* name: the member that holds it. */
err    client_sealed(buf *sealed, const json_t *j, const char *name);

#endif
