/* SPDX-License-Identifier: MIT */
/* node/published.c -- see published.h. */
#include "node/published.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "rpc/fetch.h"
#include "tfhers/tfhers.h"
#include "tkms/keygen.h"

err published_size(uint64_t *out, vault *v, pub_type t, const id32 *key)
{
	slice file;

	TRY(vault_map_public(&file, v, t, key, MAX_TFHERS_FILE));
	*out = file.n;
	file_unmap(&file);
	return OK;
}

err published_is_missing(bool *out, vault *v, const offered_key *k)
{
	bool there = true;

	for (unsigned i = 0; there && i < k->files; i++) TRY(vault_has_public(&there, v, k->file[i].type, &k->key_id));
	*out = !there;
	return OK;
}

/* ---- fetching ------------------------------------------------------------------------------------------------------ */

typedef struct filling { draft *d; size_t at, bytes; } filling;

static bool take(void *ctx, slice piece)
{
	filling *x = ctx;

	if (piece.n > x->bytes - x->at) return false;
	memcpy(draft_bytes(x->d) + x->at, piece.p, piece.n);
	x->at += piece.n;
	return true;
}

static err check(const filling *x, const offered_file *want, const char *url)
{
	hash32 found;

	if (x->at != x->bytes) return err_fail(ERR_IO, "%s has %zu bytes instead of %zu", url, x->at, x->bytes);
	tkms_key_digest_draft(found.b, x->d);
	return hash32_eq_var(found, want->digest) ? OK : err_fail(ERR_IO, "%s is not the file that was signed", url);
}

static err fetch_into(draft *d, vault *v, const id32 *key, const offered_file *want, const char *url, int64_t timeout_ms)
{
	filling x = { d, 0, want->bytes };
	bool existed;

	TRY(fetch_pieces(url, want->bytes, timeout_ms, take, &x));
	TRY(check(&x, want, url));
	return vault_keep_public(v, want->type, key, d, &existed);
}

static err fetch_from(vault *v, const id32 *key, const offered_file *want, const member *m, int64_t timeout_ms)
{
	AUTO(buf) url = { 0 };
	char id[ID_TEXT];
	draft *d = NULL;

	id_text(id, key);
	buf_printf(&url, "%s/%s/%s", m->storage, pub_type_name(want->type), id);
	TRY(vault_draft_public(&d, v, want->type, key, want->bytes));
	err e = fetch_into(d, v, key, want, buf_str(&url), timeout_ms);
	draft_free(&d);
	if (e == OK) log_info("fetched %s", buf_str(&url));
	return e;
}

static err fetch_file(vault *v, const id32 *key, const offered_file *want, const mpc_context *from, int64_t until_ms)
{
	err e = err_fail(ERR_IO, "no party's public_storage_url is known; the file %s of this key cannot be had", pub_type_name(want->type));
	bool tried = false;

	for (party i = 1; i <= from->n; i++) {
		const int64_t left = until_ms - clock_now_ms(clock_system());
		if (i == from->me || !from->member[i].storage[0] || left <= 0) continue;
		if (tried) log_err(LOG_WARN, "a published file could not be fetched from a party", e);
		else err_clear();
		e = fetch_from(v, key, want, &from->member[i], left);
		if (e == OK || e == ERR_NOMEM) return e;
		tried = true;
	}
	return e;
}

err published_fetch(vault *v, const offered_key *k, const mpc_context *from, int64_t timeout_ms)
{
	const int64_t until_ms = clock_now_ms(clock_system()) + timeout_ms;
	bool there;

	for (unsigned i = 0; i < k->files; i++) {
		TRY(vault_has_public(&there, v, k->file[i].type, &k->key_id));
		if (!there) TRY(fetch_file(v, &k->key_id, &k->file[i], from, until_ms));
	}
	return OK;
}
