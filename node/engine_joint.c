/* SPDX-License-Identifier: MIT */
/*
 * node/engine_joint.c -- keys that never exist anywhere: preprocessing and key generation by all parties (joint_key.h), in
 * ceremonies of their own.
 *
 * A preprocessing is a sealed file.  Its room on the disk is taken before anybody is told that this party comes, and its key
 * is stored last.  A key generation takes that key first; what fails from then on has used the preprocessing up.
 */
#include <stdlib.h>
#include "node/cluster.h"
#include "node/joint_key.h"
#include "node/replies.h"

/* What a request needs as long as it runs. */
typedef struct joint_work {
	const engine  *engine;
	const request *request;
	const epoch   *epoch;                            /* held */
	prss_batch    *tables;
	used_sids      used;
	sid_record     record;
} joint_work;

/* ---- around both ------------------------------------------------------------------------------------------------------- */

/* id: of the preprocessing, or of the key. */
static void set_up(joint_setup *out, const joint_work *w, const lat_params *params, const keyset_config *keyset)
{
	const epoch *x = w->epoch;
	const mpc_context *k = x->context;
	const request *r = w->request;

	*out = (joint_setup){ .holder = { r->id, r->epoch_id, k->n, k->t, x->d, k->me }, .masks = x->masks, .tables = w->tables,
	                      .record = &w->record, .wanted = terms_of(r, joint_numbers()) };
	spooling_plan(&out->plan, params, keyset, &(spool_owner){ k->n, k->t, x->d, k->me });
}

static err run_ceremony(const joint_work *w, attempted what, const char *operation, program run, void *arg)
{
	const engine *e = w->engine;
	const request *r = w->request;
	const ceremony_tools tools = cluster_tools(e->cluster, e->random);
	ceremony_plan plan = { .what = what, .operation = operation, .request = r->id, .epoch = r->epoch_id, .prss = w->epoch->masks,
	                       .run = run, .arg = arg, .stop = r->stop };

	TRY(peers_committee(&plan.with, e->cluster->peers, w->epoch->context));
	return ceremony_run(&tools, &plan);
}

/* As long as this goes on, the epoch is not destroyed. */
static err within_epoch(const engine *e, const request *r, buf *response, err (*work)(const joint_work *w, buf *response))
{
	epochs *all = e->cluster->epochs;
	joint_work w = { .engine = e, .request = r, .used = { e->cluster->vault, r->epoch_id } };

	TRY(epochs_hold(&w.epoch, all, &r->epoch_id, &r->context_id));
	err failed = epochs_begin_storing(all, w.epoch);
	if (failed == OK) {
		w.record = used_sids_record(&w.used);
		failed = prss_batch_new(&w.tables, w.epoch->masks);
		if (failed == OK) failed = work(&w, response);
		prss_batch_free(&w.tables);
		epochs_end_storing(all, w.epoch);
	}
	epochs_release(all, &w.epoch);
	return failed;
}

/* ---- preprocessing ----------------------------------------------------------------------------------------------------- */

static err prepare_in(joint_preproc *j, const joint_work *w)
{
	const engine *e = w->engine;
	const request *r = w->request;
	key_step step = key_step_begin(e->making, e->clock, &KEY_PREPARED, &r->id);
	const progress told = key_step_progress(&step);

	j->told = &told;
	err failed = run_ceremony(w, ATTEMPT_PREPROC, "preproc", joint_preproc_run, j);
	key_step_end(&step);
	return failed;
}

static err prepare(const joint_work *w, buf *response)
{
	const engine *e = w->engine;
	const request *r = w->request;
	joint_preproc *j = calloc(1, sizeof *j);

	if (!j) return err_fail(ERR_NOMEM, "no memory for a preprocessing");
	set_up(&j->setup, w, r->preproc.params, &r->preproc.keyset);
	/* A crash may have come when it was made, but before that was recorded: then it is made anew. */
	err failed = spool_remove(e->cluster->vault, &r->epoch_id, &r->id);
	if (failed == OK)
		failed = spool_new(&j->setup.spool, e->cluster->vault, &r->epoch_id, &r->id, &j->setup.plan.shape, e->random);
	if (failed == OK) failed = prepare_in(j, w);
	if (failed == OK) failed = stop_forbid(r->stop);
	if (failed == OK) failed = spool_finish(j->setup.spool);
	spool_free(&j->setup.spool);
	free(j);
	return failed == OK ? engine_preproc(e, response, r) : failed;
}

err engine_joint_preproc(const engine *e, buf *response, const request *r)
{
	return within_epoch(e, r, response, prepare);
}

/* ---- key generation ---------------------------------------------------------------------------------------------------- */

static unsigned secrets_of(const lat_params *p)
{
	unsigned which = 0;
	for (secret_id s = 0; s < SECRETS; s++)
		if (secret_length(p, s)) which |= SECRET_BIT(s);
	return which;
}

/* An older key, which the field of the request names.  Whoever had its secrets whole has them still: the mark goes with them. */
static err read_older(key_share *out, uint8_t *marks, const joint_work *w, const char *field, const id32 *older)
{
	const request *r = w->request;
	key_facts facts;
	char id[ID_TEXT];

	TRY(keys_facts(&facts, w->engine->keys, &r->epoch_id, older));
	TRY(key_may(&facts, KEY_USE_DECRYPT));
	TRY(keys_read_share(out, w->engine->keys, &r->epoch_id, older));
	*marks |= facts.marks & KEY_INSECURE;
	id_text(id, older);
	if (out->params != r->keygen.params)
		return err_fail(ERR_REQUEST, "%s: key %s is for the parameters %s, not for %s", field, id, out->params->name,
		                r->keygen.params->name);
	for (secret_id s = 0; s < SECRETS; s++)
		if (secret_length(out->params, s) && !out->word[s])
			return err_fail(ERR_STATE, "%s: of key %s this party does not have all secrets", field, id);
	return OK;
}

/* The same shares under another id. */
static err take_existing(joint_key *j, uint8_t *marks, const joint_work *w)
{
	TRY(read_older(&j->mine.share, marks, w, "existing_keyset_id", &w->request->keygen.existing));
	j->mine.share.holder = j->setup.holder;
	return OK;
}

static void copy_secrets(key_share *out, const key_share *of, unsigned which)
{
	for (secret_id s = 0; s < SECRETS; s++)
		if (which & SECRET_BIT(s)) memcpy(out->word[s], of->word[s], secret_length(of->params, s) * of->holder.d * sizeof *of->word[s]);
}

/* What is encrypted is one set's, under the other's, and the other's online secrets are for the trial.  Nothing is stored. */
static err take_between(joint_key *j, uint8_t *marks, const joint_work *w)
{
	const unsigned of_from = SECRET_BIT(SECRET_COMP), of_to = SECRET_BIT(SECRET_BIG) | ONLINE_SECRETS;
	const keygen_request *k = &w->request->keygen;
	key_share from = { 0 }, to = { 0 };

	err e = read_older(&from, marks, w, "from_keyset_id_decompression_only", &k->from);
	if (e == OK) e = read_older(&to, marks, w, "to_keyset_id_decompression_only", &k->to);
	if (e == OK) e = key_share_new(&j->mine.share, &j->setup.holder, k->params, of_from | of_to);
	if (e == OK) copy_secrets(&j->mine.share, &from, of_from), copy_secrets(&j->mine.share, &to, of_to);
	key_share_free(&from);
	key_share_free(&to);
	return e;
}

static err take_secrets(joint_key *j, uint8_t *marks, const joint_work *w)
{
	const lat_params *params = w->request->keygen.params;

	if (keygen_is_migration(w->request)) return take_existing(j, marks, w);
	if (keygen_is_decompression(w->request)) return take_between(j, marks, w);
	return key_share_new(&j->mine.share, &j->setup.holder, params, secrets_of(params));
}

static err take_room(joint_key *j, uint8_t *marks, const joint_work *w)
{
	const request *r = w->request;

	TRY(spool_use(&j->setup.spool, w->engine->cluster->vault, &r->epoch_id, &r->keygen.preproc_id, &j->setup.plan.shape));
	if (keygen_is_decompression(r)) TRY(keys_draft_decompression(&j->mine.keyset, w->engine->keys, &r->id, r->keygen.params));
	else TRY(keys_draft(&j->mine.keyset, w->engine->keys, &r->id, r->keygen.params));
	if (keygen_is_uncompressed(r)) TRY(keys_draft_server_key(&j->plain, w->engine->keys, &r->id, r->keygen.params));
	return take_secrets(j, marks, w);
}

static err generate_in(joint_key *j, const joint_work *w)
{
	const engine *e = w->engine;
	key_step step = key_step_begin(e->making, e->clock, &KEY_MADE, &w->request->id);
	const progress told = key_step_progress(&step);

	j->told = &told;
	err failed = run_ceremony(w, ATTEMPT_KEYGEN, "keygen", joint_key_run, j);
	key_step_end(&step);
	return failed;
}

static err generate_between(joint_key *j, const joint_work *w, buf *response, uint8_t marks)
{
	const engine *e = w->engine;
	const request *r = w->request;
	decompression_files between;

	TRY(engine_between_open(&between, e, r));
	j->between = &between;
	err failed = generate_in(j, w);
	engine_between_close(&between);
	if (failed == OK) failed = engine_store_decompression(e, response, r, j->mine.keyset, j->mine.keyset_digest, marks);
	return failed;
}

static err generate_set(joint_key *j, const joint_work *w, buf *response, uint8_t marks)
{
	const engine *e = w->engine;
	const request *r = w->request;
	key_copy copy;

	TRY(engine_key_tag(&j->tag, e, r));
	TRY(engine_copy_open(&copy, e, r));
	j->public_key = copy.public_key;
	err failed = generate_in(j, w);
	if (failed == OK) failed = engine_store_part(e, response, r, &j->mine, marks);
	if (failed == OK) engine_copy_keep(&copy, e, r, j->mine.keyset_digest);
	engine_copy_close(&copy);
	return failed;
}

static err generate(const joint_work *w, buf *response)
{
	const engine *e = w->engine;
	const request *r = w->request;
	joint_key *j = calloc(1, sizeof *j);
	uint8_t marks = 0;

	if (!j) return err_fail(ERR_NOMEM, "no memory for a key");
	set_up(&j->setup, w, r->keygen.params, &r->keygen.keyset);
	j->cores = e->cores;
	err failed = take_room(j, &marks, w);
	if (failed == OK) failed = (keygen_is_decompression(r) ? generate_between : generate_set)(j, w, response, marks);
	spool_free(&j->setup.spool);
	new_key_clear(&j->mine);
	draft_free(&j->plain);
	free(j);
	return failed;
}

err engine_joint_keygen(const engine *e, buf *response, const request *r)
{
	return within_epoch(e, r, response, generate);
}
