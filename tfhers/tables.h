/* SPDX-License-Identifier: MIT */
/*
 * tfhers/tables.h -- every object that travels in an envelope: its name and the table of its type.
 *
 * object_read is the way in for all readers of this room: envelope, name, body, nothing behind it.
 */
#ifndef ARCA_TFHERS_TABLES_H
#define ARCA_TFHERS_TABLES_H

#include "tfhers/envelope.h"
#include "tfhers/tables_key.h"
#include "tfhers/tables_server.h"
#include "tfhers/tables_ct.h"
#include "tfhers/tables_zk.h"

typedef enum object_id {
	OBJECT_CLIENT_KEY, OBJECT_PUBLIC_KEY, OBJECT_COMPRESSED_PUBLIC_KEY, OBJECT_COMPRESSED_SERVER_KEY, OBJECT_XOF_KEYSET,
	OBJECT_DECOMPRESSION_KEY,
	OBJECT_SERVER_KEY,
	OBJECT_BOOL, OBJECT_UINT, OBJECT_INT, OBJECT_COMPRESSED_BOOL, OBJECT_COMPRESSED_UINT, OBJECT_COMPRESSED_INT,
	OBJECT_COMPACT_LIST, OBJECT_PROVEN_LIST, OBJECT_COMPRESSED_LIST,
	OBJECT_SQUASHED_BOOL, OBJECT_SQUASHED_UINT, OBJECT_SQUASHED_INT, OBJECT_SQUASHED_LIST, OBJECT_CRS,
	OBJECTS
} object_id;

typedef struct object_kind {
	const char   *name;              /* in the envelope                            */
	const schema *type;
	size_t        tag;               /* where in the struct the tag is; 0: it has none */
} object_kind;

extern const object_kind OBJECT[OBJECTS];

/* Which object a file holds.  ERR_REQUEST if its name is none of the table's. */
err  object_of(object_id *out, slice file);

/* For the VECs of one object.  The C structs of elements are at most ten times as large as their bytes (a point at
 * infinity), so this limit only stops what the reader's own checks should have stopped. */
arena object_arena(slice file);

/* Reads the file's object into *out, a struct of OBJECT[id].type; what is absent is zero.  ERR_REQUEST if the file holds
 * another one. */
err  object_read(void *out, arena *a, object_id id, slice file);

/* Appends envelope and object. */
void object_write(buf *out, object_id id, const void *value);

#endif
