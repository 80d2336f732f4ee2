/* SPDX-License-Identifier: MIT */
/* store/bell.c -- a cord that is pulled from any thread, and the connection that is kept up while somebody waits. */
#include "store/bell.h"
#include "store/store_internal.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct store_bell {
	const store_driver *driver;
	char *url;
	void *db;
	store_backoff backoff;
	bell_cord cord;
};

/* ---- the cord ----------------------------------------------------------------------------------------------------- */

void bell_pull(bell_cord *cord, uint64_t bits)
{
	const uint64_t one = 1;

	atomic_fetch_or(&cord->bits, bits);
	ssize_t n = write(cord->fd, &one, sizeof one);
	ASSERT(n == sizeof one || errno == EAGAIN);
}

void bell_pull_channel(bell_cord *cord, const char *channel)
{
	for (unsigned i = 0; i < cord->n; i++)
		if (strcmp(cord->channel[i], channel) == 0) bell_pull(cord, 1ull << i);
}

bool bell_poll(bell_cord *cord, int fd, int64_t wait_ms)
{
	struct pollfd p[2] = { { cord->fd, POLLIN, 0 }, { fd, POLLIN, 0 } };
	uint64_t pulls;

	if (atomic_load(&cord->bits)) wait_ms = 0;
	if (poll(p, fd < 0 ? 1 : 2, wait_ms < 0 ? -1 : wait_ms > INT32_MAX ? INT32_MAX : (int)wait_ms) <= 0) return false;
	if (p[0].revents) {
		ssize_t n = read(cord->fd, &pulls, sizeof pulls);
		ASSERT(n == sizeof pulls || errno == EAGAIN);
	}
	return fd >= 0 && p[1].revents;
}

/* ---- the bell ----------------------------------------------------------------------------------------------------- */

#define WAKE (1ull << MAX_BELL_CHANNELS)          /* of no channel */

static uint64_t every(const store_bell *b) { return UINT64_MAX >> (64 - b->cord.n); }

err store_bell_new(store_bell **out, const store_config *config, const char *const *channel, unsigned n)
{
	const store_driver *driver;

	ASSERT(n >= 1 && n <= MAX_BELL_CHANNELS);
	TRY(store_driver_for(&driver, config));
	store_bell *b = calloc(1, sizeof *b);
	if (!b || !(b->url = strdup(config->url))) {
		free(b);
		return err_fail(ERR_NOMEM, "no memory for a bell");
	}
	b->driver = driver;
	b->cord = (bell_cord){ .channel = channel, .n = n, .fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK) };
	if (b->cord.fd < 0) {
		free(b->url), free(b);
		return err_fail(ERR_IO, "eventfd: %s", strerror(errno));
	}
	*out = b;
	return OK;
}

void store_bell_free(store_bell **b)
{
	if (!b || !*b) return;
	if ((*b)->db) (*b)->driver->close((*b)->db);
	close((*b)->cord.fd);
	wipe((*b)->url, strlen((*b)->url));
	free((*b)->url);
	free(*b);
	*b = NULL;
}

void store_bell_ring(store_bell *b, uint64_t bits) { bell_pull(&b->cord, (bits & every(b)) | WAKE); }

/* Listening again: what rang meanwhile is not known, so everything does. */
static err connect_bell(store_bell *b)
{
	TRY(b->driver->open(b->driver, &b->db, b->url, STORE_LAZY));
	err e = b->driver->listen(b->db, b->cord.channel, b->cord.n, &b->cord);
	if (e == OK) {
		bell_pull(&b->cord, every(b));
		return OK;
	}
	b->driver->close(b->db);
	b->db = NULL;
	return e;
}

uint64_t store_bell_wait(store_bell *b, int64_t wait_ms)
{
	const int64_t start = clock_now_ms(clock_system());
	uint64_t rang;

	while (!(rang = atomic_exchange(&b->cord.bits, 0))) {
		const int64_t now = clock_now_ms(clock_system());
		int64_t left = wait_ms < 0 ? -1 : wait_ms - (now - start);
		err e = OK;

		if (wait_ms >= 0 && left <= 0) return 0;
		if (!b->db && store_backoff_may(&b->backoff, now)) e = connect_bell(b);
		else if (b->db) e = b->driver->hear(b->db, left);
		else {
			const int64_t again = b->backoff.next_ms - now;
			(void)bell_poll(&b->cord, -1, left < 0 || again < left ? again : left);
			continue;
		}
		if (e == OK) {
			b->backoff = (store_backoff){ 0 };
			continue;
		}
		err_clear();
		if (b->db) b->driver->close(b->db);
		b->db = NULL;
		store_backoff_failed(&b->backoff, now);
	}
	return rang & ~WAKE;
}
