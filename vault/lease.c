/* SPDX-License-Identifier: MIT */
/* vault/lease.c -- taking, renewing, losing and letting go. */
#include "vault/lease.h"
#include <pthread.h>
#include <stdlib.h>
#include "base/hex.h"
#include "base/wait.h"

enum { MAX_LEASE = 256, S = 1000 };

static const char MAGIC[] = "arca-lease 1 ";

struct lease {
	const far_store *store;
	const clock_source *clock;
	char owner[2 * LEASE_OWNER + 1], host[LEASE_HOST + 1];

	pthread_mutex_t lock;                              /* of what follows                            */
	pthread_cond_t  bell;
	pthread_t thread;
	bool      kept, ending, lost;
	char      tag[FAR_TAG];                            /* of what was put last                       */
	int64_t   store_s, at_ms;                          /* the store's clock said so when ours did    */
	int64_t   until_ms, until_unix_ms;                 /* of our clocks                              */

	void    (*changed)(void *ctx, err e);              /* of the thread that keeps it                */
	void     *ctx;
	err       told;
};

/* ---- the object ---------------------------------------------------------------------------------------------------- */

static void write_text(buf *out, const lease *l, int64_t until_s)
{
	buf_printf(out, "%s%s %jd %s\n", MAGIC, l->owner, (intmax_t)until_s, l->host);
}

static bool is_host(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (s[i] <= ' ' || s[i] >= 0x7f) return false;
	return n > 0 && n <= LEASE_HOST;
}

err lease_read(lease_text *out, slice bytes)
{
	char text[MAX_LEASE + 1], *end;
	uint8_t owner[LEASE_OWNER];
	const size_t head = sizeof MAGIC - 1, digits = 2 * LEASE_OWNER;

	*out = (lease_text){ 0 };
	if (bytes.n <= MAX_LEASE && bytes.n > head + digits + 1) {
		memcpy(text, bytes.p, bytes.n), text[bytes.n] = '\0';
		const char *number = text + head + digits;
		memcpy(out->owner, text + head, digits);
		const bool begins = !memcmp(text, MAGIC, head) && hex_read(owner, sizeof owner, slice_of(out->owner, digits)) &&
		                    number[0] == ' ' && number[1] >= '0' && number[1] <= '9';
		out->until_s = begins ? strtoll(number, &end, 10) : 0;
		const size_t n = begins && *end == ' ' ? strcspn(end + 1, "\n") : 0;
		const bool whole = n && end + 1 + n + 1 == text + bytes.n && is_host(end + 1, n);
		if (whole) memcpy(out->host, end + 1, n);
		if (whole) return OK;
	}
	*out = (lease_text){ 0 };
	return err_fail(ERR_REQUEST, "this is no lease");
}

/* ---- one put ---------------------------------------------------------------------------------------------------------- */

static int64_t store_now_s(const lease *l, int64_t now_ms) { return l->store_s + (now_ms - l->at_ms) / S; }

/*
 * How long we may still write.  The steady clock stands still while a machine sleeps; the other one may be put forward, which costs a
 * renewal, or back, and then the first decides.
 */
static int64_t left_ms(const lease *l)
{
	const int64_t steady = l->until_ms - clock_now_ms(l->clock), wall = l->until_unix_ms - clock_unix_ms(l->clock);

	return steady < wall ? steady : wall;
}

/* From when it was asked for; no longer than what stands there says, by the store's date of the answer. */
static void begin_life(lease *l, int64_t asked_ms, int64_t asked_unix_ms, int64_t until_s, int64_t date_s)
{
	const int64_t says = date_s ? until_s - date_s : LEASE_S, life_s = says < LEASE_S ? says : LEASE_S;

	l->until_ms = asked_ms + life_s * S;
	l->until_unix_ms = asked_unix_ms + life_s * S;
}

static void set_clock(lease *l, int64_t date_s)
{
	if (!date_s && l->store_s) return;
	l->store_s = date_s ? date_s : clock_unix_ms(l->clock) / S;
	l->at_ms = clock_now_ms(l->clock);
}

static err look(lease_text *out, far_stamp *stamp, const lease *l)
{
	AUTO(buf) bytes = { 0 };

	*stamp = (far_stamp){ 0 };
	TRY(l->store->get(l->store->ctx, &bytes, stamp, LEASE_NAME, MAX_LEASE));
	if (lease_read(out, buf_slice(&bytes)) == OK) return OK;
	err_clear();
	return err_fail(ERR_STATE, "%s/" LEASE_NAME " says something that no node writes; remove it if no node uses this vault",
	                l->store->where);
}

/* *tag: of what is there afterwards, if it is ours.  ERR_EXISTS: it is another's, or none. */
static err put(far_stamp *stamp, const lease *l, far_condition condition, const char *same, int64_t until_s)
{
	AUTO(buf) text = { 0 };
	lease_text there;

	write_text(&text, l, until_s);
	err e = l->store->put(l->store->ctx, stamp, LEASE_NAME, buf_slice(&text), condition, same);
	if (e != ERR_EXISTS) return e;
	err_clear();
	/* The answer to an earlier try may have been lost. */
	e = look(&there, stamp, l);
	if (e == ERR_NOT_FOUND) {
		err_clear();
		return err_fail(ERR_EXISTS, "%s/" LEASE_NAME " is gone", l->store->where);
	}
	if (e == OK && !strcmp(there.owner, l->owner) && there.until_s == until_s) return OK;
	return e != OK ? e : err_fail(ERR_EXISTS, "%s/" LEASE_NAME " is that of %s", l->store->where, there.host);
}

/* ---- taking ----------------------------------------------------------------------------------------------------------- */

static err held_by(const lease *l, const lease_text *other, int64_t now_s)
{
	const time_t until = (time_t)other->until_s;
	struct tm t = { 0 };
	char text[40];

	gmtime_r(&until, &t);
	strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &t);
	return err_fail(ERR_BUSY, "the vault %s is used by another node, on %s, until %s at least (%jd s); stop that one first. If it "
	                "is dead: start again after that", l->store->where, other->host, text, (intmax_t)(other->until_s - now_s));
}

/* Would the store notice if somebody else wrote?  It is asked for what it must refuse. */
static err try_conditions(const lease *l, slice text)
{
	const far_store *s = l->store;
	far_stamp stamp;

	err e = s->put(s->ctx, &stamp, LEASE_NAME, text, FAR_IF_NONE, NULL);
	if (e == ERR_EXISTS) e = s->put(s->ctx, &stamp, LEASE_NAME, text, FAR_IF_SAME, "\"0\"");
	if (e == ERR_EXISTS) {
		err_clear();
		return OK;
	}
	return e == OK ? err_fail(ERR_UNSUPPORTED, "it ignores them") : e;
}

static err told(const lease *l, err e)
{
	if (e == ERR_UNSUPPORTED)
		err_context("%s: this server keeps no conditions (If-None-Match, If-Match), without which two nodes could use one vault; use a "
		            "newer one: ", l->store->where);
	return e;
}

/* The sentence of an error that is on its way out stays, whatever happens to the lease. */
static void say_again(buf *why)
{
	if (why->n) (void)(err_fail(ERR_STATE, "%s", buf_str(why)) == OK);
}

static void remove_it(const lease *l)
{
	AUTO(buf) why = { 0 };

	buf_put_str(&why, err_text());
	if (l->store->remove(l->store->ctx, LEASE_NAME) != OK) err_clear();
	say_again(&why);
}

static err take(lease *l)
{
	const int64_t asked_ms = clock_now_ms(l->clock), asked_unix_ms = clock_unix_ms(l->clock);
	AUTO(buf) text = { 0 };
	far_stamp stamp;
	lease_text other = { 0 };

	err e = look(&other, &stamp, l);
	const bool there = e == OK;
	if (e == ERR_NOT_FOUND) err_clear();
	else TRY(e);
	set_clock(l, stamp.date_s);
	const int64_t now_s = store_now_s(l, clock_now_ms(l->clock)), until_s = now_s + LEASE_S;
	if (there && other.until_s > now_s && strcmp(other.owner, l->owner)) return held_by(l, &other, now_s);
	e = put(&stamp, l, there ? FAR_IF_SAME : FAR_IF_NONE, stamp.tag, until_s);
	if (e == ERR_EXISTS) {
		err_clear();
		return err_fail(ERR_BUSY, "another node took the vault %s at this moment; stop it first", l->store->where);
	}
	TRY(told(l, e));
	memcpy(l->tag, stamp.tag, sizeof l->tag);
	begin_life(l, asked_ms, asked_unix_ms, until_s, stamp.date_s);
	write_text(&text, l, until_s);
	e = told(l, try_conditions(l, buf_slice(&text)));
	if (e == ERR_UNSUPPORTED) remove_it(l);
	return e;
}

err lease_take(lease **out, const far_store *store, const uint8_t owner[static LEASE_OWNER], const char *host,
               const clock_source *clock)
{
	lease *l = calloc(1, sizeof *l);

	if (!l) return err_fail(ERR_NOMEM, "no memory for a lease");
	l->store = store, l->clock = clock;
	hex_write(l->owner, slice_of(owner, LEASE_OWNER));
	snprintf(l->host, sizeof l->host, "%s", is_host(host, strlen(host)) ? host : "unknown");
	pthread_mutex_init(&l->lock, NULL);
	wait_init(&l->bell);
	err e = take(l);
	if (e != OK) {
		free(l);
		return e;
	}
	*out = l;
	return OK;
}

/* ---- keeping ----------------------------------------------------------------------------------------------------------- */

err lease_check(lease *l)
{
	pthread_mutex_lock(&l->lock);
	const bool lost = l->lost;
	const int64_t left = left_ms(l);
	pthread_mutex_unlock(&l->lock);
	if (lost)
		return err_fail(ERR_STATE, "another node has taken the vault %s; this one writes no more to it: stop it", l->store->where);
	if (left > LEASE_MARGIN_S * S) return OK;
	return err_fail(ERR_STATE, "the lease of the vault %s was not renewed in time, so another node may have it; is the store within "
	                "reach?", l->store->where);
}

static err renew(lease *l)
{
	char tag[FAR_TAG];
	far_stamp stamp = { 0 };

	pthread_mutex_lock(&l->lock);
	const int64_t asked_ms = clock_now_ms(l->clock), asked_unix_ms = clock_unix_ms(l->clock), until_s = store_now_s(l, asked_ms) + LEASE_S;
	memcpy(tag, l->tag, sizeof tag);
	pthread_mutex_unlock(&l->lock);
	const err e = put(&stamp, l, FAR_IF_SAME, tag, until_s);
	pthread_mutex_lock(&l->lock);
	if (e == OK) {
		memcpy(l->tag, stamp.tag, sizeof l->tag);
		begin_life(l, asked_ms, asked_unix_ms, until_s, stamp.date_s);
		set_clock(l, stamp.date_s);
	}
	l->lost |= e == ERR_EXISTS;
	pthread_mutex_unlock(&l->lock);
	return e == ERR_EXISTS ? ERR_STATE : e;
}

static int64_t locked_left_ms(lease *l)
{
	pthread_mutex_lock(&l->lock);
	const int64_t left = left_ms(l);
	pthread_mutex_unlock(&l->lock);
	return left;
}

/* Who slept takes the store's time for earlier than it is; the first answer says how late it is. */
err lease_renew(lease *l)
{
	TRY(renew(l));
	return locked_left_ms(l) > (LEASE_S - LEASE_RENEW_S) * S ? OK : renew(l);
}

err lease_refresh(lease *l)
{
	const int64_t left = locked_left_ms(l);

	return left > (LEASE_S - LEASE_RENEW_S) * S ? OK : lease_renew(l);
}

static void wait_s(lease *l, int64_t s)
{
	const int64_t until_ms = clock_now_ms(clock_system()) + s * 1000;

	pthread_mutex_lock(&l->lock);
	while (!l->ending && wait_until(&l->bell, &l->lock, until_ms)) continue;
	pthread_mutex_unlock(&l->lock);
}

static bool reads(lease *l, const bool *field)
{
	pthread_mutex_lock(&l->lock);
	const bool value = *field;
	pthread_mutex_unlock(&l->lock);
	return value;
}

int64_t lease_turn(lease *l)
{
	const err renewed = reads(l, &l->lost) ? OK : lease_renew(l);
	err_clear();
	const err now = lease_check(l);
	if (now != l->told && l->changed) l->changed(l->ctx, now);
	err_clear();
	l->told = now;
	return renewed == OK ? LEASE_RENEW_S : LEASE_AGAIN_S;
}

static void *keep(void *arg)
{
	lease *l = arg;

	for (int64_t s = LEASE_RENEW_S;; s = lease_turn(l)) {
		wait_s(l, s);
		if (reads(l, &l->ending)) return NULL;
	}
}

void lease_tell(lease *l, void (*changed)(void *ctx, err e), void *ctx) { l->changed = changed, l->ctx = ctx; }

err lease_keep(lease *l)
{
	l->kept = pthread_create(&l->thread, NULL, keep, l) == 0;
	return l->kept ? OK : err_fail(ERR_NOMEM, "no thread to renew the lease of the vault %s", l->store->where);
}

/* Only if it is still ours; otherwise it ends by itself. */
static void let_go(lease *l)
{
	AUTO(buf) why = { 0 };
	lease_text there;
	far_stamp stamp;

	buf_put_str(&why, err_text());
	if (lease_check(l) == OK && look(&there, &stamp, l) == OK && !strcmp(there.owner, l->owner)) remove_it(l);
	err_clear();
	say_again(&why);
}

void lease_free(lease **lp)
{
	lease *l = *lp;
	if (!l) return;
	pthread_mutex_lock(&l->lock);
	l->ending = true;
	pthread_cond_broadcast(&l->bell);
	pthread_mutex_unlock(&l->lock);
	if (l->kept) pthread_join(l->thread, NULL);
	let_go(l);
	pthread_cond_destroy(&l->bell);
	pthread_mutex_destroy(&l->lock);
	free(l);
	*lp = NULL;
}
