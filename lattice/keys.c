/* SPDX-License-Identifier: MIT */
/* lattice/keys.c -- which keys there are, what shape each part has, and the keys that are used. */
#include "lattice/keys.h"
#include "lattice/engine.h"
#include "lattice/layout.h"
#include "lattice/memory.h"

/* ---- secret keys ------------------------------------------------------------------------------------------------- */

size_t secret_length(const lat_params *p, secret_id id)
{
	const size_t length[SECRETS] = {
		[SECRET_PKE] = p->pke.n,
		[SECRET_SMALL] = p->n,
		[SECRET_BIG] = (size_t)p->k * p->N,
		[SECRET_COMP] = (size_t)p->comp.k * p->comp.N,
		[SECRET_SNS] = (size_t)p->sns.k * p->sns.N,
		[SECRET_SNSCOMP] = (size_t)p->snscomp.k * p->snscomp.N,
		[SECRET_OPRF] = p->n,
	};
	return length[id];
}

err secret_keys_new(secret_keys *out, const lat_params *p)
{
	secret_keys k = { .params = p };
	size_t bytes = 0;

	for (secret_id id = 0; id < SECRETS; id++) bytes += secret_length(p, id);
	TRY(secret_alloc(&k.memory, bytes));
	uint8_t *at = k.memory;
	for (secret_id id = 0; id < SECRETS; id++) {
		k.bit[id] = at;
		at += secret_length(p, id);
	}
	*out = k;
	return OK;
}

void secret_keys_free(secret_keys *k)
{
	if (!k) return;
	secret_release(k->memory);
	*k = (secret_keys){ 0 };
}

/* ---- public parts ------------------------------------------------------------------------------------------------ */

/* The key at either end of a part: its length, and k polynomials of degree < N. */
typedef struct end { secret_id id; unsigned k, N; } end;

static part_shape compact(const char *name, end key, unsigned noise)
{
	const unsigned n = key.k * key.N;
	return (part_shape){ .name = name, .kind = KIND_COMPACT, .bits = 64, .from = key.id, .to = key.id, .k = 1, .N = n,
	                     .noise = noise, .rows = 1, .mask = n, .body = n };
}

static part_shape zeros(const char *name, end key, ms_params ms, unsigned noise)
{
	return (part_shape){ .name = name, .kind = KIND_ZEROS, .bits = 64, .from = key.id, .to = key.id, .k = key.k, .N = 1,
	                     .noise = noise, .rows = ms.kind == MS_DRIFT ? ms.zeros : 0, .mask = key.k, .body = 1 };
}

/* For every bit of `from` and every level: one row, or for a bootstrap key one row for each polynomial of `to`. */
static part_shape switching(const char *name, part_kind kind, unsigned bits, end from, end to, decomp dc, unsigned noise)
{
	const size_t inputs = (size_t)from.k * from.N * dc.level;
	return (part_shape){ .name = name, .kind = kind, .bits = bits, .from = from.id, .to = to.id, .decomp = dc,
	                     .k = to.k, .N = to.N, .noise = noise, .rows = kind == KIND_BSK ? inputs * (to.k + 1) : inputs,
	                     .mask = (size_t)to.k * to.N, .body = to.N };
}

part_shape part_shape_of(const lat_params *p, key_part part)
{
	const end pke = { SECRET_PKE, p->pke.n, 1 }, small = { SECRET_SMALL, p->n, 1 }, oprf = { SECRET_OPRF, p->n, 1 },
	          big = { SECRET_BIG, p->k, p->N }, comp = { SECRET_COMP, p->comp.k, p->comp.N },
	          sns = { SECRET_SNS, p->sns.k, p->sns.N }, snscomp = { SECRET_SNSCOMP, p->snscomp.k, p->snscomp.N };

	switch (part) {
	case PART_PKE:          return compact("public key", pke, p->pke.noise);
	case PART_COMP_PKSK:    return switching("compression key", KIND_PKSK, 64, big, comp, p->comp.pks, p->comp.noise);
	case PART_DECOMP_BSK:   return switching("decompression key", KIND_BSK, 64, comp, big, p->comp.br, p->glwe_noise);
	case PART_KSK:          return switching("keyswitch key", KIND_KSK, 64, big, small, p->ks, p->lwe_noise);
	case PART_BSK:          return switching("bootstrap key", KIND_BSK, 64, small, big, p->pbs, p->glwe_noise);
	case PART_MS_ZEROS:     return zeros("zeros of the bootstrap key", small, p->ms, p->lwe_noise);
	case PART_SNS_BSK:      return switching("squash key", KIND_BSK, 128, small, sns, p->sns.br, p->sns.noise);
	case PART_SNS_MS_ZEROS: return zeros("zeros of the squash key", small, p->sns.ms, p->lwe_noise);
	case PART_CAST_KSK:     return switching("casting key", KIND_KSK, 64, pke, small, p->pke.cast, p->lwe_noise);
	case PART_RERAND:       return compact("re-randomization key", big, p->glwe_noise);
	case PART_SNSCOMP_PKSK: return switching("squash compression key", KIND_PKSK, 128, sns, snscomp, p->snscomp.pks,
	                                         p->snscomp.noise);
	case PART_OPRF_BSK:     return switching("pseudo-random function key", KIND_BSK, 64, oprf, big, p->pbs, p->glwe_noise);
	case KEY_PARTS:         break;
	}
	assert_failed("a part of the enum", __FILE__, __LINE__);
}

/* ---- what is stored ------------------------------------------------------------------------------------------------- */

/* The squash of these sets works on rows that lost their low bits, so that faster engines can be exact. */
enum { ROUNDED_BITS = 20 };

unsigned part_dropped(const lat_params *p, key_part part)
{
	return part == PART_SNS_BSK && p->sns.rounded ? ROUNDED_BITS : 0;
}

err part_present(const seeded_keyset *set, key_part part)
{
	const part_shape s = part_shape_of(set->params, part);
	const size_t has = set->part[part].bodies.n, needs = part_stored_bytes(s, set->part[part].form);

	if (s.rows == 0) return err_fail(ERR_REQUEST, "parameter set %s has no %s", set->params->name, s.name);
	if (has == 0) return err_fail(ERR_REQUEST, "the key set came without its %s", s.name);
	if (has == needs) return OK;
	return err_fail(ERR_REQUEST, "the %s has %zu bytes, parameter set %s needs %zu", s.name, has, set->params->name, needs);
}

/* ---- evaluation keys ----------------------------------------------------------------------------------------------- */

err eval_keys_new(eval_keys *out, const seeded_keyset *set, unsigned which, exactness how, pool *p, const progress *told)
{
	const key_layout l = key_layout_of(set->params, which, how);
	void *memory;

	TRY(key_layout_present(&l, set));
	TRY(memory_take(&memory, l.bytes, "the evaluation key"));
	err e = key_layout_make(memory, &l, set, p, told);
	if (e == OK) e = key_layout_open(out, &l, memory, set);
	if (e != OK) {
		memory_give_back(memory, l.bytes);
		return err_at(e, __FILE__, __LINE__);
	}
	out->memory = memory;
	out->bytes = l.bytes;
	return OK;
}

void eval_keys_free(eval_keys *k)
{
	if (!k) return;
	for (key_part part = 0; part < KEY_PARTS; part++) boot_key_free(&k->boot[part]);
	memory_give_back(k->memory, k->bytes);
	*k = (eval_keys){ 0 };
}
