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
#include "node/combiners.h"

/* Who shares the key of a chain. */
typedef struct sharing {
	uint32_t   chain_id;
	committee *with;                       /* NULL: nobody */
	const mpc_context *in;                 /* where the key is or, with nobody, was */
	party_set  combiners;
	unsigned   n;                          /* so many have wallets */
	eth_address wallet[MAX_PARTIES + 1];
	unsigned   waiting[MAX_PARTIES + 1];   /* asks of each that are not answered yet */
} sharing;

struct combining {
	combining_parts p;
	pthread_mutex_t lock;
	bool      stopped;
	pool     *cores;
	combiner *combiner;
	size_t    chains;
	sharing   of[MAX_DELEGATE_CHAINS];     /* under the lock */
};

/* NULL: none.  Under the lock. */
static sharing *find_sharing(combining *c, uint32_t chain_id)
{
	for (size_t i = 0; i < c->chains; i++) if (c->of[i].chain_id == chain_id) return &c->of[i];
	return NULL;
}

/* Who shares the chain's key, and of these who may combine; NULL: nobody. */
static committee *links_for(combining *c, party_set *combiners, uint32_t chain_id)
{
	pthread_mutex_lock(&c->lock);
	const sharing *s = find_sharing(c, chain_id);
	committee *with = s ? s->with : NULL;
	*combiners = with ? s->combiners : 0;
	pthread_mutex_unlock(&c->lock);
	return with;
}

/* The first of the chains whose key they share; NULL: none.  Under the lock. */
static sharing *sharing_of(combining *c, const committee *with)
{
	for (size_t i = 0; i < c->chains; i++) if (c->of[i].with == with) return &c->of[i];
	return NULL;
}

static bool share_a_key(combining *c, const committee *with)
{
	pthread_mutex_lock(&c->lock);
	const bool any = sharing_of(c, with) != NULL;
	pthread_mutex_unlock(&c->lock);
	return any;
}

/* ---- what others ask ------------------------------------------------------------------------------------------------ */

typedef struct asked {
	combining *c;
	committee *with;
	party      from;
	sharing   *counted;
	buf        frame;
} asked;

/* Of who shares no key of this chain, nothing is said: it was sent before the key came to others. */
static void answer(void *arg)
{
	AUTO(buf) out = { 0 };
	party_set combiners;
	asked *a = arg;
	ask_frame is;

	if (!ask_read(&is, buf_slice(&a->frame))) peers_blame(a->with, a->from, "a question about a delegation that is none");
	else if (links_for(a->c, &combiners, is.chain_id) == a->with
	         && delegate_answer_ask(a->c->p.kms, &out, has(combiners, a->from), buf_slice(&a->frame)))
		peers_send(a->with, a->from, FRAME_DELEGATION, buf_slice(&out), (slice){ 0 }, 0);
	pthread_mutex_lock(&a->c->lock);
	a->counted->waiting[a->from]--;
	pthread_mutex_unlock(&a->c->lock);
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
	sharing *s = a->counted = sharing_of(c, with);
	const bool submitted = !c->stopped && s && s->waiting[from] < MAX_ASKS_WAITING && pool_submit(c->cores, answer, a, 0) == OK;
	if (submitted) s->waiting[from]++;
	pthread_mutex_unlock(&c->lock);
	if (submitted) return;
	err_clear();                                   /* lost: whoever asked asks another */
	buf_free(&a->frame);
	free(a);
}

static bool take_answer(combining *c, committee *with, party from, slice frame)
{
	party_set combiners;
	uint32_t chain_id;

	if (combiner_chain_of(c->combiner, &chain_id, frame) && links_for(c, &combiners, chain_id) != with) return true;
	return combiner_take(c->combiner, from, frame);
}

bool combining_take(combining *c, committee *with, party from, slice frame)
{
	if (!c || !share_a_key(c, with)) return true;          /* it was sent before the key came to others */
	if (frame.n == 0 || frame.n > MAX_ASK) return false;
	if (frame.p[0] == ASK_ANSWER_FRAME) return take_answer(c, with, from, frame);
	if (frame.p[0] != ASK_FRAME) return false;
	take_ask(c, with, from, frame);
	return true;
}

/* ---- what this node asks ---------------------------------------------------------------------------------------------- */

static bool is_another(const committee *with, party who) { return with && who <= with->context->n && who != with->context->me; }

static void ask_party(void *ctx, uint32_t chain_id, party to, slice frame)
{
	party_set combiners;
	committee *with = links_for(ctx, &combiners, chain_id);

	if (is_another(with, to)) peers_send(with, to, FRAME_DELEGATION, frame, (slice){ 0 }, 0);
}

static bool is_up(void *ctx, uint32_t chain_id, party who)
{
	party_set combiners;
	committee *with = links_for(ctx, &combiners, chain_id);

	return is_another(with, who) && peers_is_up(with, who);
}

static bool wallet_of(void *ctx, eth_address *out, uint32_t chain_id, party who)
{
	combining *c = ctx;

	pthread_mutex_lock(&c->lock);
	const sharing *s = find_sharing(c, chain_id);
	const bool known = s && who <= s->n;
	if (known) *out = s->wallet[who];
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
static bool convicts(combining *c, const combiner_evidence *e, const ask_frame *of)
{
	const hash32 what = keccak256(e->partial), request = ask_request(of), digest = typed_v1_response(&of->v1, &request, &what);
	eth_address by, wallet;

	return wallet_of(c, &wallet, of->chain_id, e->who) && sign_external_by_var(&by, &e->signature, &digest) && eth_address_eq_var(by, wallet);
}

static void keep_evidence(combining *c, const committee *with, const combiner_evidence *e, const ask_frame *of)
{
	const hash32 request = ask_request(of);
	AUTO(buf) line = { 0 };
	char path[PATH_MAX];
	struct stat st;

	buf_printf(&line, "{\"chain_id\":%u,\"party\":%u,\"name\":\"%s\"", of->chain_id, e->who, with->context->member[e->who].identity);
	put_member(&line, ",\"request\":\"", hash32_slice(&request));
	put_member(&line, ",\"ask\":\"", e->ask);
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
	party_set combiners;
	ask_frame of;

	ASSERT(ask_read(&of, e->ask));                     /* the combiner's own */
	const bool sure = convicts(c, e, &of);
	committee *with = links_for(c, &combiners, of.chain_id);
	if (!is_another(with, e->who)) return;                     /* the key went to others just now, and with it who it was */
	peers_blame(with, e->who, sure ? "a wrong part of a delegation, under its own signature" : "a wrong part of a delegation");
	if (sure) keep_evidence(c, with, e, &of);
}

/* ---- life -------------------------------------------------------------------------------------------------------------- */

/* The numbers of two contexts are not those of the same parties. */
static void warn_of_numbers(const char *text, const mpc_context *before, const mpc_context *in)
{
	const party_set named = combiners_of(text, in, NULL) | combiners_of(text, before, NULL);

	FOR_EACH_IN(i, named) {
		const char *was = i <= before->n ? before->member[i].identity : "nobody", *is = i <= in->n ? in->member[i].identity : "nobody";
		if (!combiners_number(text, i) || strcmp(was, is) == 0) continue;
		log_warn("delegation.combiners names party %u by its number, which was %s and is %s now; name it by its name instead", i, was, is);
	}
}

static void say_who_combines(const combining *c, const sharing *s)
{
	const char *text = c->p.config->delegation.combiners;
	AUTO(buf) who = { 0 }, strangers = { 0 };

	FOR_EACH_IN(i, s->combiners) buf_printf(&who, "%s%s", who.n ? ", " : "", s->in->member[i].identity);
	combiners_strangers(&strangers, text, s->in, c->p.numbered);
	log_info("audit: answers of the delegation key of chain %u may be combined by %s", s->chain_id,
	         who.n ? buf_str(&who) : "its readers only");
	if (strangers.n) log_warn("delegation.combiners names %s, who shares no key of chain %u", buf_str(&strangers), s->chain_id);
}

static void move_to(combining *c, sharing *s, committee *with, const mpc_context *in)
{
	const char *text = c->p.config->delegation.combiners;
	const mpc_context *before = s->in;

	pthread_mutex_lock(&c->lock);
	s->with = with;
	s->combiners = with ? combiners_of(text, in, c->p.numbered) : 0;
	if (with) s->in = in;
	pthread_mutex_unlock(&c->lock);
	if (!with) return;
	if (before && !c->p.numbered) warn_of_numbers(text, before, in);
	say_who_combines(c, s);
}

void combining_move(combining *c, uint32_t chain_id, const mpc_context *in, const eth_address wallet[MAX_PARTIES + 1], unsigned n)
{
	committee *with = NULL;

	if (in && peers_committee(&with, c->p.peers, in) != OK) err_clear();
	pthread_mutex_lock(&c->lock);
	sharing *s = find_sharing(c, chain_id);
	if (!s) {
		ASSERT(c->chains < COUNT(c->of));
		s = &c->of[c->chains++];
		s->chain_id = chain_id;
	}
	memcpy(s->wallet, wallet, sizeof s->wallet);
	s->n = n;
	const bool moves = with != s->with;
	pthread_mutex_unlock(&c->lock);
	if (moves) move_to(c, s, with, in);
}

combiner *combining_combiner(combining *c) { return c->combiner; }

static err start(combining *c)
{
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
