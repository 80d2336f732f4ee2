/* SPDX-License-Identifier: MIT */
/* node/combine.c -- frames to jobs, and back. */
#include "node/combine.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/hex.h"
#include "base/log.h"
#include "delegate/ask.h"

struct combining {
	combining_parts p;
	pthread_mutex_t lock;
	bool      stopped;
	party_set combiners;
	committee *with;
	pool     *cores;
	combiner *combiner;
	bool      known[MAX_PARTIES + 1];
	eth_address wallet[MAX_PARTIES + 1];
};

/* ---- what others ask ------------------------------------------------------------------------------------------------ */

typedef struct asked {
	combining *c;
	committee *with;
	party      from;
	buf        frame;
} asked;

static void answer(void *arg)
{
	AUTO(buf) out = { 0 };
	asked *a = arg;

	if (delegate_answer_ask(a->c->p.kms, &out, has(a->c->combiners, a->from), buf_slice(&a->frame)))
		peers_send(a->with, a->from, FRAME_DELEGATION, buf_slice(&out), (slice){ 0 }, 0);
	else peers_blame(a->with, a->from, "a question about a delegation that is none");
	buf_free(&a->frame);
	free(a);
}

static void take_ask(combining *c, committee *with, party from, slice frame)
{
	asked *a = calloc(1, sizeof *a);

	if (!a) return;
	*a = (asked){ .c = c, .with = with, .from = from };
	buf_put_slice(&a->frame, frame);
	pthread_mutex_lock(&c->lock);
	const bool submitted = !c->stopped && pool_submit(c->cores, answer, a, MAX_ASKS_WAITING) == OK;
	pthread_mutex_unlock(&c->lock);
	if (submitted) return;
	err_clear();                                   /* lost: whoever asked asks another */
	buf_free(&a->frame);
	free(a);
}

bool combining_take(combining *c, committee *with, party from, slice frame)
{
	if (!c) return true;
	if (frame.n == 0 || frame.n > MAX_ASK) return false;
	if (frame.p[0] == ASK_ANSWER_FRAME) return combiner_take(c->combiner, from, frame);
	if (frame.p[0] != ASK_FRAME) return false;
	take_ask(c, with, from, frame);
	return true;
}

/* ---- what this node asks ---------------------------------------------------------------------------------------------- */

static void ask_party(void *ctx, party to, slice frame)
{
	combining *c = ctx;
	if (to <= c->p.context->n && to != c->p.context->me) peers_send(c->with, to, FRAME_DELEGATION, frame, (slice){ 0 }, 0);
}

static bool is_up(void *ctx, party who)
{
	const combining *c = ctx;
	return who <= c->p.context->n && who != c->p.context->me && peers_is_up(c->with, who);
}

static bool wallet_of(void *ctx, eth_address *out, party who)
{
	combining *c = ctx;

	pthread_mutex_lock(&c->lock);
	const bool known = who <= MAX_PARTIES && c->known[who];
	if (known) *out = c->wallet[who];
	pthread_mutex_unlock(&c->lock);
	return known;
}

static void put_member(buf *out, const char *before, slice bytes)
{
	buf_put_str(out, before);
	buf_put_str(out, "0x");
	buf_put_hex(out, bytes);
	buf_put_str(out, "\"");
}

/* Does its own signature stand under what it sent? */
static bool convicts(combining *c, const combiner_evidence *e)
{
	const hash32 what = keccak256(e->partial), digest = typed_v1_response(&(delegate_v1){ .chain_id = e->chain_id }, &e->request, &what);
	eth_address by, wallet;

	return wallet_of(c, &wallet, e->who) && sign_external_by_var(&by, &e->signature, &digest) && eth_address_eq_var(by, wallet);
}

static void keep_evidence(combining *c, const combiner_evidence *e)
{
	AUTO(buf) line = { 0 };
	char path[PATH_MAX];
	struct stat st;

	buf_printf(&line, "{\"chain_id\":%u,\"party\":%u", e->chain_id, e->who);
	put_member(&line, ",\"request\":\"", hash32_slice(&e->request));
	put_member(&line, ",\"partial\":\"", e->partial);
	put_member(&line, ",\"signature\":\"", slice_of(e->signature.b, sizeof e->signature.b));
	buf_put_str(&line, "}\n");
	snprintf(path, sizeof path, "%s/delegation.evidence", c->p.private_folder);
	const int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	const bool kept = fd >= 0 && fstat(fd, &st) == 0 && (st.st_size > MAX_EVIDENCE_FILE || write(fd, line.p, line.n) == (ssize_t)line.n);
	if (fd >= 0) close(fd);
	if (!kept) log_warn("%s: cannot be written: %s", path, strerror(errno));
}

static void lied(void *ctx, const combiner_evidence *e)
{
	combining *c = ctx;
	const bool sure = convicts(c, e);

	peers_blame(c->with, e->who, sure ? "a wrong part of a delegation, under its own signature" : "a wrong part of a delegation");
	if (sure) keep_evidence(c, e);
}

/* ---- life -------------------------------------------------------------------------------------------------------------- */

void combining_know(combining *c, const eth_address wallet[MAX_PARTIES + 1], unsigned n)
{
	pthread_mutex_lock(&c->lock);
	for (party i = 1; i <= n; i++) {
		c->wallet[i] = wallet[i];
		c->known[i] = true;
	}
	pthread_mutex_unlock(&c->lock);
}

combiner *combining_combiner(combining *c) { return c->combiner; }

static err start(combining *c)
{
	TRY(combiners_read(&c->combiners, c->p.config->delegation.combiners));
	TRY(peers_committee(&c->with, c->p.peers, c->p.context));
	TRY(pool_new(&c->cores, 0));
	const combiner_parts parts = { c->p.kms, c->cores, clock_system(), c, ask_party, is_up, lied, wallet_of };
	return combiner_new(&c->combiner, &parts);
}

err combining_new(combining **out, const combining_parts *parts)
{
	combining *c = calloc(1, sizeof *c);

	if (!c) return err_fail(ERR_NOMEM, "no memory to combine delegations");
	c->p = *parts;
	pthread_mutex_init(&c->lock, NULL);
	const err e = start(c);
	if (e != OK) {
		combining_stop(c);
		combining_free(&c);
		return e;
	}
	*out = c;
	return OK;
}

void combining_stop(combining *c)
{
	if (!c) return;
	pthread_mutex_lock(&c->lock);
	const bool before = c->stopped;
	c->stopped = true;
	pthread_mutex_unlock(&c->lock);
	if (before) return;
	if (c->combiner) combiner_stop(c->combiner);
	pool_free(&c->cores);
}

void combining_free(combining **cp)
{
	combining *c = *cp;

	if (!c) return;
	combiner_free(&c->combiner);
	pthread_mutex_destroy(&c->lock);
	free(c);
	*cp = NULL;
}
