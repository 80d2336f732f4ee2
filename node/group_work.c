/* SPDX-License-Identifier: MIT */
/* node/group_work.c -- ceremonies for shared keys: what goes in from the vault, and what comes out of it into use. */
#include <stdlib.h>
#include "base/log.h"
#include "base/stack.h"
#include "delegate/group_move.h"
#include "node/group_keeper_internal.h"
#include "sym/dsep.h"

const char GROUP_MAKES[] = "delegation", GROUP_IMPORTS[] = "delegation-import", GROUP_REFRESHES[] = "delegation-refresh";
static const char MOVES[] = "delegation-reshare";

static const char HAS_LEFT[] = "is shared by other parties now, whom this node is not among",
                  HAS_NONE[] = "is shared by the other nodes, and this one has lost what it had of it; it gets a share at the next refresh";

/* Stands for what is done: a key of this chain among these parties, or new shares of it. */
id32 group_request_of(const id32 *context, uint32_t chain_id, const char *operation)
{
	xof x = dsep_begin("ARCA_DKG");
	id32 id;

	xof_absorb(&x, id_slice(context));
	xof_absorb_u64(&x, chain_id);
	xof_absorb(&x, slice_str(operation));
	xof_squeeze(&x, id.b, sizeof id.b);
	return id;
}

/* Shares for these parties from those, by the request of a new epoch. */
static id32 move_of(const crossed *x, const id32 *epoch_id, uint32_t chain_id)
{
	xof h = dsep_begin("ARCA_DKM");
	id32 id;

	xof_absorb(&h, id_slice(&x->old->id));
	xof_absorb(&h, id_slice(&x->new->id));
	xof_absorb(&h, id_slice(epoch_id));
	xof_absorb_u64(&h, chain_id);
	xof_squeeze(&h, id.b, sizeof id.b);
	return id;
}

/* ---- where ---------------------------------------------------------------------------------------------------------- */

static const mpc_context *find_context(const group_keeper *k, const id32 *id)
{
	const mpc_context *c = NULL;

	if (contexts_find(&c, k->p.cluster->contexts, id) != OK) err_clear();
	return c && c->me ? c : NULL;
}

static void newest_epoch(void *ctx, const epoch *x)
{
	const mpc_context **found = ctx;
	if (x->context->me) *found = x->context;           /* the oldest comes first */
}

const mpc_context *group_work_first_context(group_keeper *k)
{
	const mpc_context *found = NULL;

	epochs_each(k->p.cluster->epochs, newest_epoch, &found);
	return found ? found : find_context(k, &ID_DEFAULT_CONTEXT);
}

typedef struct turns { const mpc_context *home, *found; unsigned left, all; } turns;

static bool count_turns(void *ctx, const mpc_context *c)
{
	turns *t = ctx;

	if (!c->me || c == t->home) return true;
	if (t->left && --t->left == 0) t->found = c;
	t->all++;
	return true;
}

const mpc_context *group_work_context(group_keeper *k, const kept *c)
{
	const mpc_context *home = find_context(k, &c->context);
	turns t = { 0 };

	if (!home && c->certified) home = find_context(k, &ID_DEFAULT_CONTEXT);        /* where keys were before their place was noted */
	if (!home) home = group_work_first_context(k);
	t.home = home;

	contexts_each(k->p.cluster->contexts, count_turns, &t);
	t.left = c->turn % (t.all + 1);
	if (t.left == 0) return home;
	contexts_each(k->p.cluster->contexts, count_turns, &t);
	return t.found;
}

/* ---- what is there, in use ------------------------------------------------------------------------------------------ */

static group_store store_of(const group_keeper *k, const kept *c)
{
	return (group_store){ .vault = k->p.cluster->vault, .curve = k->curve, .chain_id = c->chain_id };
}

static err use_share(group_keeper *k, group_store *g, const group_record *r, key_state state)
{
	const hash32 digest = group_digest(&r->key);
	group_share held;
	group_record prepared;

	err e = group_store_load(g, &held, &prepared, &digest);
	if (e == OK) e = delegate_kms_put_share(k->p.kms, &r->key, state, &held);
	wipe(&held, sizeof held);
	if (e != ERR_NOT_FOUND) return e;
	log_warn("chain %u: this node has no share of epoch %u of the delegation key; it gets one at the next refresh", r->key.chain_id,
	         r->key.epoch);
	err_clear();
	return delegate_kms_put_share(k->p.kms, &r->key, state, NULL);
}

static void note(group_keeper *k, kept *c, const group_key *key, const group_home *home)
{
	pthread_mutex_lock(&k->lock);
	c->certified = true;
	c->key_id = key->key_id;
	c->epoch = key->epoch;
	c->left = home->state == KEY_DESTROYED;
	c->context = home->context;
	c->by = home->by;
	pthread_mutex_unlock(&k->lock);
}

static void say_that_it_left(uint32_t chain_id, const id32 *context, bool is_among)
{
	char id[ID_TEXT];

	id_text(id, context);
	if (is_among)
		log_info("audit: delegation key of chain %u went to context %s, and this node missed it; its share is erased, and at the next "
		         "refresh it gets another", chain_id, id);
	else if (id_is_zero_var(context))
		log_info("audit: delegation key of chain %u is shared by the parties of another context; this node's share is erased", chain_id);
	else
		log_info("audit: delegation key of chain %u is shared by the parties of context %s, whom this node is not among; its share is erased",
		         chain_id, id);
}

static void use_nothing(group_keeper *k, kept *c, const group_home *home)
{
	const bool is_among = find_context(k, &home->context) != NULL;

	delegate_kms_drop_share(k->p.kms, c->chain_id, is_among ? HAS_NONE : HAS_LEFT);
	if (!c->left) say_that_it_left(c->chain_id, &home->context, is_among);
}

static err use(group_keeper *k, kept *c, group_store *g, group_holding *have, const group_home *home)
{
	if (!have->certified) {
		if (c->is_elsewhere) delegate_kms_drop_share(k->p.kms, c->chain_id, HAS_NONE);
		return OK;
	}
	TRY(group_store_settle(have, g, home));
	if (home->state == KEY_DESTROYED) use_nothing(k, c, home);
	else TRY(use_share(k, g, &have->newest, home->state));
	note(k, c, &have->newest.key, home);
	if (c->left) return OK;
	k->p.made(k->p.ctx, &have->newest, group_work_context(k, &(kept){ .context = home->context, .certified = true }));
	k->p.imported(k->p.ctx, c->chain_id);
	return OK;
}

static err look(group_keeper *k, kept *c, group_store *g, group_holding *have)
{
	group_home home, begun;

	have->wallet = *signer_address(k->p.wallet);
	err e = group_store_look_at(have, &home, &begun, g);
	if (e == OK) e = use(k, c, g, have, &home);
	return e;
}

static err with_holding(group_keeper *k, kept *c, void *arg, err (*run)(group_keeper *k, kept *c, group_holding *have, void *arg))
{
	group_holding *have = calloc(1, sizeof *have);
	group_store g = store_of(k, c);

	const int64_t begun_ms = clock_now_ms(clock_system());

	if (!have) return err_fail(ERR_NOMEM, "no memory for delegation keys");
	err e = look(k, c, &g, have);
	if (e == OK && run) e = run(k, c, have, arg);
	if (e == ERR_EXISTS) err_clear(), e = OK, c->is_elsewhere = true;
	if (e == OK && run) e = look(k, c, &g, have);
	if (e == OK && run && c->certified && !c->left)
		log_info("audit: delegation key of chain %u, epoch %u, is in use, %jd ms after this node was ready for it", c->chain_id,
		         have->newest.key.epoch, (intmax_t)(clock_now_ms(clock_system()) - begun_ms));
	free(have);
	return e;
}

err group_work_look(group_keeper *k, kept *c) { return with_holding(k, c, NULL, NULL); }

/* ---- when it is elsewhere -------------------------------------------------------------------------------------------- */

typedef struct gone { const mpc_context *from; const group_news *news; } gone;

static err fall_behind(group_keeper *k, kept *c, group_holding *have, void *arg)
{
	const gone *x = arg;
	group_store g = store_of(k, c);

	if (have->certified && have->newest.key.epoch >= x->news->epoch) return OK;
	g.home.context = x->news->context;
	c->is_elsewhere = true;
	return group_store_fall_behind(&g, have->certified ? &have->newest : NULL, &x->from->id, x->news->epoch);
}

err group_work_fall_behind(group_keeper *k, kept *c, const mpc_context *from, const group_news *news)
{
	return with_holding(k, c, &(gone){ from, news }, fall_behind);
}

typedef struct telling { group_keeper *of; group_news news; } telling;

static bool tell_context(void *ctx, const mpc_context *in)
{
	const telling *t = ctx;
	uint8_t bytes[GROUP_NEWS_BYTES];
	committee *with;

	if (!in->me || id_eq_var(&in->id, &t->news.context)) return true;
	if (peers_committee(&with, t->of->p.cluster->peers, in) != OK) {
		err_clear();
		return true;
	}
	group_news_write(bytes, &t->news);
	for (party i = 1; i <= in->n; i++)
		if (i != in->me) peers_send(with, i, FRAME_NEWS, slice_of(bytes, sizeof bytes), (slice){ 0 }, 0);
	return true;
}

/* Who has left knows an epoch that the key's is above. */
void group_work_tell(group_keeper *k, const kept *c)
{
	telling t = { k, { .chain_id = c->chain_id, .epoch = c->epoch + c->left, .key_id = c->key_id, .context = c->context } };

	if (c->certified && !id_is_zero_var(&c->context)) contexts_each(k->p.cluster->contexts, tell_context, &t);
}

/* ---- among the same parties ------------------------------------------------------------------------------------------ */

/* Ids and attempts of ceremonies that are over are of no more use, but for the last number. */
static err forget(group_keeper *k, const id32 *id)
{
	TRY(used_sids_erase(k->p.cluster->vault, id));
	return attempts_bury(k->p.cluster->vault, id);
}

static bool is_of_context(const kept *c, const id32 *context)
{
	return !c->left && (id_eq_var(&c->context, context) || id_eq_var(&c->context, &(id32){ 0 }));
}

/* To the parties of this context nothing counts that this node has from those of another. */
static void show_only_from(const id32 *context, group_holding *have, const kept *c)
{
	if (!c->certified || is_of_context(c, context)) return;
	have->certified = false;
	have->held = 0;
}

static group_ceremony ceremony_of(group_keeper *k, kept *c, group_store *g, const group_holding *have)
{
	return (group_ceremony){ .chain_id = c->chain_id, .wallet = k->p.wallet, .curve = k->curve, .have = have, .ctx = g,
	                         .load = group_store_load, .take = group_store_take, .prepare = group_store_prepare, .finish = group_store_finish };
}

typedef struct holding { const mpc_context *in; const char *operation; program run; const secp_sk *d; } holding;

static err hold(group_keeper *k, kept *c, group_holding *have, const holding *h)
{
	const ceremony_tools tools = cluster_tools(k->p.cluster, k->p.random);
	const id32 id = group_request_of(&h->in->id, c->chain_id, h->operation);
	group_store g = store_of(k, c);
	group_ceremony work = ceremony_of(k, c, &g, have);
	group_import_job import = { &work, c->import_from, h->d };
	ceremony_plan plan = { .what = ATTEMPT_DELEGATION, .operation = h->operation, .request = id, .epoch = id, .run = h->run,
	                       .arg = h->run == group_import ? (void *)&import : &work, .stop = &k->pause };

	g.home.context = g.taken = h->in->id;
	show_only_from(&h->in->id, have, c);
	TRY(peers_committee(&plan.with, k->p.cluster->peers, h->in));
	TRY(ceremony_run(&tools, &plan));
	return forget(k, &id);
}

/* d: this node's, if it is the one who deals. */
static err hold_with_key(group_keeper *k, kept *c, group_holding *have, void *arg)
{
	holding *h = arg;
	void *d = NULL;

	if (h->run != group_import || c->import_from != h->in->me) return hold(k, c, have, h);
	err e = secret_alloc(&d, sizeof(secp_sk));
	if (e == OK) e = delegate_kms_whole(k->p.kms, d, c->chain_id);
	h->d = d;
	if (e == OK) e = hold(k, c, have, h);
	secret_release(d);
	stack_forget();
	return e;
}

err group_work_hold(group_keeper *k, kept *c, const mpc_context *in, const char *operation, program run)
{
	holding h = { in, operation, run, NULL };

	return with_holding(k, c, &h, hold_with_key);
}

/* ---- to other parties ------------------------------------------------------------------------------------------------ */

typedef struct moving {
	const crossed *x;
	const request *r;
	id32     id;
	uint32_t attempt;
	session_id route;
} moving;

/* Rounds that may pass between two messages to a party that is in the old set only. */
enum { PATIENT_ROUNDS = 60 };

typedef struct move_run { moving *m; group_move_job job; } move_run;

/* The route is one attempt's. */
static err run_move(session *s, void *arg)
{
	move_run *w = arg;

	w->m->route = reshare_route(&w->m->id, w->m->attempt, 0);
	return group_move(s, &w->job);
}

static err receive(group_keeper *k, moving *m, group_move_job *job, const ceremony_tools *tools)
{
	move_run run = { m, *job };
	ceremony_plan plan = { .what = ATTEMPT_DELEGATION, .operation = MOVES, .request = m->id, .epoch = m->id, .sets = m->x,
	                       .attempt = &m->attempt, .run = run_move, .arg = &run, .stop = m->r->stop };

	TRY(peers_committee(&plan.with, k->p.cluster->peers, m->x->all));
	const err e = ceremony_run(tools, &plan);
	if (e != ERR_NOT_FOUND) return e == OK ? forget(k, &m->id) : e;
	log_info("%s; there is none to share anew", err_text());
	err_clear();
	return OK;
}

/* The share goes once more of the new parties than can be corrupt have theirs for good. */
static err give_away(group_keeper *k, moving *m, const group_move_job *job, const ceremony_tools *tools)
{
	const int64_t round_ms = ceremony_round_ms(tools);
	ceremony_plan plan = { .what = ATTEMPT_DELEGATION, .request = m->id, .sets = m->x, .stop = m->r->stop };
	group_store *g = job->c->ctx;

	TRY(peers_committee(&plan.with, k->p.cluster->peers, m->x->all));
	TRY(ceremony_attend(tools, &plan, &m->attempt, false));
	if (m->attempt) {
		m->route = reshare_route(&m->id, m->attempt, 0);
		const reshare_giver giver = { m->x->all->me, plan.with->in, peers_wire(plan.with), PATIENT_ROUNDS * round_ms, round_ms };
		TRY(group_move_give(&giver, job, k->p.random));
		TRY(ceremony_attend(tools, &plan, &m->attempt, true));
	}
	return group_store_leave(g, &job->c->have->newest);
}

static err move_key(group_keeper *k, kept *c, group_holding *have, void *arg)
{
	moving *m = arg;
	const ceremony_tools tools = cluster_tools(k->p.cluster, k->p.random);
	group_store g = store_of(k, c);
	group_ceremony work = ceremony_of(k, c, &g, have);
	group_move_job job = { &work, &m->x->sets, &m->route, m->x->old->me };

	g.home = (group_home){ .context = m->x->new->id, .by = m->id };
	g.taken = m->x->old->id;
	show_only_from(&m->x->old->id, have, c);
	return m->x->new->me ? receive(k, m, &job, &tools) : give_away(k, m, &job, &tools);
}

/* Who gets shares may have missed where the key is, and hears of it; who only gives must have them from there. */
static bool takes_part(const kept *c, const crossed *x)
{
	return x->new->me || (c->certified && is_of_context(c, &x->old->id));
}

static err move_chain(group_keeper *k, kept *c, const crossed *x, const request *r)
{
	moving m = { .x = x, .r = r, .id = move_of(x, &r->id, c->chain_id) };

	if (!takes_part(c, x)) return OK;
	const err e = with_holding(k, c, &m, move_key);
	if (e != OK) err_context("delegation key of chain %u: ", c->chain_id);
	return e;
}

/* A ceremony of the keeper's thread is ended for it. */
static void begin_move(group_keeper *k)
{
	pthread_mutex_lock(&k->lock);
	k->movers++;
	(void)stop_ask(&k->pause);
	pthread_mutex_unlock(&k->lock);
	pthread_mutex_lock(&k->work);
}

static void end_move(group_keeper *k)
{
	pthread_mutex_unlock(&k->work);
	pthread_mutex_lock(&k->lock);
	if (--k->movers == 0 && !k->stopping) k->pause = (stop_flag){ 0 };
	pthread_cond_signal(&k->wake);
	pthread_mutex_unlock(&k->lock);
}

err group_keeper_move(group_keeper *k, const crossed *x, const request *r)
{
	err e = OK;

	if (!k || (!x->old->me && !x->new->me)) return OK;
	begin_move(k);
	for (size_t i = 0; e == OK && i < k->p.chains; i++) e = move_chain(k, &k->chain[i], x, r);
	end_move(k);
	return e;
}
