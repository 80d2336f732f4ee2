/* SPDX-License-Identifier: MIT */
/* node/extras.c -- gathered from the table of keys, counted, and fetched. */
#include "node/extras.h"
#include <stdlib.h>
#include "base/file.h"
#include "base/log.h"
#include "node/cluster.h"
#include "node/published.h"
#include "node/replies.h"
#include "node/reshared.h"
#include "tfhers/tfhers.h"

/* ---- what there is --------------------------------------------------------------------------------------------------- */

typedef struct gathering { offer *out; vault *v; err failed; } gathering;

static int order(const offered_key *a, const offered_key *b) { return memcmp(a->key_id.b, b->key_id.b, sizeof a->key_id.b); }

/* In the order of ids; the last has to go if there is no room. */
static void insert(offer *x, const offered_key *k)
{
	unsigned at = x->keys < MAX_RESHARED_KEYS ? x->keys++ : MAX_RESHARED_KEYS - 1;

	if (x->keys == MAX_RESHARED_KEYS && at == MAX_RESHARED_KEYS - 1 && x->key[at].files && order(k, &x->key[at]) > 0) return;
	for (; at && order(k, &x->key[at - 1]) < 0; at--) x->key[at] = x->key[at - 1];
	x->key[at] = *k;
}

/* Of its digests the last is that of the file. */
static void add(void *ctx, const key_record *r)
{
	gathering *g = ctx;
	const key_metadata *m = &r->metadata;
	const stored_digest *d = &m->digest[m->digests - 1];
	offered_key k = { .key_id = m->key_id, .prep_id = m->prep_id, .params = params_by_number_var((int)r->fhe_parameter),
	                  .marks = (uint8_t)(r->marks & ~KEY_RESHARED), .files = 1, .file = { { .type = d->type } } };

	if (g->failed != OK || !k.params || d->digest.n != sizeof k.file[0].digest.b) return;
	memcpy(k.file[0].digest.b, d->digest.p, d->digest.n);
	g->failed = published_size(&k.file[0].bytes, g->v, d->type, &m->key_id);
	if (g->failed == OK) insert(g->out, &k);
}

err extras_of(offer *out, keys *k, vault *v)
{
	gathering g = { out, v, OK };

	*out = (offer){ 0 };
	keys_each_decompression(k, add, &g);
	keys_each_added(k, add, &g);
	return g.failed;
}

/* ---- what is believed ------------------------------------------------------------------------------------------------ */

static bool same(const offered_key *a, const offered_key *b)
{
	return id_eq_var(&a->key_id, &b->key_id) && id_eq_var(&a->prep_id, &b->prep_id) && a->params == b->params && a->marks == b->marks &&
	       a->file[0].type == b->file[0].type && a->file[0].bytes == b->file[0].bytes &&
	       hash32_eq_var(a->file[0].digest, b->file[0].digest);
}

static bool is_extra(const offered_key *k)
{
	return k->files == 1 && (k->file[0].type == PUB_DECOMPRESSION_KEY || k->file[0].type == PUB_COMPRESSED_XOF_KEY_SET);
}

static const offered_key *find(const offer *x, const id32 *key)
{
	for (unsigned i = 0; i < x->keys; i++)
		if (id_eq_var(&x->key[i].key_id, key)) return &x->key[i];
	return NULL;
}

static void choose(offer *out, const offer *said, unsigned n, unsigned t)
{
	for (party j = 1; j <= n; j++)
		for (unsigned i = 0; i < said[j].keys && out->keys < MAX_RESHARED_KEYS; i++) {
			const offered_key *k = &said[j].key[i];
			unsigned who = 0;
			if (!is_extra(k) || find(out, &k->key_id)) continue;
			for (party l = 1; l <= n; l++) {
				const offered_key *theirs = find(&said[l], &k->key_id);
				who += theirs && same(theirs, k);
			}
			if (who > t) out->key[out->keys++] = *k;
		}
}

/* Of one id there is only one that t + 1 parties have, for of these one is honest. */
void extras_choose(offer *out, const slice *said, unsigned n, unsigned t)
{
	offer *each = calloc(n + 1, sizeof *each);

	*out = (offer){ 0 };
	if (!each) return;
	for (party j = 1; j <= n; j++)
		if (said[j].p && !offer_read(&each[j], said[j])) each[j].keys = 0;
	choose(out, each, n, t);
	free(each);
}

/* ---- taking ---------------------------------------------------------------------------------------------------------- */

/* Files come from far away at this rate at least. */
enum { LEAST_MS = 5000, BYTES_A_MS = 4000 };

static err fetch(vault *v, const offered_key *k, const mpc_context *from)
{
	const offered_file *f = &k->file[0];
	uint8_t is[KEY_DIGEST_BYTES];
	slice file;

	TRY(published_fetch(v, k, from, LEAST_MS + (int64_t)(f->bytes / BYTES_A_MS)));
	TRY(vault_map_public(&file, v, f->type, &k->key_id, MAX_TFHERS_FILE));
	tkms_key_digest_view(is, file);
	file_unmap(&file);
	if (slice_eq_var(slice_of(is, sizeof is), hash32_slice(&f->digest))) return OK;
	return err_fail(ERR_STATE, "the published file %s is not the one that was signed; restore it from a copy, such as another node's",
	                pub_type_name(f->type));
}

static key_record record_of(const engine *e, const offered_key *k)
{
	return (key_record){
		.state = KEY_ACTIVE, .marks = k->marks, .fhe_parameter = (uint32_t)k->params->fhe_parameter, .created_ms = clock_unix_ms(e->clock),
		.metadata = { .key_id = k->key_id, .prep_id = k->prep_id, .digests = 1,
		              .digest = { { k->file[0].type, hash32_slice(&k->file[0].digest) } } },
	};
}

static err sign_and_join(const engine *e, const request *r, key_record *record, err (*join)(keys *, const id32 *, const key_record *))
{
	signatures made;

	engine_sign_key(&made, e, r, &record->metadata);
	TRY(join(e->keys, &r->id, record));
	reply_keygen_again(e->cluster->table, record);
	return OK;
}

/* A failure is reported with the sentence that it had, whatever happens to the pieces. */
static err give_up(err failed, const engine *e, const request *r, const id32 *key, err (*drop)(keys *, const id32 *, const id32 *))
{
	char why[512];

	snprintf(why, sizeof why, "%s", err_text());
	if (drop(e->keys, &r->id, key) != OK) err_clear();
	return err_fail(failed, "%s", why);
}

static err take_decompression(const engine *e, const request *r, const offered_key *k, const mpc_context *from)
{
	key_record record = record_of(e, k);

	if (reshared_record(e->keys, &k->key_id)) return err_fail(ERR_STATE, "its id is that of a key with secrets here");
	TRY(keys_begin_key(e->keys, &r->id, &k->key_id));
	err failed = fetch(e->cluster->vault, k, from);
	if (failed == OK) failed = sign_and_join(e, r, &record, keys_join_decompression);
	return failed == OK ? keys_end_key(e->keys, &r->id, &k->key_id) : give_up(failed, e, r, &k->key_id, keys_drop_key);
}

static err drop_addition(keys *k, const id32 *in, const id32 *key) { return (void)in, keys_drop_addition(k, key); }
static err join_addition(keys *k, const id32 *in, const key_record *r) { return (void)in, keys_join_addition(k, r); }

static err take_addition(const engine *e, const request *r, const offered_key *k, const mpc_context *from)
{
	uint8_t digest[KEY_DIGEST_BYTES];
	key_record record;

	memcpy(digest, k->file[0].digest.b, sizeof digest);
	TRY(keys_addition(&record, e->keys, &r->id, &k->key_id, digest));
	record.created_ms = clock_unix_ms(e->clock);
	TRY(keys_begin_addition(e->keys, &k->key_id));
	err failed = fetch(e->cluster->vault, k, from);
	if (failed == OK) failed = sign_and_join(e, r, &record, join_addition);
	return failed == OK ? keys_end_addition(e->keys, &k->key_id) : give_up(failed, e, r, &k->key_id, drop_addition);
}

/* An addition is for keys that are here, in the new epoch; others are passed over. */
static err take(const engine *e, const request *r, const offered_key *k, const mpc_context *from)
{
	const key_record *known;
	key_facts facts;

	if (k->file[0].type == PUB_DECOMPRESSION_KEY)
		return keys_has_decompression(e->keys, &k->key_id) ? OK : take_decompression(e, r, k, from);
	if (keys_added(&known, e->keys, &k->key_id)) return OK;
	if (keys_facts(&facts, e->keys, &r->id, &k->key_id) == OK) return take_addition(e, r, k, from);
	err_clear();
	return OK;
}

void extras_take(const engine *e, const request *r, const offer *heard, const mpc_context *from)
{
	char id[ID_TEXT], what[ID_TEXT + 80];

	for (unsigned i = 0; i < heard->keys; i++) {
		const err failed = take(e, r, &heard->key[i], from);
		if (failed == OK) continue;
		id_text(id, &heard->key[i].key_id);
		snprintf(what, sizeof what, "%s %s, which other parties have, is missing here; share the keys anew",
		         pub_type_name(heard->key[i].file[0].type), id);
		log_err(LOG_WARN, what, failed);
	}
}
