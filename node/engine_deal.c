/* SPDX-License-Identifier: MIT */
/*
 * node/engine_deal.c -- insecure key generation: party 1 makes a whole key set and deals it (tkms/dealer.h).
 *
 * For trials, in builds with the option insecure_keygen: whoever runs party 1 has the key.  No disk ever does; the dealer
 * wipes it when it is dealt.
 *
 *   waiting     while the dealer computes, it says so in every round
 *   header      dealer to each: sizes and digests of the published files, and that party's share
 *   chunks      a round each: dealer to all; who has it answers, and who does not answer gets no more
 *   agreement   all broadcast the digest of what they have; n - t equal ones make the key
 *
 * Then every party signs and stores for itself.  A party that was not served has failed, and is silent in the agreement.
 */
#include <pthread.h>
#include <stdlib.h>
#include "mpc/mpc.h"
#include "node/cluster.h"
#include "node/frames.h"
#include "node/replies.h"
#include "rpc/wait.h"
#include "sym/sha2.h"
#include "tkms/dealer.h"

enum {
	DEALER = 1,
	CHUNK = 8 << 20,
	CHUNK_MS = 10 * 1000,                            /* added to the round of a chunk */
	WAIT_SAY_MS = 250,
};

/* What a party has in the end. */
typedef struct dealt {
	buf       files;                                 /* the public key's file, then the key set's */
	size_t    public_key_bytes, keyset_bytes;
	uint8_t   public_key_digest[KEY_DIGEST_BYTES], xof_keyset_digest[KEY_DIGEST_BYTES];
	key_share share;
} dealt;

typedef struct dealing {
	const engine  *engine;
	const request *request;
	share_holder   holder;
	dealt          mine;

	/* The dealer's. */
	key_share      share[MAX_PARTIES + 1];
	pthread_t      thread;
	pthread_mutex_t lock;
	pthread_cond_t  done;
	bool           making, made;                     /* the thread is to be joined; it has ended */
	err            failed;
	char           why[512];
} dealing;

static slice public_key_of(const dealt *d) { return slice_of(d->files.p, d->public_key_bytes); }
static slice keyset_of(const dealt *d) { return slice_of(d->files.p + d->public_key_bytes, d->keyset_bytes); }

/* ---- the dealer: making ------------------------------------------------------------------------------------------------ */

static unsigned secrets_of(const secret_keys *k)
{
	unsigned which = 0;
	for (unsigned s = 0; s < SECRETS; s++)
		if (secret_length(k->params, (secret_id)s)) which |= SECRET_BIT(s);
	return which;
}

/* The whole key lives in this function. */
static err share_out(dealing *d, const key_files *files)
{
	secret_keys whole = { 0 };
	slice tag;

	err e = tfhers_read_client_key(&whole, &tag, buf_slice(&files->client_key));
	if (e == OK) e = dealer_share_out(d->share, &whole, &d->holder, secrets_of(&whole), d->engine->random);
	secret_keys_free(&whole);
	return e;
}

static err make(dealing *d)
{
	key_files f = { 0 };
	dealt *mine = &d->mine;

	TRY(tkms_keygen(&f, d->engine->cores, d->request->keygen.params, &d->request->id, d->engine->random, NULL));
	err e = share_out(d, &f);
	if (e == OK) {
		buf_put_slice(&mine->files, buf_slice(&f.public_key));
		buf_put_slice(&mine->files, buf_slice(&f.xof_keyset));
		mine->public_key_bytes = f.public_key.n;
		mine->keyset_bytes = f.xof_keyset.n;
		memcpy(mine->public_key_digest, f.public_key_digest, KEY_DIGEST_BYTES);
		memcpy(mine->xof_keyset_digest, f.xof_keyset_digest, KEY_DIGEST_BYTES);
	}
	key_files_free(&f);
	return e;
}

static void *make_aside(void *arg)
{
	dealing *d = arg;
	err e = make(d);

	pthread_mutex_lock(&d->lock);
	d->failed = e;
	if (e != OK) snprintf(d->why, sizeof d->why, "%s", err_text());
	d->made = true;
	pthread_cond_signal(&d->done);
	pthread_mutex_unlock(&d->lock);
	err_clear();
	return NULL;
}

static void join(dealing *d)
{
	if (d->making) pthread_join(d->thread, NULL);
	d->making = false;
}

/* ---- the dealer: dealing ------------------------------------------------------------------------------------------------- */

static err say_to_all(session *s, slice what)
{
	FOR_EACH_PARTY(i, s)
		if (i != s->me) TRY(mpc_send(s, i, what));
	return OK;
}

static bool wait_a_little(dealing *d)
{
	const int64_t until = clock_now_ms(clock_system()) + WAIT_SAY_MS;

	pthread_mutex_lock(&d->lock);
	while (!d->made && wait_until(&d->done, &d->lock, until)) {}
	const bool made = d->made;
	pthread_mutex_unlock(&d->lock);
	return made;
}

/* Rounds pass while the key is being made, so that nobody takes the dealer for gone. */
static err say_wait(session *s, dealing *d)
{
	static const uint8_t WAIT[] = { DEAL_WAIT };
	err e = OK;

	while (e == OK && !wait_a_little(d)) {
		IN_SCOPE(s);
		next_round(s);
		e = say_to_all(s, slice_of(WAIT, sizeof WAIT));
	}
	TRY(e);
	join(d);
	return d->failed == OK ? OK : err_fail(d->failed, "%s", d->why);
}

/* The message to one party: the header that all get, and its own share. */
static err deal_to(session *s, const dealing *d, party to)
{
	const dealt *mine = &d->mine;
	deal_header h = { .public_key_bytes = mine->public_key_bytes, .keyset_bytes = mine->keyset_bytes };
	buf part = { 0 }, m = { 0 };

	memcpy(h.public_key_digest, mine->public_key_digest, KEY_DIGEST_BYTES);
	memcpy(h.keyset_digest, mine->xof_keyset_digest, KEY_DIGEST_BYTES);
	key_share_write(&part, &d->share[to]);
	h.share = buf_slice(&part);
	deal_header_write(&m, &h);
	err e = mpc_send(s, to, buf_slice(&m));
	buf_free(&part);
	buf_free(&m);
	return e;
}

static err deal_headers(session *s, const dealing *d)
{
	session_restart_clock(s);
	next_round(s);
	session_allow(s, CHUNK_MS);
	FOR_EACH_IN(i, live(s))
		if (i != s->me) TRY(deal_to(s, d, i));
	return OK;
}

/* *here: who has answered so far. */
static err deal_chunk(session *s, slice chunk, party_set *here)
{
	IN_SCOPE(s);
	party_set still = 0;
	slice m;

	next_round(s);
	session_allow(s, CHUNK_MS);
	FOR_EACH_IN(i, *here) TRY(mpc_send(s, i, chunk));
	FOR_EACH_IN(i, *here) {
		TRY(mpc_recv(s, i, &m, 1));
		if (m.n == 1) add_to(&still, i);
	}
	*here = still;
	return OK;
}

static err deal(session *s, dealing *d)
{
	party_set here = live(s);

	TRY(say_wait(s, d));
	TRY(deal_headers(s, d));
	take_from(&here, s->me);
	for (size_t at = 0; at < d->mine.files.n; at += CHUNK)
		TRY(deal_chunk(s, slice_of(d->mine.files.p + at, size_min(CHUNK, d->mine.files.n - at)), &here));
	d->mine.share = d->share[s->me];
	d->share[s->me] = (key_share){ 0 };
	return OK;
}

/* ---- everybody else ----------------------------------------------------------------------------------------------------------- */

static bool holder_is(const share_holder *a, const share_holder *b)
{
	return id_eq_var(&a->key_id, &b->key_id) && id_eq_var(&a->epoch_id, &b->epoch_id) && a->n == b->n && a->t == b->t &&
	       a->d == b->d && a->me == b->me;
}

/* False: the dealer sends nonsense. */
static bool take_header(dealing *d, slice m)
{
	dealt *mine = &d->mine;
	deal_header h;
	key_share part;

	if (!deal_header_read(&h, m)) return false;
	if (key_share_read(&part, h.share) != OK) {
		err_clear();
		return false;
	}
	if (!holder_is(&part.holder, &d->holder) || part.params != d->request->keygen.params) {
		key_share_free(&part);
		return false;
	}
	mine->share = part;
	mine->public_key_bytes = h.public_key_bytes;
	mine->keyset_bytes = h.keyset_bytes;
	memcpy(mine->public_key_digest, h.public_key_digest, KEY_DIGEST_BYTES);
	memcpy(mine->xof_keyset_digest, h.keyset_digest, KEY_DIGEST_BYTES);
	return true;
}

static err not_served(const char *what)
{
	return err_fail(ERR_STATE, "party %d, which deals the key, sent this party %s", DEALER, what);
}

/* So long the dealer may compute.  A dealer that lies could else hold this thread, and the epoch, for ever. */
static int64_t most_wait_ms(const lat_params *p)
{
	return (p == &PARAMS_DEFAULT || p == &PARAMS_TEST ? 120 : 10) * 60 * (int64_t)1000;
}

/* Rounds in which the dealer only says that it computes leave no patience to those that come. */
static err await_header(session *s, dealing *d)
{
	const int64_t until = clock_now_ms(clock_system()) + most_wait_ms(d->request->keygen.params);

	while (clock_now_ms(clock_system()) < until) {
		IN_SCOPE(s);
		slice m;
		session_restart_clock(s);
		next_round(s);
		session_allow(s, CHUNK_MS);
		TRY(mpc_recv(s, DEALER, &m, MAX_DEAL_HEADER));
		if (m.n == 1 && m.p[0] == DEAL_WAIT) continue;
		if (m.n == 0) return not_served("nothing");
		if (take_header(d, m)) return OK;
		return not_served("a share that is not of this key, party and epoch");
	}
	return not_served("nothing but that it was computing, for too long");
}

static err take_chunk(session *s, dealt *mine)
{
	static const uint8_t HAVE_IT[] = { 1 };
	IN_SCOPE(s);
	const size_t wanted = size_min(CHUNK, mine->public_key_bytes + mine->keyset_bytes - mine->files.n);
	slice m;

	next_round(s);
	session_allow(s, CHUNK_MS);
	TRY(mpc_recv(s, DEALER, &m, wanted));
	if (m.n != wanted) return not_served("only a part of the key set");
	buf_put_slice(&mine->files, m);
	return mpc_send(s, DEALER, slice_of(HAVE_IT, sizeof HAVE_IT));
}

static bool digests_fit(const dealt *d)
{
	uint8_t digest[KEY_DIGEST_BYTES];

	tkms_key_digest(digest, public_key_of(d));
	if (memcmp(digest, d->public_key_digest, sizeof digest)) return false;
	tkms_key_digest(digest, keyset_of(d));
	return memcmp(digest, d->xof_keyset_digest, sizeof digest) == 0;
}

static err receive(session *s, dealing *d)
{
	dealt *mine = &d->mine;

	TRY(await_header(s, d));
	while (mine->files.n < mine->public_key_bytes + mine->keyset_bytes) TRY(take_chunk(s, mine));
	return digests_fit(mine) ? OK : not_served("files that do not have the digests it told");
}

/* ---- agreement --------------------------------------------------------------------------------------------------------------- */

static hash32 digest_of(const dealing *d)
{
	AUTO(sha256_stream) s = sha256_begin();

	sha256_add(&s, id_slice(&d->holder.key_id));
	sha256_add(&s, slice_of(d->mine.public_key_digest, KEY_DIGEST_BYTES));
	sha256_add(&s, slice_of(d->mine.xof_keyset_digest, KEY_DIGEST_BYTES));
	return sha256_end(&s);
}

/* How many said the same as party i; the same number at every honest party. */
static unsigned agreeing(const session *s, const slice *all, party i)
{
	unsigned n = 0;
	FOR_EACH_PARTY(j, s) n += all[j].n == sizeof(hash32) && slice_eq_var(all[i], all[j]);
	return n;
}

static err agree(session *s, const dealing *d)
{
	const hash32 mine = digest_of(d);
	slice all[MAX_PARTIES + 1];
	unsigned most = 0;

	TRY(bcast(s, hash32_slice(&mine), sizeof mine, all));
	FOR_EACH_PARTY(i, s)
		if (all[i].n == sizeof mine && agreeing(s, all, i) > most) most = agreeing(s, all, i);
	if (most < s->n - s->t)
		return err_fail(ERR_STATE, "only %u of the %u parties have the same new key; %u must: ask again with a fresh id", most, s->n,
		                s->n - s->t);
	if (slice_eq_var(all[s->me], hash32_slice(&mine)) && agreeing(s, all, s->me) == most) return OK;
	return err_fail(ERR_STATE, "the other parties have made this key, but this one was dealt another");
}

static err run(session *s, void *arg)
{
	dealing *d = arg;

	if (s->me == DEALER) TRY(deal(s, d));
	else TRY(receive(s, d));
	return agree(s, d);
}

/* ---- around it --------------------------------------------------------------------------------------------------------------- */

static err run_ceremony(dealing *d, const mpc_context *k)
{
	const engine *e = d->engine;
	const request *r = d->request;
	const ceremony_tools tools = cluster_tools(e->cluster, e->random);
	ceremony_plan plan = { .what = ATTEMPT_DEAL, .operation = "deal", .request = r->id, .epoch = r->epoch_id, .run = run, .arg = d };

	TRY(peers_committee(&plan.with, e->cluster->peers, k));
	return ceremony_run(&tools, &plan);
}

static err store(const dealing *d, buf *response)
{
	const engine *e = d->engine;
	const dealt *mine = &d->mine;
	const secp_rsig external = engine_sign_keys(e, d->request, mine->public_key_digest, mine->xof_keyset_digest);
	key_record record = engine_key_record(e, d->request, mine->public_key_digest, mine->xof_keyset_digest, &external);

	record.marks = KEY_INSECURE;
	TRY(keys_create_part(e->keys, &mine->share, public_key_of(mine), keyset_of(mine), &record));
	reply_keygen(response, &record.metadata);
	return OK;
}

/* The dealer makes the set while the parties come together. */
static err begin(dealing *d)
{
	pthread_mutex_init(&d->lock, NULL);
	wait_init(&d->done);
	if (d->holder.me != DEALER) return OK;
	d->making = pthread_create(&d->thread, NULL, make_aside, d) == 0;
	if (d->making) return OK;
	return err_fail(ERR_NOMEM, "no thread for the dealer");
}

static void end(dealing *d)
{
	join(d);
	for (unsigned i = 0; i <= MAX_PARTIES; i++) key_share_free(&d->share[i]);
	key_share_free(&d->mine.share);
	buf_free(&d->mine.files);
	pthread_cond_destroy(&d->done);
	pthread_mutex_destroy(&d->lock);
	free(d);
}

static err deal_in(const engine *e, buf *response, const request *r, const epoch *x)
{
	const mpc_context *k = x->context;
	dealing *d = calloc(1, sizeof *d);

	ASSERT(d);
	*d = (dealing){ .engine = e, .request = r, .holder = { r->id, r->epoch_id, k->n, k->t, x->d, k->me } };
	err failed = begin(d);
	if (failed == OK) failed = run_ceremony(d, k);
	if (failed == OK) failed = store(d, response);
	end(d);
	return failed;
}

err engine_deal(const engine *e, buf *response, const request *r)
{
	epochs *all = e->cluster->epochs;
	const epoch *held;

	TRY(epochs_hold(&held, all, &r->epoch_id, &r->context_id));
	err failed = epochs_begin_storing(all, held);
	if (failed == OK) {
		failed = deal_in(e, response, r, held);
		epochs_end_storing(all, held);
	}
	epochs_release(all, &held);
	return failed;
}
