/* SPDX-License-Identifier: MIT */
/* rpc/http.c -- libmicrohttpd behind a table of routes. */
#include "rpc/http.h"
#include "base/hex.h"
#include "base/utf8.h"
#include "rpc/acceptor.h"
#include "rpc/http_patience.h"
#include "rpc/listen.h"
#include <errno.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	MAX_PATH = 1024,                     /* as it came, before decoding */
	MAX_CONNECTIONS = 256,
	MAX_OF_ONE_ADDRESS = 128,            /* what all of this machine, or all behind a proxy, may take */
	IDLE_S = 8,                          /* without a byte either way */
	CONNECTION_MEMORY = 32 << 10,        /* bounds the request's headers too */
	MOST_DISCARDED = 4 << 20,            /* of a body that is too long: so much is read, to get the answer through */
	MOST_THREADS = 16,
	UNSENT = 128 << 10,                  /* bytes that the kernel holds ready: were it millions, a slow reader would look like none */
};

/* A thread with connections of its own: a daemon in libmicrohttpd's words. */
typedef struct worker {
	struct http_server *server;
	struct MHD_Daemon  *daemon;
	atomic_uint connections;             /* handed to it, and not closed yet */
} worker;

struct http_server {
	acceptor   *door;
	unsigned    port, threads, last;     /* last: who got the newest connection */
	http_route *routes;
	size_t      n_routes;
	http_patience *patience;
	worker      worker[MOST_THREADS];
};

/* A request on its way in, and, if the handler chose so, until it is answered. */
typedef struct http_later {
	buf    body;
	size_t got;
	struct MHD_Connection *connection;
	bool   waits;                        /* the connection is put aside until `reply` is there */
	bool   post;
	http_reply reply;
} incoming;

/* ---- paths --------------------------------------------------------------------------------------------------- */

/* Decodes %XX strictly: every escape must be whole. */
static bool path_decode(char out[static MAX_PATH + 1], const char *path)
{
	slice in = slice_str(path);
	size_t n = 0;

	if (in.n > MAX_PATH) return false;
	for (size_t i = 0; i < in.n; i++) {
		uint8_t c = in.p[i];
		if (c == '%') {
			if (in.n - i < 3 || !hex_read(&c, 1, slice_of(in.p + i + 1, 2))) return false;
			i += 2;
		}
		if (c < ' ' || c == 0x7f || c == '\\') return false;
		out[n++] = (char)c;
	}
	out[n] = '\0';
	return utf8_ok(slice_of(out, n));
}

/* Is the first of the segments, which ends at '/' or at the end, a plain name? */
static bool segment_clean(const char *s, size_t n)
{
	return n > 0 && !(n == 1 && s[0] == '.') && !(n == 2 && s[0] == '.' && s[1] == '.');
}

static bool path_clean(const char *path)
{
	if (path[0] != '/') return false;
	for (const char *s = path + 1; *s; ) {
		size_t n = strcspn(s, "/");
		if (!segment_clean(s, n)) return false;
		s += n;
		if (*s) s++;
	}
	return true;
}

static const char POST[] = "POST ";

static const http_route *route_of(const http_server *s, const char *path, bool post)
{
	const http_route *best = NULL;
	size_t longest = 0;

	for (size_t i = 0; i < s->n_routes; i++) {
		const char *prefix = s->routes[i].prefix;
		if ((strncmp(prefix, POST, strlen(POST)) == 0) != post) continue;
		if (post) prefix += strlen(POST);
		size_t n = strlen(prefix);
		bool below = n && prefix[n - 1] == '/';
		bool fits = below ? strncmp(path, prefix, n) == 0 : strcmp(path, prefix) == 0;
		if (fits && n > longest) best = &s->routes[i], longest = n;
	}
	return best;
}

/* ---- answers ------------------------------------------------------------------------------------------------- */

void http_reply_text(http_reply *out, unsigned status, const char *text)
{
	out->status = status;
	out->content_type = "text/plain; charset=utf-8";
	buf_clear(&out->body);
	buf_printf(&out->body, "%s\n", text);
}

/* A descriptor of what the path names, or -1 with errno; each directory is opened in the one before it. */
static int open_below(int directory, const char *path)
{
	const int flags = O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK;
	char name[256];
	int at = fcntl(directory, F_DUPFD_CLOEXEC, 0);

	for (const char *s = path; at >= 0; ) {
		size_t n = strcspn(s, "/");
		bool last = s[n] == '\0';
		int next = -1;
		errno = ENOENT;
		if (segment_clean(s, n) && n < sizeof name) {
			memcpy(name, s, n);
			name[n] = '\0';
			next = openat(at, name, flags | (last ? 0 : O_DIRECTORY));
		}
		int why = errno;
		close(at);
		errno = why;
		at = next;
		if (last) break;
		s += n + 1;
	}
	return at;
}

void http_reply_file(http_reply *out, int directory, const char *path, const char *content_type)
{
	struct stat st;
	int fd = open_below(directory, path);

	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR || errno == ELOOP)) {
		http_reply_text(out, 404, "there is no such object here");
	} else if (fd < 0 || fstat(fd, &st) < 0) {
		http_reply_text(out, 500, "the object cannot be read");
		if (fd >= 0) close(fd);
	} else if (!S_ISREG(st.st_mode)) {
		http_reply_text(out, 404, "there is no such object here");
		close(fd);
	} else {
		out->status = 200;
		out->content_type = content_type;
		out->from_file = true;
		out->file = fd;
		out->file_size = (uint64_t)st.st_size;
	}
}

static struct MHD_Response *response_of(http_reply *r)
{
	if (r->from_file) {
		struct MHD_Response *m = MHD_create_response_from_fd64(r->file_size, r->file);
		if (!m) close(r->file);
		return m;
	}
	if (r->body.n == 0) return MHD_create_response_from_buffer(0, (void *)"", MHD_RESPMEM_PERSISTENT);
	struct MHD_Response *m = MHD_create_response_from_buffer(r->body.n, r->body.p, MHD_RESPMEM_MUST_FREE);
	if (m) r->body = (buf){ 0 };
	return m;
}

static const char *allowed(bool post) { return post ? "POST, OPTIONS" : "GET, HEAD, OPTIONS"; }

/* Takes the reply.  post: that is what this path is for. */
static enum MHD_Result answer(struct MHD_Connection *c, http_reply *r, bool options, bool post)
{
	enum MHD_Result sent = MHD_NO;
	struct MHD_Response *m = response_of(r);

	buf_free(&r->body);
	if (!m) return MHD_NO;
	(void)MHD_add_response_header(m, MHD_HTTP_HEADER_ACCESS_CONTROL_ALLOW_ORIGIN, "*");
	if (r->status == 405 || options) (void)MHD_add_response_header(m, MHD_HTTP_HEADER_ALLOW, allowed(post));
	if (options) {
		(void)MHD_add_response_header(m, "Access-Control-Allow-Methods", allowed(post));
		(void)MHD_add_response_header(m, "Access-Control-Allow-Headers", post ? "Authorization, Content-Type" : "*");
	} else {
		(void)MHD_add_response_header(m, MHD_HTTP_HEADER_CONTENT_TYPE,
		                              r->content_type ? r->content_type : "text/plain; charset=utf-8");
		(void)MHD_add_response_header(m, "X-Content-Type-Options", "nosniff");
	}
	sent = MHD_queue_response(c, r->status, m);
	MHD_destroy_response(m);
	return sent;
}

/* ---- requests ------------------------------------------------------------------------------------------------ */

typedef struct sought { const char *name, *value; unsigned times; } sought;

static enum MHD_Result seek(void *ctx, enum MHD_ValueKind kind, const char *name, const char *value)
{
	sought *x = ctx;

	(void)kind;
	if (strcmp(name, x->name) != 0) return MHD_YES;
	x->value = value;
	x->times++;
	return MHD_YES;
}

const char *http_query(const http_request *in, const char *name)
{
	sought x = { .name = name };

	(void)MHD_get_connection_values(in->connection, MHD_GET_ARGUMENT_KIND, seek, &x);
	if (x.times == 0) return NULL;
	return x.times == 1 && x.value ? x.value : "";
}

static const char *header_of(struct MHD_Connection *c, const char *name)
{
	const char *text = MHD_lookup_connection_value(c, MHD_HEADER_KIND, name);
	return text ? text : "";
}

/* What is wrong, as the asker will read it: those who post speak JSON. */
static void refuse(http_reply *out, unsigned status, const char *text, bool post)
{
	if (!post) {
		http_reply_text(out, status, text);
		return;
	}
	out->status = status;
	out->content_type = "application/json";
	buf_printf(&out->body, "{\"error\":\"%s\"}", text);
}

/* Is what is read at this path nothing but this path? */
static bool is_exact(const http_route *r)
{
	return r && r->prefix[strlen(r->prefix) - 1] != '/';
}

static void serve(const http_server *s, http_reply *out, struct MHD_Connection *c, const char *path, const char *method,
                  incoming *in)
{
	const bool post = strcmp(method, MHD_HTTP_METHOD_POST) == 0;
	const http_route *route = route_of(s, path, post), *other = route_of(s, path, false);

	if (post && !route && other && strcmp(other->prefix, "/") == 0) route = other;
	if (post && !route && is_exact(other)) {
		refuse(out, 405, "only GET, HEAD and OPTIONS are served here", true);
	} else if (!route) {
		refuse(out, 404, "there is nothing here", post);
	} else if (in->got > MAX_HTTP_BODY) {
		refuse(out, 413, "the body is too long", post);
	} else {
		const http_request request = {
			.method = method, .path = path, .accept = header_of(c, MHD_HTTP_HEADER_ACCEPT),
			.host = header_of(c, MHD_HTTP_HEADER_HOST), .authorization = header_of(c, MHD_HTTP_HEADER_AUTHORIZATION),
			.content_type = header_of(c, MHD_HTTP_HEADER_CONTENT_TYPE), .body = buf_slice(&in->body), .connection = c, .later = in,
		};
		route->handler(route->ctx, out, &request);
	}
}

static bool is_one_of(const char *method, const char *a, const char *b, const char *c)
{
	return strcmp(method, a) == 0 || strcmp(method, b) == 0 || strcmp(method, c) == 0;
}

http_later *http_reply_later(const http_request *in)
{
	http_later *l = in->later;

	ASSERT(!l->waits);
	l->waits = true;
	MHD_suspend_connection(in->connection);
	return l;
}

/* The server's thread comes back to on_request with it. */
void http_later_give(http_later *l, http_reply *reply)
{
	l->reply = *reply;
	*reply = (http_reply){ 0 };
	MHD_resume_connection(l->connection);
}

static enum MHD_Result respond(http_server *s, struct MHD_Connection *c, const char *url, const char *method, incoming *in)
{
	const bool options = strcmp(method, MHD_HTTP_METHOD_OPTIONS) == 0;
	http_reply out = { .status = 200 };
	char path[MAX_PATH + 1];

	const bool clean = path_decode(path, url) && path_clean(path), post = clean && route_of(s, path, true);
	if (options) out.status = 204;
	else if (!is_one_of(method, MHD_HTTP_METHOD_GET, MHD_HTTP_METHOD_HEAD, MHD_HTTP_METHOD_POST))
		refuse(&out, 405, post ? "only POST is served here" : "only GET, HEAD and OPTIONS are served here", post);
	else if (!clean) refuse(&out, 400, "the path is malformed", false);
	else {
		in->connection = c;
		in->post = post;
		serve(s, &out, c, path, method, in);
		if (in->waits) return MHD_YES;
	}
	return answer(c, &out, options, post);
}

static http_waiting *waiting_of(struct MHD_Connection *c)
{
	return MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

/* Headers that say the same thing, of which there is one at most. */
enum { ENDS, WHO_ASKS, WHAT_IT_IS, SAID };
static const char *const SAID_TWICE[SAID] = {
	[ENDS] = "Content-Length and Transfer-Encoding stand there more than once", [WHO_ASKS] = "Authorization stands there more than once",
	[WHAT_IT_IS] = "Content-Type stands there more than once",
};

static enum MHD_Result count_said(void *ctx, enum MHD_ValueKind kind, const char *name, const char *value)
{
	unsigned *said = ctx;

	(void)kind, (void)value;
	said[ENDS] += strcasecmp(name, MHD_HTTP_HEADER_CONTENT_LENGTH) == 0 || strcasecmp(name, MHD_HTTP_HEADER_TRANSFER_ENCODING) == 0;
	said[WHO_ASKS] += strcasecmp(name, MHD_HTTP_HEADER_AUTHORIZATION) == 0;
	said[WHAT_IT_IS] += strcasecmp(name, MHD_HTTP_HEADER_CONTENT_TYPE) == 0;
	return MHD_YES;
}

/* What is said twice: a proxy may have believed the other, and, where the body ends, what follows would be somebody else's request.
 * NULL: nothing. */
static const char *said_twice(struct MHD_Connection *c)
{
	unsigned said[SAID] = { 0 };

	(void)MHD_get_connection_values(c, MHD_HEADER_KIND, count_said, said);
	for (unsigned i = 0; i < SAID; i++) if (said[i] > 1) return SAID_TWICE[i];
	return NULL;
}

static enum MHD_Result begin(struct MHD_Connection *c, const char *method, incoming **in)
{
	const char *twice = said_twice(c);
	http_reply out = { .status = 400 };

	if (twice) {
		refuse(&out, 400, twice, strcmp(method, MHD_HTTP_METHOD_POST) == 0);
		return answer(c, &out, false, false);
	}
	*in = calloc(1, sizeof **in);
	return *in ? MHD_YES : MHD_NO;
}

/* Called once with the headers, then for each piece of a body, then once more. */
static enum MHD_Result on_request(void *ctx, struct MHD_Connection *c, const char *url, const char *method,
                                  const char *version, const char *data, size_t *data_n, void **state)
{
	http_server *s = ctx;
	incoming *in = *state;
	(void)version;

	if (!in) return begin(c, method, (incoming **)state);
	if (*data_n) {
		/* What nobody waits for, or is too long, is passed over. */
		in->got += size_min(*data_n, MOST_DISCARDED);
		if (in->got > MOST_DISCARDED) return MHD_NO;
		if (strcmp(method, MHD_HTTP_METHOD_POST) == 0 && in->got <= MAX_HTTP_BODY) buf_put(&in->body, data, *data_n);
		*data_n = 0;
		return MHD_YES;
	}
	if (in->waits) return answer(c, &in->reply, false, in->post);
	http_patience_came(s->patience, waiting_of(c));
	return respond(s, c, url, method, in);
}

static void on_completed(void *ctx, struct MHD_Connection *c, void **state, enum MHD_RequestTerminationCode why)
{
	http_server *s = ctx;
	incoming *in = *state;
	(void)why;

	if (in) {
		buf_free(&in->body);
		buf_free(&in->reply.body);
	}
	free(in);
	*state = NULL;
	http_patience_next(s->patience, waiting_of(c));
}

static void on_connection(void *ctx, struct MHD_Connection *c, void **place, enum MHD_ConnectionNotificationCode what)
{
	worker *w = ctx;
	http_patience *p = w->server->patience;

	if (what == MHD_CONNECTION_NOTIFY_STARTED) {
		*place = http_patience_begin(p, MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd);
		return;
	}
	http_patience_end(p, *place);
	atomic_fetch_sub(&w->connections, 1);
}

/* The path is decoded by path_decode, and no handler sees the query. */
static size_t leave_escaped(void *ctx, struct MHD_Connection *c, char *s)
{
	(void)ctx, (void)c;
	return strlen(s);
}

static void stay_quiet(void *ctx, const char *format, va_list args)
{
	(void)ctx, (void)format, (void)args;         /* broken requests are no event of ours */
}

/* ---- who serves whom ----------------------------------------------------------------------------------------- */

/* What each thread may take of so many. */
static unsigned part_of(const http_server *s, unsigned all) { return all / s->threads; }

/* The one with the fewest connections; of several, the next in turn. */
static worker *least(http_server *s)
{
	worker *best = NULL;

	for (unsigned i = 1; i <= s->threads; i++) {
		worker *w = &s->worker[(s->last + i) % s->threads];
		if (!best || atomic_load(&w->connections) < atomic_load(&best->connections)) best = w;
	}
	return best;
}

static bool has_room(void *ctx)
{
	http_server *s = ctx;
	return atomic_load(&least(s)->connections) < part_of(s, MAX_CONNECTIONS);
}

static void hand_on(void *ctx, int fd, const struct sockaddr *from, socklen_t n)
{
	http_server *s = ctx;
	worker *w = least(s);
	const int unsent = UNSENT;

	(void)setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent, sizeof unsent);
	s->last = (unsigned)(w - s->worker);
	atomic_fetch_add(&w->connections, 1);
	/* Refused, and closed, is who has too many connections. */
	if (MHD_add_connection(w->daemon, fd, from, n) != MHD_YES) atomic_fetch_sub(&w->connections, 1);
}

/* ---- life ---------------------------------------------------------------------------------------------------- */

static struct MHD_Daemon *start(worker *w)
{
	http_server *s = w->server;

	return MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_NO_LISTEN_SOCKET | MHD_USE_ITC | MHD_USE_ERROR_LOG |
	                        MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, on_request, s,
		MHD_OPTION_EXTERNAL_LOGGER, stay_quiet, NULL,
		MHD_OPTION_CONNECTION_LIMIT, part_of(s, MAX_CONNECTIONS),
		MHD_OPTION_PER_IP_CONNECTION_LIMIT, part_of(s, MAX_OF_ONE_ADDRESS),
		MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_S,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY,
		MHD_OPTION_STRICT_FOR_CLIENT, 1,
		MHD_OPTION_NOTIFY_COMPLETED, on_completed, s,
		MHD_OPTION_NOTIFY_CONNECTION, on_connection, w,
		MHD_OPTION_UNESCAPE_CALLBACK, leave_escaped, NULL,
		MHD_OPTION_END);
}

static err start_all(http_server *s)
{
	s->threads = (unsigned)size_min((size_t)sysconf(_SC_NPROCESSORS_ONLN), MOST_THREADS);
	for (unsigned i = 0; i < s->threads; i++) {
		worker *w = &s->worker[i];
		w->server = s;
		w->daemon = start(w);
		if (!w->daemon) return err_fail(ERR_NOMEM, "no thread for an HTTP server");
	}
	return OK;
}

err http_server_new(http_server **out, const char *address, unsigned port, const http_route *routes, size_t n_routes)
{
	http_server *s = calloc(1, sizeof *s);
	int fd;

	if (s) s->routes = malloc(n_routes * sizeof *routes + 1);
	if (!s || !s->routes) {
		http_server_free(&s);
		return err_fail(ERR_NOMEM, "no memory for an HTTP server");
	}
	if (n_routes) memcpy(s->routes, routes, n_routes * sizeof *routes);
	s->n_routes = n_routes;
	err e = http_patience_new(&s->patience, clock_system());
	if (e == OK) e = start_all(s);
	if (e == OK) e = listen_on(&fd, &s->port, address, port);
	if (e == OK) e = acceptor_new(&s->door, fd, &(acceptor_to){ s, has_room, hand_on });
	if (e != OK) {
		http_server_free(&s);
		return e;
	}
	*out = s;
	return OK;
}

unsigned http_server_port(const http_server *s)
{
	return s->port;
}

void http_server_free(http_server **sp)
{
	http_server *s = *sp;
	if (!s) return;
	acceptor_free(&s->door);
	for (unsigned i = 0; i < s->threads; i++)
		if (s->worker[i].daemon) MHD_stop_daemon(s->worker[i].daemon);
	http_patience_free(&s->patience);
	free(s->routes);
	free(s);
	*sp = NULL;
}
