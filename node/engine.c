/* SPDX-License-Identifier: MIT */
/* node/engine.c -- the tables: what is done with a request of each kind, and on which threads. */
#include "node/engine.h"
#include "node/cluster.h"

typedef err operation_run(const engine *e, buf *response, const request *r);

static operation_run *const ALONE[REQUEST_KINDS] = {
	[REQUEST_PREPROC] = engine_preproc,
	[REQUEST_KEYGEN] = engine_keygen,
	[REQUEST_PUBLIC_DECRYPT] = engine_public_decrypt,
	[REQUEST_USER_DECRYPT] = engine_user_decrypt,
};

/* Decryptions are ddec's. */
static operation_run *const CLUSTER[REQUEST_KINDS] = {
	[REQUEST_PREPROC] = engine_joint_preproc,
	[REQUEST_KEYGEN] = engine_joint_keygen,
	[REQUEST_NEW_EPOCH] = engine_epoch,
};

/* With a dealer there is nothing to prepare. */
static operation_run *const DEALT[REQUEST_KINDS] = { [REQUEST_PREPROC] = engine_preproc, [REQUEST_KEYGEN] = engine_deal };

static operation_run *what_to_run(const engine *e, const request *r)
{
	if (!e->cluster) return ALONE[r->kind];
	return r->insecure ? DEALT[r->kind] : CLUSTER[r->kind];
}

static bool is_decryption(request_kind kind)
{
	return kind == REQUEST_PUBLIC_DECRYPT || kind == REQUEST_USER_DECRYPT;
}

work_place engine_place(const engine *e, const request *r)
{
	if (r->kind == REQUEST_KEYGEN || r->kind == REQUEST_NEW_EPOCH) return WORK_CEREMONY;
	if (e->cluster && r->kind == REQUEST_PREPROC && !r->insecure) return WORK_CEREMONY;
	return e->cluster && is_decryption(r->kind) ? WORK_NOWHERE : WORK_CORE;
}

err engine_prepare(const engine *e, const request *r)
{
	return r->kind == REQUEST_NEW_EPOCH ? cluster_begin_epoch(e->cluster, r) : OK;
}

void engine_unprepare(const engine *e, const request *r)
{
	if (r->kind == REQUEST_NEW_EPOCH) epochs_abandon(e->cluster->epochs, &r->id);
}

void engine_work(const engine *e, const request *r, work_ended *ended, void *ctx)
{
	ASSERT((unsigned)r->kind < REQUEST_KINDS);
	operation_run *const run = what_to_run(e, r);
	buf response = { 0 };
	err failed;

	if (e->cluster && is_decryption(r->kind)) {
		failed = ddec_submit(e->cluster->ddec, r, ended, ctx);
		if (failed == OK) return;
	} else {
		failed = run ? run(e, &response, r) : err_fail(ERR_UNSUPPORTED, "this is not built in this version");
	}
	ended(ctx, failed, &response);
	buf_free(&response);
}
