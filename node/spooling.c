/* SPDX-License-Identifier: MIT */
/* node/spooling.c */
#include "node/spooling.h"

_Static_assert((int)KEYGEN_NEEDS <= (int)SPOOL_STREAMS, "a stream for each need");

static void put_tag(spool_plan *p, const lat_params *params, const keyset_config *k, const spool_owner *of)
{
	const uint32_t word[] = { (uint32_t)params->fhe_parameter, k->type, k->compute, k->secrets, k->compression };
	const uint8_t byte[] = { (uint8_t)of->n, (uint8_t)of->t, (uint8_t)of->d, of->me };

	_Static_assert(sizeof word + sizeof byte <= sizeof p->tag, "the tag has room");
	for (size_t i = 0; i < COUNT(word); i++) store32(p->tag + 4 * i, word[i]);
	memcpy(p->tag + sizeof word, byte, sizeof byte);
	p->shape.tag = slice_of(p->tag, sizeof word + sizeof byte);
}

static keygen_plan plan_of(const lat_params *params, const keyset_config *keyset)
{
	if (keyset->type == KEYSET_DECOMPRESSION) return keygen_plan_of_decompression(params);
	return keyset->secrets == SECRETS_EXISTING ? keygen_plan_of_public(params) : keygen_plan_of(params);
}

void spooling_plan(spool_plan *out, const lat_params *params, const keyset_config *keyset, const spool_owner *of)
{
	*out = (spool_plan){ .keygen = plan_of(params, keyset) };
	out->shape.streams = out->keygen.needs;
	for (unsigned i = 0; i < out->keygen.needs; i++) {
		const keygen_need *need = &out->keygen.need[i];
		out->shape.stream[i].samples = need->samples;
		out->shape.stream[i].bytes = of->d * (need->k / 8);
	}
	put_tag(out, params, keyset, of);
}

static err put_samples(void *ctx, unsigned need, uint64_t first, size_t count, const void *element)
{
	return spool_put(ctx, need, first, count, element);
}

static err take_samples(void *ctx, unsigned need, uint64_t first, size_t count, void *element)
{
	return spool_take(ctx, need, first, count, element);
}

preproc_sink spooling_sink(spool *s) { return (preproc_sink){ s, put_samples }; }
preproc_source spooling_source(spool *s) { return (preproc_source){ s, take_samples, SPOOL_RECORD }; }
