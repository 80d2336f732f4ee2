/* SPDX-License-Identifier: MIT */
/*
 * node/engine_epoch.c -- a new epoch: keys for pseudo-random sharing, set up among the parties of a context (mpc/mpc.h); and,
 * if the request names an epoch before it, new shares of its keys (refresh.h), each signed anew under the request's domain.  A
 * node that is in that epoch's context only gives its shares away.  Keys of delegations that the nodes share (group_keeper.h) go the same
 * way, before the epoch is there.
 *
 * The parts of keys are stored first, under a mark, and the epoch's own file last.  So a crash leaves the whole epoch or none
 * of it, and the old one as it was.
 */
#include <stdlib.h>
#include "base/log.h"
#include "mpc/mpc.h"
#include "base/file.h"
#include "node/cluster.h"
#include "node/extras.h"
#include "node/group_keeper.h"
#include "node/joint_try.h"
#include "node/refresh.h"
#include "node/published.h"
#include "node/replies.h"
#include "node/reshared.h"

typedef struct epoch_work {
	const engine  *engine;
	const request *request;
	const mpc_context *context;
	uint8_t      (*r_A)[PRSS_KEY];
	const crossed *sets;                             /* with keys of an epoch before: from where to where */
	offer          mine, agreed;                     /* keys that this node has; that the new epoch gets  */
	offer          extras, heard;                    /* what it has beside them; what the others do       */
	bool           gives, fetched[MAX_RESHARED_KEYS];
} epoch_work;

static err run_ceremony(const epoch_work *w, ceremony_plan *plan)
{
	const engine *e = w->engine;
	const ceremony_tools tools = cluster_tools(e->cluster, e->random);

	TRY(peers_committee(&plan->with, e->cluster->peers, w->sets ? w->sets->all : w->context));
	return ceremony_run(&tools, plan);
}

/* ---- without keys --------------------------------------------------------------------------------------------------- */

static err set_up(session *s, void *arg)
{
	return prss_setup(s, arg);
}

static err make_bare(epoch_work *w)
{
	const request *r = w->request;
	ceremony_plan plan = { .what = ATTEMPT_EPOCH, .operation = "prss", .request = r->id, .epoch = r->id, .run = set_up, .arg = w->r_A,
	                       .stop = r->stop };

	return run_ceremony(w, &plan);
}

/* ---- with the keys of the epoch before -------------------------------------------------------------------------------- */

/* A published file of a key, mapped; checked: a party that offers a key has looked at its files. */
static err map_file(slice *out, const epoch_work *w, const offered_key *k, pub_type t, bool checked)
{
	uint8_t is[KEY_DIGEST_BYTES];
	const offered_file *f = k->file;

	while (f < k->file + k->files && f->type != t) f++;
	if (f == k->file + k->files) return err_fail(ERR_STATE, "the key publishes no %s", pub_type_name(t));
	TRY(vault_map_public(out, w->engine->cluster->vault, t, &k->key_id, MAX_TFHERS_FILE));
	if (checked) return OK;
	tkms_key_digest_view(is, *out);
	if (slice_eq_var(slice_of(is, sizeof is), hash32_slice(&f->digest))) return OK;
	file_unmap(out);
	return err_fail(ERR_STATE, "its published file %s is not the one that was signed; restore it from a copy, such as another node's",
	                pub_type_name(t));
}

/* What new shares are tried with. */
typedef struct trial_files { slice public_key, keyset; } trial_files;

static void unmap_files(trial_files *f)
{
	if (f->public_key.n) file_unmap(&f->public_key);
	if (f->keyset.n) file_unmap(&f->keyset);
}

/* The key set is published in one of two forms, and tried as it is. */
static err map_files(trial_files *out, const epoch_work *w, const offered_key *k, bool checked)
{
	trial_files f = { 0 };

	err e = map_file(&f.public_key, w, k, PUB_PUBLIC_KEY, checked);
	if (e == OK) e = map_file(&f.keyset, w, k, offer_key_set_type(k), checked);
	if (e == OK) *out = f;
	else unmap_files(&f);
	return e;
}

/* Before anybody waits for this party. */
static err look_at_files(const epoch_work *w)
{
	char id[ID_TEXT];

	for (unsigned i = 0; i < w->mine.keys; i++) {
		trial_files f;
		err e = map_files(&f, w, &w->mine.key[i], false);
		if (e == OK) {
			unmap_files(&f);
			continue;
		}
		id_text(id, &w->mine.key[i].key_id);
		err_context("key %s: ", id);
		return e == ERR_IO ? e : ERR_STATE;
	}
	return OK;
}

/* Of a node that is to have them and lacks some, the others' will do. */
static err look_for_keys(epoch_work *w)
{
	const request *r = w->request;
	cluster *c = w->engine->cluster;
	const epoch *from = NULL;

	if (!w->sets->old->me) return OK;
	err e = epochs_hold(&from, c->epochs, &r->epoch.from, &r->epoch.from_context);
	epochs_release(c->epochs, &from);
	if (e == OK) e = reshared_offer(&w->mine, w->engine->keys, c->vault, r);
	if (e == OK) e = extras_of(&w->extras, w->engine->keys, c->vault);
	w->gives = e == OK;
	if (e == OK && w->sets->new->me) e = look_at_files(w);
	if (e != ERR_NOT_FOUND || !w->sets->new->me) return e;
	log_info("%s; this party gets shares from the others", err_text());
	err_clear();
	return OK;
}

static err lacks(void *ctx, bool *out, const offer *x)
{
	const epoch_work *w = ctx;

	*out = false;
	for (unsigned i = 0; !*out && i < x->keys; i++) TRY(published_is_missing(out, w->engine->cluster->vault, &x->key[i]));
	return OK;
}

static err fetch_key(epoch_work *w, unsigned i, int64_t timeout_ms)
{
	const offered_key *k = &w->agreed.key[i];
	keys *table = w->engine->keys;
	vault *v = w->engine->cluster->vault;
	char id[ID_TEXT];
	bool missing;

	TRY(published_is_missing(&missing, v, k));
	if (!missing) return OK;
	id_text(id, &k->key_id);
	if (reshared_record(table, &k->key_id))
		return err_fail(ERR_STATE, "a published file of key %s, which this node has, is gone; restore it from a copy", id);
	TRY(keys_begin_key(table, &w->request->id, &k->key_id));
	w->fetched[i] = true;
	return published_fetch(v, k, w->sets->all, timeout_ms);
}

static err fetch(void *ctx, const offer *x)
{
	epoch_work *w = ctx;
	const int64_t until_ms = clock_now_ms(clock_system()) + refresh_fetch_ms(x);

	for (unsigned i = 0; i < x->keys; i++) TRY(fetch_key(w, i, until_ms - clock_now_ms(clock_system())));
	return OK;
}

static err load(void *ctx, key_share *old, const offered_key *k)
{
	const epoch_work *w = ctx;
	return keys_read_share(old, w->engine->keys, &w->request->epoch.from, &k->key_id);
}

static err decrypts(void *ctx, session *s, const key_share *fresh, const prss *masks, unsigned i)
{
	const epoch_work *w = ctx;
	const offered_key *k = &w->agreed.key[i];
	trial_files f = { 0 };
	char id[ID_TEXT];

	err e = map_files(&f, w, k, w->gives);
	if (e == OK)
		e = joint_try_run(s, &(joint_try){ .share = fresh, .masks = masks, .public_key = f.public_key, .keyset = f.keyset,
		                                   .cores = w->engine->cores, .reshared = true, .number = i });
	unmap_files(&f);
	if (e == OK) return OK;
	id_text(id, &k->key_id);
	err_context("new shares of key %s are tried before the epoch is there, and the old epoch stays: ", id);
	return e;
}

/* As this node knows it; or as it would, had it been there when the key was made. */
static key_record record_of(const epoch_work *w, const offered_key *k)
{
	const key_record *known = reshared_record(w->engine->keys, &k->key_id);
	key_record r = { .state = KEY_ACTIVE, .created_ms = clock_unix_ms(w->engine->clock) };

	if (known) r = *known;
	r.marks = k->marks | KEY_RESHARED;
	r.fhe_parameter = (uint32_t)k->params->fhe_parameter;
	r.metadata = (key_metadata){ .key_id = k->key_id, .prep_id = k->prep_id, .digests = k->files };
	for (unsigned i = 0; i < k->files; i++)
		r.metadata.digest[i] = (stored_digest){ k->file[i].type, hash32_slice(&k->file[i].digest) };
	return r;
}

/* Its files stay as they are; what is signed about them, and for whom, is the request's. */
static err store(void *ctx, const key_share *fresh, const offered_key *k)
{
	const epoch_work *w = ctx;
	key_record record = record_of(w, k);
	signatures made;

	engine_sign_key(&made, w->engine, w->request, &record.metadata);
	return keys_add_part(w->engine->keys, fresh, &record);
}

static refresh refresh_of(epoch_work *w)
{
	return (refresh){ .sets = w->sets, .request = w->request, .mine = w->gives ? &w->mine : NULL, .extras = &w->extras,
	                  .agreed = &w->agreed, .heard = &w->heard, .r_A = w->r_A,
	                  .ctx = w, .lacks = lacks, .fetch = fetch, .load = load, .try = decrypts, .store = store };
}

static err run_refresh(epoch_work *w)
{
	const request *r = w->request;
	const id32 binding = refresh_binding(w->sets, r, NULL);
	used_sids used = { w->engine->cluster->vault, r->id };
	const sid_record record = used_sids_record(&used);
	refresh x = refresh_of(w);
	ceremony_plan plan = { .what = ATTEMPT_EPOCH, .operation = "reshare", .request = r->id, .terms = &binding, .epoch = r->id,
	                       .sets = w->sets, .attempt = &x.attempt, .run = refresh_run, .arg = &x, .stop = r->stop };

	x.record = &record;
	return run_ceremony(w, &plan);
}

/* Unless another epoch has got the key meanwhile. */
static err drop_files(const epoch_work *w)
{
	keys *table = w->engine->keys;

	for (unsigned i = 0; i < MAX_RESHARED_KEYS; i++) {
		const id32 *key = &w->agreed.key[i].key_id;
		if (!w->fetched[i]) continue;
		if (reshared_record(table, key)) TRY(keys_end_key(table, &w->request->id, key));
		else TRY(keys_drop_key(table, &w->request->id, key));
	}
	return OK;
}

/* The sentence that counts is that of the failure. */
static err take_back(const epoch_work *w, err failed)
{
	char why[512];

	snprintf(why, sizeof why, "%s", err_text());
	err e = keys_drop_epoch(w->engine->keys, &w->request->id);
	if (e == OK) e = drop_files(w);
	if (e != OK) log_err(LOG_WARN, "parts of keys of an epoch that was not made are left; restart the node", e);
	err_clear();
	return err_fail(failed, "%s", why);
}

/* Whoever asks for a key that came with the epoch is answered as after a restart. */
static void answer_for(const epoch_work *w, const id32 *key)
{
	const key_record *k = reshared_record(w->engine->keys, key);
	requests *table = w->engine->cluster->table;
	request_state known;

	if (k && (!requests_state(table, &known, REQUEST_KEYGEN, key) || known == REQUEST_FAILED)) reply_keygen_again(table, k);
}

static err remove_marks(const epoch_work *w)
{
	TRY(keys_end_epoch(w->engine->keys, &w->request->id));
	for (unsigned i = 0; i < MAX_RESHARED_KEYS; i++)
		if (w->fetched[i]) TRY(keys_end_key(w->engine->keys, &w->request->id, &w->agreed.key[i].key_id));
	return OK;
}

/* The keys of delegations go where these keys go. */
static err move_delegations(const epoch_work *w)
{
	return group_keeper_move(atomic_load(&w->engine->cluster->keeper), w->sets, w->request);
}

/* ---- giving only -------------------------------------------------------------------------------------------------------- */

/* Rounds that may pass between two messages to a party that is in the old set only. */
enum { PATIENT_ROUNDS = 60 };

/* The new parties have their shares: what this node has of these keys is superseded. */
static err note_given(const epoch_work *w)
{
	const int64_t now_ms = clock_unix_ms(w->engine->clock);

	for (unsigned i = 0; i < w->mine.keys; i++)
		TRY(keys_given(w->engine->keys, &w->request->epoch.from, &w->mine.key[i].key_id, now_ms));
	return OK;
}

/* The old shares stay until epoch_grace.h takes them; which keys the new parties took, they have said (node/offering.h). */
static err give_away(epoch_work *w)
{
	const request *r = w->request;
	const cluster *c = w->engine->cluster;
	const ceremony_tools tools = cluster_tools(c, w->engine->random);
	const int64_t round_ms = ceremony_round_ms(&tools);
	ceremony_plan plan = { .what = ATTEMPT_EPOCH, .request = r->id, .sets = w->sets, .stop = r->stop };
	refresh x = refresh_of(w);

	TRY(peers_committee(&plan.with, c->peers, w->sets->all));
	TRY(ceremony_attend(&tools, &plan, &x.attempt, false));
	if (!x.attempt) return move_delegations(w);
	const reshare_giver g = { w->sets->all->me, plan.with->in, peers_wire(plan.with), PATIENT_ROUNDS * round_ms, round_ms };
	TRY(refresh_give(&x, &g));
	TRY(move_delegations(w));
	TRY(ceremony_attend(&tools, &plan, &x.attempt, true));
	return note_given(w);
}

/* ---- all ---------------------------------------------------------------------------------------------------------------- */

static err finish(const epoch_work *w)
{
	const mpc_context *k = w->context;
	const epoch_data made = { w->request->id, k->id, k->n, k->t, ring_degree(k->n), k->me, clock_unix_ms(w->engine->clock),
	                          binomial(k->n - 1, k->t), (const uint8_t (*)[PRSS_KEY])w->r_A };

	return epochs_finish(w->engine->cluster->epochs, &made, k);
}

static err make_with_keys(epoch_work *w)
{
	const id32 *id = &w->request->id;

	TRY(keys_begin_epoch(w->engine->keys, id));
	err e = run_refresh(w);
	if (e == OK) e = move_delegations(w);
	if (e == OK) e = finish(w);
	if (e != OK) return take_back(w, e);
	/* The epoch is whole beside marks that stay; the next start removes them. */
	e = remove_marks(w);
	if (e != OK) log_err(LOG_WARN, "a new epoch is still marked as unfinished; restart the node", e);
	err_clear();
	for (unsigned i = 0; i < w->agreed.keys; i++)
		if (w->fetched[i]) answer_for(w, &w->agreed.key[i].key_id);
	extras_take(w->engine, w->request, &w->heard, w->sets->all);
	return OK;
}

static err make_or_give(epoch_work *w)
{
	if (!w->request->epoch.reshares) {
		TRY(make_bare(w));
		return finish(w);
	}
	TRY(cluster_crossed(&w->sets, w->engine->cluster, w->request));
	TRY(look_for_keys(w));
	if (w->sets->new->me) return make_with_keys(w);
	TRY(give_away(w));
	epochs_abandon(w->engine->cluster->epochs, &w->request->id);
	return OK;
}

static err make_epoch(const engine *e, const request *r)
{
	epoch_work *w = calloc(1, sizeof *w);

	if (!w) return err_fail(ERR_NOMEM, "no memory for an epoch");
	w->engine = e;
	w->request = r;
	err failed = contexts_find(&w->context, e->cluster->contexts, &r->context_id);
	if (failed == OK) failed = secret_alloc((void **)&w->r_A, (size_t)binomial(w->context->n - 1, w->context->t) * PRSS_KEY);
	if (failed == OK) failed = make_or_give(w);
	secret_release(w->r_A);
	free(w);
	return failed;
}

err engine_epoch(const engine *e, buf *response, const request *r)
{
	err failed = make_epoch(e, r);

	if (failed != OK) {
		epochs_abandon(e->cluster->epochs, &r->id);
		return failed;
	}
	reshared_reply(response, e->keys, &r->id);
	return OK;
}
