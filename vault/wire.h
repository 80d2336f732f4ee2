/* SPDX-License-Identifier: MIT */
/*
 * vault/wire.h -- the pieces that versioned objects are made of: byte strings with a u64 count, and u32 version tags.
 */
#ifndef ARCA_VAULT_WIRE_H
#define ARCA_VAULT_WIRE_H

#include "base/id.h"

void  wire_put(buf *out, slice s);                               /* u64 count, bytes */

/* Refuses more than max bytes. */
slice wire_read(reader *r, size_t max);

/* Refuses a tag that is not the version we know. */
void  wire_expect(reader *r, uint32_t version);
void  wire_read_id(reader *r, id32 *out);

/* The body of a file whose envelope has this name, and the check that it ends where the file does.  ERR_REQUEST. */
err   wire_open(reader *body, const char *name, slice file);
err   wire_close(const reader *r, const char *name);

#endif
