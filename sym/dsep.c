/* SPDX-License-Identifier: MIT */
/* sym/dsep.c -- SHAKE256 behind eight characters. */
#include "sym/dsep.h"

xof dsep_begin(const char *dsep)
{
	ASSERT(strlen(dsep) == DSEP_BYTES);
	xof x = xof_shake256();
	xof_absorb(&x, slice_of(dsep, DSEP_BYTES));
	return x;
}

/* What was absorbed may be secret: the state does not stay behind. */
static void finish(xof *x, uint8_t *out, size_t n)
{
	xof_squeeze(x, out, n);
	wipe(x, sizeof *x);
}

void shake256_dsep(uint8_t *out, size_t n, const char *dsep, slice data)
{
	xof x = dsep_begin(dsep);
	xof_absorb(&x, data);
	finish(&x, out, n);
}

void shake256_dsep_length(uint8_t *out, size_t n, const char *dsep, slice data)
{
	xof x = dsep_begin(dsep);
	xof_absorb_u64(&x, data.n);
	xof_absorb(&x, data);
	finish(&x, out, n);
}

void shake256_dsep_list(uint8_t *out, size_t n, const char *dsep, const slice *items, size_t count)
{
	ASSERT(strlen(dsep) == DSEP_BYTES);
	xof x = dsep_begin("HASH_LST");
	xof_absorb(&x, slice_of(dsep, DSEP_BYTES));
	xof_absorb_u64(&x, count);
	for (size_t i = 0; i < count; i++) xof_absorb(&x, items[i]);
	finish(&x, out, n);
}

hash32 dsep_hash(const char *dsep, slice data)
{
	hash32 h;
	shake256_dsep(h.b, sizeof h.b, dsep, data);
	return h;
}

hash32 dsep_hash_length(const char *dsep, slice data)
{
	hash32 h;
	shake256_dsep_length(h.b, sizeof h.b, dsep, data);
	return h;
}
