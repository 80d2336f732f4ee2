/* SPDX-License-Identifier: MIT */
/* tfhers/schema_path.h -- the way from the root of a value to a field, kept on the stack: each call adds one step. */
#ifndef ARCA_TFHERS_SCHEMA_PATH_H
#define ARCA_TFHERS_SCHEMA_PATH_H

#include "base/base.h"

typedef struct schema_step {
	const struct schema_step *up;
	const char *name;                /* NULL: element `index` of a VEC */
	size_t      index;
} schema_step;

typedef struct schema_path { char text[200]; } schema_path;

/* "key.blocks[3].degree", cut off if it is too long; "" for the root (NULL). */
schema_path schema_path_of(const schema_step *s);

#endif
