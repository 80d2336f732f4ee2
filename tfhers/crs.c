/* SPDX-License-Identifier: MIT */
/* tfhers/crs.c -- what a CompactPkeCrs is for; its points are counted, not looked at. */
#include "tfhers/numbers.h"
#include "tfhers/tfhers.h"

enum { BITS_IN_BLOCK = 4 };

err tfhers_read_crs(crs_facts *out, slice file)
{
	tf_crs got;
	arena a = object_arena(file);

	err e = object_read(&got, &a, OBJECT_CRS, file);
	if (e == OK) {
		out->params = numbers_find(OBJECT_CRS, &got);
		out->bits = got.v2.k * BITS_IN_BLOCK;
		if (!out->params) e = numbers_unknown(OBJECT[OBJECT_CRS].name);
	}
	arena_free(&a);
	return e;
}
