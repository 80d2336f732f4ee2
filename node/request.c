/* SPDX-License-Identifier: MIT */
/* node/request.c -- the digest of a request's fields, its trace, and the facts of a preprocessing. */
#include "node/request.h"
#include <stdlib.h>
#include "sym/sha2.h"

void request_free(request **rp)
{
	request *r = *rp;
	if (!r) return;
	/* The request itself lives in its arena. */
	arena memory = r->memory;
	arena_free(&memory);
	*rp = NULL;
}

const char *request_items_field(request_kind kind)
{
	return kind == REQUEST_USER_DECRYPT ? "typed_ciphertexts" : "ciphertexts";
}

static void add_u64(sha256_stream *s, uint64_t x)
{
	uint8_t b[8];
	store64(b, x);
	sha256_add(s, slice_of(b, sizeof b));
}

static void add_counted(sha256_stream *s, slice bytes)
{
	add_u64(s, bytes.n);
	sha256_add(s, bytes);
}

static void add_domain(sha256_stream *s, const eip712_domain *d)
{
	add_counted(s, d->name);
	add_counted(s, d->version);
	sha256_add(s, abi_slice(&d->chain_id));
	sha256_add(s, slice_of(d->contract.b, sizeof d->contract.b));
	add_u64(s, d->salted);
	if (d->salted) sha256_add(s, slice_of(d->salt, sizeof d->salt));
}

static void add_keyset(sha256_stream *s, const lat_params *params, const keyset_config *k)
{
	add_u64(s, params ? 1 + (uint64_t)params->fhe_parameter : 0);
	add_u64(s, k->type);
	add_u64(s, k->compute);
	add_u64(s, k->secrets);
	add_u64(s, k->compression);
}

static void add_decrypt(sha256_stream *s, const decrypt_request *d)
{
	sha256_add(s, id_slice(&d->key_id));
	add_u64(s, d->items);
	for (size_t i = 0; i < d->items; i++) {
		add_u64(s, (uint64_t)d->item[i].type->number);
		add_u64(s, d->item[i].format);
		add_counted(s, d->item[i].handle);
		add_counted(s, d->item[i].file);
	}
	add_counted(s, d->enc_key_wire);
	sha256_add(s, slice_of(d->client.b, sizeof d->client.b));
}

static void add_epoch(sha256_stream *s, const epoch_request *x)
{
	sha256_add(s, id_slice(&x->from));
	sha256_add(s, id_slice(&x->from_context));
	add_u64(s, x->keys);
	for (size_t i = 0; i < x->keys; i++) {
		const wanted_key *k = &x->key[i];
		sha256_add(s, id_slice(&k->key_id));
		sha256_add(s, id_slice(&k->preproc_id));
		add_u64(s, (uint64_t)k->params->fhe_parameter);
		add_u64(s, k->digests);
		for (size_t j = 0; j < k->digests; j++) {
			add_u64(s, k->digest[j].type);
			add_counted(s, k->digest[j].digest);
		}
	}
}

hash32 request_body(const request *r)
{
	AUTO(sha256_stream) s = sha256_begin();

	add_u64(&s, r->kind);
	if (r->insecure) sha256_add(&s, slice_str("insecure"));
	sha256_add(&s, id_slice(&r->context_id));
	sha256_add(&s, id_slice(&r->epoch_id));
	add_domain(&s, &r->domain);
	add_counted(&s, r->extra_data);
	add_u64(&s, r->schemes);
	for (size_t i = 0; i < r->schemes; i++) add_u64(&s, r->scheme[i]);
	switch (r->kind) {
	case REQUEST_PREPROC:
		add_keyset(&s, r->preproc.params, &r->preproc.keyset);
		break;
	case REQUEST_KEYGEN:
		sha256_add(&s, id_slice(&r->keygen.preproc_id));
		add_keyset(&s, r->keygen.params, &r->keygen.keyset);
		if (keygen_is_decompression(r)) sha256_add(&s, id_slice(&r->keygen.from)), sha256_add(&s, id_slice(&r->keygen.to));
		if (!keygen_is_migration(r)) break;
		sha256_add(&s, id_slice(&r->keygen.existing));
		add_u64(&s, r->keygen.keeps_tag | (uint64_t)r->keygen.copies << 1);
		break;
	case REQUEST_PUBLIC_DECRYPT:
	case REQUEST_USER_DECRYPT:
		add_decrypt(&s, &r->decrypt);
		break;
	case REQUEST_NEW_EPOCH:
		if (r->epoch.reshares) add_epoch(&s, &r->epoch);
		break;
	case REQUEST_KINDS:
		break;
	}
	return sha256_end(&s);
}

/* ---- the facts of a preprocessing --------------------------------------------------------------------------- */

enum { FACTS_SECURE = 1, FACTS_INSECURE = 2 };

trace request_trace(const trace *above, request_kind kind, const id32 *id)
{
	trace named = { .flags = TRACE_SAMPLED };

	if (trace_is_any(above)) return trace_below(above, rng_os());
	AUTO(sha256_stream) s = sha256_begin();
	sha256_add(&s, slice_str("arca trace"));
	add_u64(&s, kind);
	sha256_add(&s, id_slice(id));
	const hash32 h = sha256_end(&s);
	memcpy(named.id, h.b, sizeof named.id);
	return trace_below(&named, rng_os());
}

void preproc_facts_write(buf *out, const request *r)
{
	const keyset_config *k = &r->preproc.keyset;

	buf_put_u8(out, r->insecure ? FACTS_INSECURE : FACTS_SECURE);
	buf_put_u32(out, r->preproc.params->fhe_parameter);
	buf_put_u32(out, k->type), buf_put_u32(out, k->compute), buf_put_u32(out, k->secrets), buf_put_u32(out, k->compression);
	buf_put_slice(out, id_slice(&r->context_id));
	buf_put_slice(out, id_slice(&r->epoch_id));
}

err preproc_facts_read(preproc_facts *out, slice bytes)
{
	reader r = reader_of(bytes);
	preproc_facts f;

	const uint8_t version = read_u8(&r);
	f.params = params_by_number_var((int)read_u32(&r));
	f.keyset.type = read_u32(&r), f.keyset.compute = read_u32(&r);
	f.keyset.secrets = read_u32(&r), f.keyset.compression = read_u32(&r);
	const slice context = read_bytes(&r, sizeof f.context_id.b), epoch = read_bytes(&r, sizeof f.epoch_id.b);
	if (!read_done(&r) || (version != FACTS_SECURE && version != FACTS_INSECURE))
		return err_fail(ERR_INTERNAL, "what was recorded about the preprocessing is malformed");
	if (!f.params) return err_fail(ERR_STATE, "the preprocessing is for parameters that this build does not offer");
	memcpy(f.context_id.b, context.p, context.n);
	memcpy(f.epoch_id.b, epoch.p, epoch.n);
	f.insecure = version == FACTS_INSECURE;
	*out = f;
	return OK;
}
