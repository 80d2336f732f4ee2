/* SPDX-License-Identifier: MIT */
/* node/cluster.c -- the parts put together, and what operators do to them. */
#include "node/cluster.h"
#include <stdlib.h>
#include <unistd.h>
#include "base/log.h"
#include "node/audit.h"
#include "node/epoch_grace.h"
#include "node/group_keeper.h"
#include "node/reshared.h"
#include "node/settings.h"
#include "node/small_keys.h"
#include "node/superseded.h"
#include "vault/spool.h"

/* ---- the life of it ---------------------------------------------------------------------------------------------- */

/* The certificate says what this node is called. */
static err read_certificate(cluster *c)
{
	const threshold_config *t = &c->config->threshold;
	certs_certificate *x = NULL;

	TRY(pem_config_read(&c->certificate_pem, &t->tls.cert, "threshold.tls.manual.cert"));
	TRY(pem_config_read_secret(&c->key_pem, &t->tls.key, "threshold.tls.manual.key"));
	TRY(certs_read(&x, "threshold.tls.manual.cert", buf_slice(&c->certificate_pem)));
	err e = certs_name(c->name, x);
	certs_certificate_free(&x);
	return e;
}

static err join_united(void *ctx, const mpc_context *united)
{
	cluster *c = ctx;
	return peers_join(c->peers, united);
}

static err open_parts(cluster *c, const signer *s)
{
	TRY(read_certificate(c));
	const own_identity own = { *signer_address(s), c->name };
	TRY(contexts_open(&c->contexts, c->vault, c->config, &own));
	TRY(crossings_new(&c->crossings, &(crossings_parts){ c, join_united }));
	TRY(epochs_open(&c->epochs, c->vault, c->contexts));
	return announcements_new(&c->announcements, wait_system());
}

err cluster_new(cluster **out, const node_config *config, vault *v, const signer *s, const node_seams *seams)
{
	cluster *c = calloc(1, sizeof *c);

	if (!c) return err_fail(ERR_NOMEM, "no memory for the cluster");
	*c = (cluster){ .config = config, .vault = v, .seams = seams };
	err e = open_parts(c, s);
	if (e != OK) {
		cluster_free(&c);
		return e;
	}
	*out = c;
	return OK;
}

err cluster_start(cluster *c, const engine *e, requests *table)
{
	const int64_t threads = c->config->internal.num_rayon_threads;
	const ddec_parts parts = { e, c->epochs, c->seams, c->config->threshold.net.network_timeout * 1000,
	                           (unsigned)(threads ? threads : sysconf(_SC_NPROCESSORS_ONLN)) };

	c->keys = e->keys;
	c->derived_folder = e->derived_folder;
	c->table = table;
	small_keys_tidy(c->derived_folder, c->keys);
	return ddec_new(&c->ddec, &parts);
}

static bool on_opening(void *ctx, committee *with, party from, slice records)
{
	cluster *c = ctx;
	return ddec_message(c->ddec, with, from, records);
}

static bool epoch_is_there(cluster *c, const committee *with, const id32 *id)
{
	const epoch *x;

	if (epochs_hold(&x, c->epochs, id, &with->context->makes) != OK) {
		err_clear();
		return false;
	}
	epochs_release(c->epochs, &x);
	return true;
}

static bool has_made(cluster *c, request_kind kind, const id32 *id)
{
	request_state state;
	return requests_state(c->table, &state, kind, id) && (state == REQUEST_DONE || state == REQUEST_CONSUMED);
}

static bool is_there(cluster *c, const committee *with, const announcement *h)
{
	switch (h->what) {
	case ATTEMPT_EPOCH:   return epoch_is_there(c, with, &h->request);
	case ATTEMPT_PREPROC: return has_made(c, REQUEST_PREPROC, &h->request);
	case ATTEMPT_DEAL:
	case ATTEMPT_KEYGEN:  return has_made(c, REQUEST_KEYGEN, &h->request);
	case ATTEMPT_DELEGATION: return group_keeper_has(atomic_load(&c->keeper), &with->context->id, &h->request);
	case ATTEMPTS:        break;
	}
	return false;
}

static void on_announced(void *ctx, committee *with, party from, slice what)
{
	cluster *c = ctx;
	announcement h;

	announce_heard(c->announcements, with, from, what);
	if (announcement_read(&h, what) && h.phase != PHASE_THERE && is_there(c, with, &h)) announce_there(with, from, &h);
}

static bool on_delegation(void *ctx, committee *with, party from, slice frame)
{
	cluster *c = ctx;
	return combining_take(atomic_load(&c->combining), with, from, frame);
}

static bool on_news(void *ctx, committee *with, party from, slice news)
{
	cluster *c = ctx;
	return group_keeper_hear(atomic_load(&c->keeper), with->context, from, news);
}

static slice own_settings(const cluster *c, committee *with)
{
	if (!with->settings.n) settings_write(&with->settings, c->config, with->context);
	return buf_slice(&with->settings);
}

static void on_up(void *ctx, committee *with, party who)
{
	const mpc_context *k = with->context;

	log_info("party %u, %s, can be reached", who, k->member[who].identity);
	if (!id_eq_var(&k->id, &k->makes)) return;       /* two that work together; each says its own */
	peers_send(with, who, FRAME_SETTINGS, own_settings(ctx, with), (slice){ 0 }, 0);
}

typedef struct compared { committee *with; party other; int64_t now; } compared;

static void tell_difference(void *ctx, const setting *mine, const setting *theirs)
{
	const compared *x = ctx;
	const mpc_context *k = x->with->context;
	char id[ID_TEXT];

	x->with->settings_ms[x->other] = x->now;
	id_text(id, &k->id);
	log_warn("%.*s: party %u, %s, has %.*s, and this node %.*s, in context %s; all its parties must have the same: correct the one that "
	         "is wrong, and start that node again", (int)mine->key.n, (const char *)mine->key.p, x->other, k->member[x->other].identity,
	         (int)theirs->value.n, (const char *)theirs->value.p, (int)mine->value.n, (const char *)mine->value.p, id);
}

/* Who says it again and again finds no room in the log for it. */
enum { SETTINGS_AGAIN_MS = 10000 };

static bool on_settings(void *ctx, committee *with, party from, slice theirs)
{
	const int64_t now = clock_now_ms(clock_system());

	if (with->settings_ms[from] && now - with->settings_ms[from] < SETTINGS_AGAIN_MS) return true;
	return settings_compare(own_settings(ctx, with), theirs, tell_difference, &(compared){ with, from, now });
}

typedef struct joining { cluster *c; err failed; } joining;

static bool join(void *ctx, const mpc_context *k)
{
	joining *j = ctx;
	j->failed = peers_join(j->c->peers, k);
	return j->failed == OK;
}

err cluster_link(cluster *c)
{
	const peers_parts parts = {
		.config = c->config, .name = c->name, .certificate_pem = buf_slice(&c->certificate_pem), .key_pem = buf_slice(&c->key_pem),
		.listener = { c, on_opening, on_announced, on_up, on_delegation, on_settings, on_news }, .seams = c->seams,
	};
	joining j = { c, OK };

	err e = peers_new(&c->peers, &parts);
	if (e == ERR_REQUEST) err_context("threshold.tls.manual: ");
	TRY(e);
	buf_free(&c->key_pem);
	ddec_use_peers(c->ddec, c->peers);
	contexts_each(c->contexts, join, &j);
	return j.failed;
}

void cluster_close(cluster *c)
{
	if (c) announcements_cancel(c->announcements);
}

void cluster_stop(cluster *c)
{
	cluster_close(c);
	if (c) peers_cancel(c->peers);
}

void cluster_free(cluster **cp)
{
	cluster *c = *cp;
	if (!c) return;
	ddec_stop(c->ddec);                              /* nobody sends any more */
	peers_close(c->peers);                           /* and nobody brings anything */
	ddec_free(&c->ddec);
	peers_free(&c->peers);
	announcements_free(&c->announcements);
	epochs_free(&c->epochs);
	crossings_free(&c->crossings);
	contexts_free(&c->contexts);
	buf_free(&c->certificate_pem);
	buf_free(&c->key_pem);
	free(c);
	*cp = NULL;
}

ceremony_tools cluster_tools(const cluster *c, const rng *random)
{
	return (ceremony_tools){ c->announcements, c->vault, c->config, random };
}

/* ---- what requests need ------------------------------------------------------------------------------------------- */

static err be_member(const mpc_context *k)
{
	char id[ID_TEXT];

	if (k->me) return OK;
	id_text(id, &k->id);
	return err_fail(ERR_STATE, "context_id: this node is not a party of context %s", id);
}

/* Who only gives keys to a new context is not in it. */
static err be_concerned(cluster *c, const request *r, const mpc_context *k)
{
	const mpc_context *old;

	if (k->me || !r->epoch.reshares) return be_member(k);
	err e = contexts_find(&old, c->contexts, &r->epoch.from_context);
	if (e != OK) err_context("previous_epoch: ");
	if (e == OK && !old->me) return be_member(k);
	return e;
}

err cluster_admits(cluster *c, const request *r)
{
	const mpc_context *k;
	const epoch *x;

	TRY(contexts_find(&k, c->contexts, &r->context_id));
	if (r->kind == REQUEST_NEW_EPOCH) return be_concerned(c, r, k);
	TRY(be_member(k));
	err e = epochs_hold(&x, c->epochs, &r->epoch_id, &r->context_id);
	if (e != OK) {
		if (epochs_count(c->epochs) == 0) err_context("no epoch was set up yet; call NewMpcEpoch at every node: ");
		return e;
	}
	epochs_release(c->epochs, &x);
	return OK;
}

static err find_crossed(const crossed **out, cluster *c, const request *r, const mpc_context *new)
{
	const mpc_context *old;

	TRY(contexts_find(&old, c->contexts, &r->epoch.from_context));
	return crossings_get(out, c->crossings, old, new);
}

err cluster_crossed(const crossed **out, cluster *c, const request *r)
{
	const mpc_context *new;

	TRY(contexts_find(&new, c->contexts, &r->context_id));
	err e = find_crossed(out, c, r, new);
	if (e != OK) err_context("previous_epoch: ");
	return e;
}

static err has_keys(cluster *c, const request *r)
{
	const epoch *from;

	err e = epochs_hold(&from, c->epochs, &r->epoch.from, &r->epoch.from_context);
	if (e != OK) {
		err_context("previous_epoch: ");
		return e;
	}
	epochs_release(c->epochs, &from);
	offer *mine = calloc(1, sizeof *mine);
	if (!mine) return err_fail(ERR_NOMEM, "no memory for a list of keys");
	e = reshared_offer(mine, c->keys, c->vault, r);
	free(mine);
	return e;
}

/* Who names another context than that of the epoch would wait in vain for its parties. */
static err not_of_another(cluster *c, const request *r)
{
	char epoch_text[ID_TEXT], is_of[ID_TEXT];
	const epoch *x;

	if (epochs_hold(&x, c->epochs, &r->epoch.from, NULL) != OK) {
		err_clear();
		return OK;
	}
	const id32 context = x->context->id;
	epochs_release(c->epochs, &x);
	if (id_eq_var(&context, &r->epoch.from_context)) return OK;
	id_text(epoch_text, &r->epoch.from), id_text(is_of, &context);
	return err_fail(ERR_STATE, "previous_epoch: epoch %s is of context %s: name that one, of those who have the keys", epoch_text, is_of);
}

/* With the lease of the new epoch the old one stays.  Who lacks it, or some of its keys, may still get shares. */
static err may_reshare(cluster *c, const request *r)
{
	const crossed *x;

	TRY(cluster_crossed(&x, c, r));
	if (!x->old->me) return not_of_another(c, r);
	err e = has_keys(c, r);
	if (e != ERR_NOT_FOUND || !x->new->me) return e;
	err_clear();
	return not_of_another(c, r);
}

err cluster_begin_epoch(cluster *c, const request *r)
{
	const mpc_context *k;

	TRY(contexts_find(&k, c->contexts, &r->context_id));
	TRY(epochs_begin(c->epochs, &r->id, k));
	err e = r->epoch.reshares ? may_reshare(c, r) : OK;
	if (e != OK) epochs_abandon(c->epochs, &r->id);
	return e;
}

typedef struct dropping { vault *vault; const id32 *id; err failed; } dropping;

static void drop_in_epoch(void *ctx, const epoch *x)
{
	dropping *d = ctx;
	if (d->failed == OK) d->failed = spool_remove(d->vault, &x->id, d->id);
}

err cluster_drop_preprocessing(cluster *c, const id32 *id)
{
	dropping d = { c->vault, id, OK };

	epochs_each(c->epochs, drop_in_epoch, &d);
	return d.failed;
}

static void one_metric(buf *out, const char *name, const char *type, const char *help, uint64_t value)
{
	buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n%s %llu\n", name, help, name, type, name, (unsigned long long)value);
}

void cluster_metrics(buf *out, cluster *c)
{
	const ddec_counts n = ddec_counts_of(c->ddec);

	one_metric(out, "arca_decryptions_queued", "gauge", "Ciphertexts that wait for a batch.", n.queued);
	one_metric(out, "arca_decryptions_opening", "gauge", "Ciphertexts that wait for shares of other parties.", n.opening);
	one_metric(out, "arca_decryption_batches_total", "counter", "Batches of partial decryptions.", n.batches);
	one_metric(out, "arca_decryption_items_total", "counter", "Ciphertexts in these batches.", n.items);
	one_metric(out, "arca_decryptions_opened_total", "counter", "Ciphertexts that were opened.", n.opened);
	one_metric(out, "arca_epochs", "gauge", "Epochs of this node.", epochs_count(c->epochs));
	one_metric(out, "arca_contexts", "gauge", "Contexts of this node.", contexts_count(c->contexts));
	epoch_grace_metrics(out, c);
	peers_metrics(out, c->peers);
}

/* ---- what operators ask --------------------------------------------------------------------------------------------- */

err cluster_make_context(cluster *c, const context_info *info)
{
	const mpc_context *k;

	TRY(contexts_add(&k, c->contexts, info));
	err e = peers_join(c->peers, k);
	if (e != OK) {
		char why[512];
		snprintf(why, sizeof why, "%s", err_text());
		if (contexts_remove(c->contexts, &info->id) != OK) err_clear();
		return err_fail(e, "%s", why);
	}
	AUDIT(.event = AUDIT_CONTEXT_MADE, .id = &info->id, .party = k->me);
	return OK;
}

/*
 * Under a mark the epoch's own file goes before its keys, so after a crash there is the whole epoch or, once the node has
 * started (node/keys.h), nothing of it; session ids that were used are forgotten only when no key is left that they were used
 * with.  After an error it can be done again.  Requires: the lease.
 */
static err destroy(cluster *c, const id32 *id)
{
	TRY(keys_begin_epoch(c->keys, id));
	TRY(spool_remove_epoch(c->vault, id));
	TRY(epochs_erase(c->epochs, id));
	TRY(keys_drop_epoch(c->keys, id));
	small_keys_tidy(c->derived_folder, c->keys);
	TRY(used_sids_erase(c->vault, id));
	TRY(attempts_bury(c->vault, id));
	TRY(epochs_destroy(c->epochs, id));
	requests_forget(c->table, REQUEST_NEW_EPOCH, id);
	AUDIT(.event = AUDIT_EPOCH_DESTROYED, .id = id);
	return OK;
}

err cluster_destroy_epoch(cluster *c, const id32 *id)
{
	TRY(epochs_begin_destroy(c->epochs, id));
	err e = destroy(c, id);
	epochs_end_destroy(c->epochs);
	return e;
}

static err be_superseded(cluster *c, const id32 *id)
{
	const succession s = succession_of(id, c->keys, c->epochs);

	if (!is_superseded(&s)) return err_fail(ERR_STATE, "the epoch is not superseded any more");
	return successors_readable(id, c->keys, c->epochs);
}

err cluster_destroy_superseded(cluster *c, const id32 *id)
{
	TRY(epochs_begin_destroy_superseded(c->epochs, id));
	err e = be_superseded(c, id);                    /* the lease keeps what takes its place */
	if (e == OK) e = destroy(c, id);
	epochs_end_destroy(c->epochs);
	return e;
}

typedef struct listing { const id32 *context; buf ids; } listing;

static void list_epoch(void *ctx, const epoch *x)
{
	listing *l = ctx;
	if (id_eq_var(&x->context->id, l->context)) buf_put_slice(&l->ids, id_slice(&x->id));
}

static err destroy_all(cluster *c, buf *gone, const id32 *context)
{
	listing l = { .context = context };
	err e = OK;

	epochs_each(c->epochs, list_epoch, &l);
	for (size_t at = 0; e == OK && at < l.ids.n; at += sizeof(id32)) {
		id32 id;
		memcpy(id.b, l.ids.p + at, sizeof id.b);
		e = destroy(c, &id);
		if (e == OK) buf_put_slice(gone, id_slice(&id));
	}
	buf_free(&l.ids);
	return e;
}

static void leave_united(void *ctx, const mpc_context *united)
{
	cluster *c = ctx;
	peers_leave(c->peers, united);
}

static err share_no_key(cluster *c, const id32 *id)
{
	uint32_t chain;

	if (!group_keeper_lives_in(atomic_load(&c->keeper), id, &chain)) return OK;
	return err_fail(ERR_STATE, "the parties of this context share the delegation key of chain %u; a new epoch that gets the keys of theirs takes "
	                "it to other parties", chain);
}

err cluster_destroy_context(cluster *c, buf *gone, const id32 *id)
{
	const mpc_context *k;

	TRY(contexts_find(&k, c->contexts, id));
	TRY(contexts_may_remove(c->contexts, id));
	TRY(share_no_key(c, id));
	TRY(epochs_begin_destroy_context(c->epochs));
	err e = destroy_all(c, gone, id);
	if (e == OK) e = contexts_remove(c->contexts, id);
	epochs_end_destroy(c->epochs);
	TRY(e);
	peers_leave(c->peers, k);
	crossings_drop(c->crossings, k, leave_united, c);
	AUDIT(.event = AUDIT_CONTEXT_DESTROYED, .id = id);
	return OK;
}
