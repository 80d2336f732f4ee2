/* SPDX-License-Identifier: MIT */
/* node/terms.c -- a broadcast, and the largest group that said the same. */
#include "node/terms.h"
#include "node/majority.h"
#include "sym/sha2.h"

static void add_u32(sha256_stream *s, uint32_t x)
{
	uint8_t b[4];
	store32(b, x);
	sha256_add(s, slice_of(b, sizeof b));
}

static void add_keyset(sha256_stream *s, const keyset_config *k)
{
	add_u32(s, k->type), add_u32(s, k->compute), add_u32(s, k->secrets), add_u32(s, k->compression);
}

terms terms_of(const request *r, slice how)
{
	const bool keygen = r->kind == REQUEST_KEYGEN;
	const lat_params *params = keygen ? r->keygen.params : r->preproc.params;
	AUTO(sha256_stream) s = sha256_begin();

	ASSERT(keygen || r->kind == REQUEST_PREPROC);
	add_u32(&s, (uint32_t)r->kind);
	add_u32(&s, (uint32_t)params->fhe_parameter);
	add_keyset(&s, keygen ? &r->keygen.keyset : &r->preproc.keyset);
	if (keygen) sha256_add(&s, id_slice(&r->keygen.preproc_id));
	if (keygen && keygen_is_decompression(r)) sha256_add(&s, id_slice(&r->keygen.from)), sha256_add(&s, id_slice(&r->keygen.to));
	if (keygen && keygen_is_migration(r)) {
		sha256_add(&s, id_slice(&r->keygen.existing));
		add_u32(&s, r->keygen.keeps_tag | (uint32_t)r->keygen.copies << 1);
	}
	sha256_add(&s, how);
	return (terms){ (uint32_t)params->fhe_parameter, sha256_end(&s) };
}

/* ---- comparing ---------------------------------------------------------------------------------------------------- */

/* "test parameters", for what was broadcast. */
static const char *wanted(slice said)
{
	if (said.n != TERMS_BYTES) return "nothing that can be read";
	const uint32_t number = load32(said.p);
	const lat_params *p = number <= INT32_MAX ? params_by_number_var((int)number) : NULL;
	return p ? p->name : "parameters that this build does not have";
}

static bool same_parameters(slice a, slice b)
{
	return a.n == TERMS_BYTES && b.n == TERMS_BYTES && load32(a.p) == load32(b.p);
}

static err differs(const slice *all, party_set same, party odd)
{
	char who[256];

	majority_list(who, sizeof who, same);
	if (same_parameters(all[odd], all[first_of(same)]))
		return err_fail(ERR_STATE, "this party was asked with other options, or for another preprocessing, than parties %s; "
		                "ask it for the same under a fresh id", who);
	return err_fail(ERR_STATE, "this party was asked for the parameters %s, and parties %s for %s; ask it for the same under a "
	                "fresh id", wanted(all[odd]), who, wanted(all[first_of(same)]));
}

static err no_majority(const session *s, const slice *all)
{
	AUTO(buf) list = { 0 };

	FOR_EACH_PARTY(i, s) buf_printf(&list, "%s%u: %s", i > 1 ? ", " : "", i, is_corrupt(s, i) ? "silent" : wanted(all[i]));
	return err_fail(ERR_STATE, "the parties were asked for different key sets (%s): fewer than %u want the same; ask all of "
	                "them for the same under a fresh id", buf_str(&list), s->n - s->t);
}

err terms_agree(session *s, const terms *mine)
{
	uint8_t said[TERMS_BYTES];
	slice all[MAX_PARTIES + 1];

	store32(said, mine->fhe_parameter);
	memcpy(said + 4, mine->all.b, sizeof mine->all.b);
	TRY(bcast(s, slice_of(said, sizeof said), sizeof said, all));
	const party_set same = majority_of(s, all, sizeof said);
	if (size_of_set(same) < s->n - s->t) return no_majority(s, all);
	if (!has(same, s->me)) return differs(all, same, s->me);
	FOR_EACH_IN(i, live(s) & ~same) accuse(s, i, "was asked for another key set");
	return OK;
}
