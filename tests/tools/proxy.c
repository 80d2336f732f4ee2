/* SPDX-License-Identifier: MIT */
/*
 * tests/tools/proxy.c -- a bad network between two TCP ports: delay, jitter, a slow line, stalls and cuts, changed while it
 * runs by lines on standard input.  TCP repeats what is lost, so to those above it loss is a stall or a cut.
 *
 * Delays are of bytes, each direction for itself, and never change their order; accepting and refusing connections takes no
 * longer than without it.
 */
#include "base/base.h"
#include "base/clock.h"
#include "base/list.h"
#include "rpc/listen.h"
#include "rpc/reactor.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { EXIT_USAGE = 64, PIECE = 16 << 10, SLOW_PIECE = 2 << 10, WAITING_MAX = 16 << 20, LINE = 256, CONNECT_MS = 2000 };

static const char USAGE[] =
	"usage: proxy --listen PORT --to HOST:PORT [OPTION VALUE]...\n"
	"\n"
	"Passes TCP connections on and prints \"ready PORT\".  --listen 0 takes any free port.\n"
	"  --delay-ms N         each byte arrives so much later\n"
	"  --jitter-ms N        and up to so much more\n"
	"  --kbit-s N           the line carries so much in each direction; 0: as much as it can\n"
	"  --cut-every-ms N     ends all connections so often; 0: never\n"
	"  --stall-after N      after so many bytes nothing moves any more, until \"resume\"\n"
	"  --stay 1             goes on when standard input ends\n"
	"\n"
	"Lines on standard input: delay N, jitter N, kbit N, cut-every N, stall-after N, cut, stall, resume.\n";

typedef struct piece {
	struct piece *next;
	int64_t due_ms;
	size_t  at, n;
	uint8_t bytes[];
} piece;

typedef struct side {                /* what came from one side and is to go to the other */
	int fd;
	reactor_watch watch;
	piece  *first, **end;
	size_t  waiting;
	int64_t last_due_ms, line_free_us;
	bool    ended, told;             /* no more comes from it; the other side knows */
} side;

typedef struct connection { list link; side sides[2]; reactor_timer timer; } connection;

static struct {
	unsigned long delay, jitter, kbit, cut_every, stall_after, stay;
} how;

static reactor *loop;
static list connections;
static char host[LINE];
static unsigned to_port;
static uint64_t carried;             /* since the last "resume" */
static bool stalled;
static reactor_timer cutter;

/* ---- bytes ---------------------------------------------------------------------------------------------------- */

static void settle(connection *c);

static void end_connection(connection *c)
{
	reactor_timer_clear(loop, &c->timer);
	for (unsigned i = 0; i < 2; i++) {
		side *s = &c->sides[i];
		reactor_watch_clear(loop, &s->watch);
		close(s->fd);
		for (piece *p = s->first, *next; p; p = next) next = p->next, free(p);
	}
	list_leave(&c->link);
	free(c);
}

/* When a piece that came just now arrives at the other end. */
static int64_t due(side *s, size_t n)
{
	const int64_t now = reactor_now_ms(loop);
	int64_t at = now + (int64_t)how.delay + (how.jitter ? (int64_t)(rng_u64(rng_os()) % (how.jitter + 1)) : 0);

	if (how.kbit) {
		if (s->line_free_us < now * 1000) s->line_free_us = now * 1000;
		s->line_free_us += (int64_t)(n * 8000 / how.kbit);
		at += s->line_free_us / 1000 - now;
	}
	if (at < s->last_due_ms) at = s->last_due_ms;
	return s->last_due_ms = at;
}

/* False: the connection is broken. */
static bool take_in(side *s)
{
	while (!stalled && !s->ended && s->waiting < WAITING_MAX) {
		const size_t room = how.kbit ? SLOW_PIECE : PIECE;
		piece *p = malloc(sizeof *p + room);
		ASSERT(p);
		ssize_t n = recv(s->fd, p->bytes, room, 0);
		if (n <= 0) {
			int why = errno;
			free(p);
			s->ended = n == 0;
			return n == 0 || why == EAGAIN || why == EINTR;
		}
		*p = (piece){ .due_ms = due(s, (size_t)n), .n = (size_t)n };
		*s->end = p;
		s->end = &p->next;
		s->waiting += (size_t)n;
	}
	return true;
}

static void look_for_stall(size_t n)
{
	carried += n;
	if (how.stall_after && carried >= how.stall_after) stalled = true;
}

/* Sends what is due to the other side.  False: the connection is broken. */
static bool give_out(side *s, side *other)
{
	while (!stalled && s->first && s->first->due_ms <= reactor_now_ms(loop)) {
		piece *p = s->first;
		ssize_t n = send(other->fd, p->bytes + p->at, p->n - p->at, MSG_NOSIGNAL);
		if (n < 0) return errno == EAGAIN || errno == EINTR;
		p->at += (size_t)n;
		s->waiting -= (size_t)n;
		look_for_stall((size_t)n);
		if (p->at < p->n) continue;
		s->first = p->next;
		if (!s->first) s->end = &s->first;
		free(p);
	}
	if (s->ended && !s->first && !s->told && !stalled) {
		s->told = true;
		(void)shutdown(other->fd, SHUT_WR);
	}
	return true;
}

static void settle(connection *c)
{
	bool ok = true;
	int64_t next = INT64_MAX;

	for (unsigned i = 0; i < 2; i++) ok = ok && take_in(&c->sides[i]) && give_out(&c->sides[i], &c->sides[!i]);
	if (!ok || (c->sides[0].told && c->sides[1].told)) {
		end_connection(c);
		return;
	}
	for (unsigned i = 0; i < 2; i++) {
		side *s = &c->sides[i];
		const side *other = &c->sides[!i];
		uint32_t events = !s->ended && s->waiting < WAITING_MAX ? EPOLLIN : 0;
		if (other->first && other->first->due_ms <= reactor_now_ms(loop)) events |= EPOLLOUT;
		if (s->first && s->first->due_ms < next) next = s->first->due_ms;
		if (stalled) reactor_watch_clear(loop, &s->watch);           /* not even its end is seen */
		else ASSERT(reactor_watch_set(loop, &s->watch, events) == OK);
	}
	if (next != INT64_MAX && next > reactor_now_ms(loop) && !stalled) reactor_timer_set(loop, &c->timer, next);
}

static void ready(void *arg, uint32_t events)
{
	(void)events;
	settle(arg);
}

static void ring(void *arg)
{
	settle(arg);
}

static void accept_one(void *arg, uint32_t events)
{
	const reactor_watch *listener = arg;
	int fd = accept4(listener->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC), other = -1;
	(void)events;

	if (fd < 0) return;
	connection *c = calloc(1, sizeof *c);
	ASSERT(c);
	if (connect_to(&other, host, to_port, CONNECT_MS) != OK) {
		err_clear();
		close(fd);
		free(c);
		return;
	}
	for (unsigned i = 0; i < 2; i++) {
		side *s = &c->sides[i];
		s->fd = i ? other : fd;
		s->end = &s->first;
		s->watch = (reactor_watch){ .fd = s->fd, .ready = ready, .arg = c };
	}
	c->timer = (reactor_timer){ .ring = ring, .arg = c };
	list_append(&connections, &c->link);
	settle(c);
}

/* ---- commands ------------------------------------------------------------------------------------------------- */

static void cut_all(void)
{
	FOR_EACH_LINK(l, &connections) end_connection(MEMBER_OF(l, connection, link));
}

static void ring_cut(void *arg)
{
	(void)arg;
	cut_all();
	if (how.cut_every) reactor_timer_set(loop, &cutter, reactor_now_ms(loop) + (int64_t)how.cut_every);
}

static bool set(const char *what, unsigned long value)
{
	unsigned long *const fields[] = { &how.delay, &how.jitter, &how.kbit, &how.cut_every, &how.stall_after, &how.stay };
	static const char *const names[][2] = { { "delay", "--delay-ms" }, { "jitter", "--jitter-ms" }, { "kbit", "--kbit-s" },
		{ "cut-every", "--cut-every-ms" }, { "stall-after", "--stall-after" }, { "stay", "--stay" } };
	for (unsigned i = 0; i < COUNT(fields); i++) {
		if (strcmp(what, names[i][0]) != 0 && strcmp(what, names[i][1]) != 0) continue;
		*fields[i] = value;
		reactor_timer_clear(loop, &cutter);
		if (how.cut_every) reactor_timer_set(loop, &cutter, reactor_now_ms(loop) + (int64_t)how.cut_every);
		return true;
	}
	return false;
}

static void obey(char *line)
{
	char word[32] = "";
	unsigned long value = 0;
	int n = sscanf(line, "%31s %lu", word, &value);

	if (n == 1 && strcmp(word, "cut") == 0) cut_all();
	else if (n == 1 && strcmp(word, "stall") == 0) stalled = true;
	else if (n == 1 && strcmp(word, "resume") == 0) stalled = false, carried = 0;
	else if (n >= 1 && (n != 2 || !set(word, value))) fprintf(stderr, "proxy: unknown command: %s\n", word);
	FOR_EACH_LINK(l, &connections) settle(MEMBER_OF(l, connection, link));
}

static void read_commands(void *arg, uint32_t events)
{
	static char line[LINE];
	static size_t n;
	reactor_watch *in = arg;
	char bytes[LINE];
	(void)events;

	ssize_t got = read(STDIN_FILENO, bytes, sizeof bytes);
	if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
	if (got <= 0) {
		if (!how.stay) exit(0);
		reactor_watch_clear(loop, in);
	}
	for (ssize_t i = 0; i < got; i++) {
		if (bytes[i] != '\n') {
			if (n + 1 < sizeof line) line[n++] = bytes[i];
			continue;
		}
		line[n] = '\0';
		n = 0;
		obey(line);
	}
}

/* ---- the beginning -------------------------------------------------------------------------------------------- */

static bool read_target(const char *text)
{
	const char *colon = strrchr(text, ':');
	if (!colon || colon == text || (size_t)(colon - text) >= sizeof host) return false;
	memcpy(host, text, (size_t)(colon - text));
	to_port = (unsigned)strtoul(colon + 1, NULL, 10);
	return to_port >= 1 && to_port <= 65535;
}

static bool read_wish(int argc, char **argv, unsigned *port)
{
	bool listens = false, aims = false;
	for (int i = 1; i + 1 < argc; i += 2) {
		const unsigned long value = strtoul(argv[i + 1], NULL, 10);
		if (strcmp(argv[i], "--listen") == 0) listens = true, *port = (unsigned)value;
		else if (strcmp(argv[i], "--to") == 0) aims = read_target(argv[i + 1]);
		else if (!set(argv[i], value)) return false;
	}
	return argc % 2 && listens && aims;
}

static reactor_watch listener, commands;

int main(int argc, char **argv)
{
	unsigned port = 0, bound;

	list_init(&connections);
	cutter = (reactor_timer){ .ring = ring_cut };
	if (reactor_new(&loop, NULL) != OK) return 1;
	if (!read_wish(argc, argv, &port)) {
		fputs(USAGE, stderr);
		return EXIT_USAGE;
	}
	if (listen_on(&listener.fd, &bound, "127.0.0.1", port) != OK) {
		fprintf(stderr, "proxy: %s\n", err_text());
		return 1;
	}
	listener.ready = accept_one, listener.arg = &listener;
	commands = (reactor_watch){ .fd = STDIN_FILENO, .ready = read_commands, .arg = &commands };
	ASSERT(reactor_watch_set(loop, &listener, EPOLLIN) == OK);
	if (reactor_watch_set(loop, &commands, EPOLLIN) != OK) err_clear();          /* a file: nothing to wait for */
	printf("ready %u\n", bound);
	fflush(stdout);
	for (;;) reactor_turn(loop, -1);
}
