/* SPDX-License-Identifier: MIT */
/* mpc/keygen_plan.c -- shapes counted. */
#include "mpc/keygen_plan.h"
#include "share/tuniform.h"

static keygen_need need_of_key(const lat_params *p, secret_id id)
{
	static const char *const NAMES[SECRETS] = {
		[SECRET_PKE] = "public key's secret", [SECRET_SMALL] = "small key", [SECRET_BIG] = "big key",
		[SECRET_COMP] = "compression's secret", [SECRET_SNS] = "squash's secret",
		[SECRET_SNSCOMP] = "squash compression's secret", [SECRET_OPRF] = "pseudo-random function's secret",
	};
	const uint64_t bits = secret_length(p, id);

	return (keygen_need){ .name = NAMES[id], .is_key = true, .secret = id, .k = 128, .samples = bits, .bits = bits };
}

static keygen_need need_of_part(const lat_params *p, key_part part)
{
	const part_shape s = part_shape_of(p, part);
	const uint64_t samples = (uint64_t)s.rows * s.body;

	return (keygen_need){
		.name = s.name, .part = part, .k = s.bits, .noise = s.noise, .samples = samples,
		.bits = samples * tuniform_bits(s.noise),
		.products = s.kind == KIND_BSK ? (uint64_t)secret_length(p, s.from) * s.k * s.N : 0,
	};
}

static keygen_plan plan_of(const lat_params *p, bool with_secrets, unsigned parts)
{
	keygen_plan plan = { .params = p };

	for (secret_id id = 0; with_secrets && id < SECRETS; id++) plan.need[plan.needs++] = need_of_key(p, id);
	for (key_part part = 0; part < KEY_PARTS; part++) {
		const keygen_need need = need_of_part(p, part);
		if (!need.samples || !(parts & PART_BIT(part))) continue;
		plan.need[plan.needs++] = need;
		plan.parts |= PART_BIT(part);
	}
	return plan;
}

keygen_plan keygen_plan_of(const lat_params *p) { return plan_of(p, true, ALL_PARTS); }
keygen_plan keygen_plan_of_public(const lat_params *p) { return plan_of(p, false, ALL_PARTS); }
keygen_plan keygen_plan_of_decompression(const lat_params *p) { return plan_of(p, false, PART_BIT(PART_DECOMP_BSK)); }

uint64_t keygen_plan_bits(const keygen_plan *plan, unsigned k)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < plan->needs; i++) if (!k || plan->need[i].k == k) sum += plan->need[i].bits;
	return sum;
}

uint64_t keygen_plan_samples(const keygen_plan *plan, unsigned k)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < plan->needs; i++)
		if (!plan->need[i].is_key && (!k || plan->need[i].k == k)) sum += plan->need[i].samples;
	return sum;
}

uint64_t keygen_plan_products(const keygen_plan *plan)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < plan->needs; i++) sum += plan->need[i].products;
	return sum;
}

uint64_t keygen_plan_bodies(const keygen_plan *plan)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < plan->needs; i++)
		if (!plan->need[i].is_key) sum += plan->need[i].samples * (plan->need[i].k / 8);
	return sum;
}

uint64_t keygen_plan_bytes(const keygen_plan *plan, unsigned d)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < plan->needs; i++) sum += plan->need[i].samples * d * (plan->need[i].k / 8);
	return sum;
}
