/* SPDX-License-Identifier: MIT */
/*
 * delegate/parts.h -- the parts of an answer that nodes have sealed to one reader, as a file, and how the reader combines them.
 *
 *   { "chainId": N, "request": {...}, "description": {...}, "parts": ["0x...", ...] }
 *
 * request is the body that was posted to each node (request_v1.h), description what one of them says of the key (description.h;
 * whoever made the file has compared it with what others say).  A part counts if its proof is right, so that a node, or whoever
 * carried the file, can keep the reader from reading but not make it read something else.
 *
 * Time: opening is constant in the parts, but for their proofs.
 */
#ifndef ARCA_DELEGATE_PARTS_H
#define ARCA_DELEGATE_PARTS_H

#include "delegate/description.h"
#include "delegate/request_v1.h"

enum { MAX_PARTS_FILE = 256 << 10 };

typedef struct parts_file {
	delegate_v1 what;
	group_key   key;
	size_t      n;
	buf         sealed[MAX_PARTIES];
} parts_file;

/* request, description: JSON as it was sent and received. */
void parts_write(buf *out, uint32_t chain_id, slice request, slice description, const buf *sealed, size_t n);
/* Is it meant to be one?  It begins with chainId. */
bool parts_begin(slice json);
/* ERR_REQUEST. */
err  parts_read(parts_file *out, slice json);
void parts_free(parts_file *p);

/* What ECIES makes of d K.  ERR_REQUEST: K is not that of the request, or too few parts are right. */
err  parts_open(shared_x *out, const parts_file *p, const rsa_sk *sk, const secp_pk *K);

#endif
