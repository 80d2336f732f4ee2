/* SPDX-License-Identifier: MIT */
/* The HTTP server over loopback, asked byte by byte and by fetch_url. */
#include "tests/test.h"
#include "base/file.h"
#include "rpc/fetch.h"
#include "rpc/http.h"
#include <arpa/inet.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BIG = 3 << 20, PATIENCE_MS = 30000 };

static http_server *server;
static char folder[] = "/tmp/arca-http-XXXXXX";
static int  folder_fd;
static buf  big;

static void health(void *ctx, http_reply *out, const http_request *in)
{
	(void)ctx;
	if (strstr(in->accept, "application/json")) {
		out->content_type = "application/json";
		buf_put_str(&out->body, "{\"status\":\"ok\"}");
	} else {
		http_reply_text(out, 200, "ok");
	}
}

static void objects(void *ctx, http_reply *out, const http_request *in)
{
	(void)ctx;
	http_reply_file(out, folder_fd, in->path + strlen("/PUB/"), "application/octet-stream");
}

/* What a path looks like to a handler. */
static void mirror(void *ctx, http_reply *out, const http_request *in)
{
	(void)ctx;
	http_reply_text(out, 200, in->path);
}

/* Says what came: query, headers, body. */
static void echo(void *ctx, http_reply *out, const http_request *in)
{
	const char *q = http_query(in, "q");

	(void)ctx;
	out->status = q ? 202 : 200;
	buf_printf(&out->body, "%s %s %s %s ", in->method, q ? q : "-", in->authorization, in->content_type);
	buf_put_slice(&out->body, in->body);
}

static void empty(void *ctx, http_reply *out, const http_request *in) { (void)ctx, (void)out, (void)in; }

static void put_file(const char *name, slice bytes)
{
	char path[128];
	snprintf(path, sizeof path, "%s/%s", folder, name);
	assert_ok(file_write_atomic(path, bytes, 0644));
}

static int set_up(void **state)
{
	static const http_route ROUTES[] = {
		{ "/health", health, NULL }, { "/PUB/", objects, NULL }, { "/mirror/", mirror, NULL }, { "/empty", empty, NULL },
		{ "/mirror/special", health, NULL }, { "POST /echo", echo, NULL }, { "/both", health, NULL }, { "POST /both", echo, NULL },
	};
	char path[128];
	(void)state;
	assert_non_null(mkdtemp(folder));
	folder_fd = open(folder, O_RDONLY | O_DIRECTORY);
	snprintf(path, sizeof path, "%s/PublicKey", folder);
	assert_int_equal(mkdir(path, 0755), 0);
	rng_fill(test_rng(), buf_grow(&big, BIG), BIG);
	put_file("PublicKey/04ab", buf_slice(&big));
	put_file("PublicKey/none", (slice){ 0 });
	put_file("secret", slice_str("outside"));
	snprintf(path, sizeof path, "%s/PublicKey/link", folder);
	assert_int_equal(symlink("../secret", path), 0);
	assert_ok(http_server_new(&server, "127.0.0.1", 0, ROUTES, COUNT(ROUTES)));
	return 0;
}

static int tear_down(void **state)
{
	static const char *const FILES[] = { "PublicKey/04ab", "PublicKey/none", "PublicKey/link", "secret", "PublicKey", "." };
	char path[128];
	(void)state;
	http_server_free(&server);
	assert_null(server);
	buf_free(&big);
	for (unsigned i = 0; i < COUNT(FILES); i++) {
		snprintf(path, sizeof path, "%s/%s", folder, FILES[i]);
		if (unlink(path) != 0) (void)rmdir(path);
	}
	(void)rmdir(folder);
	close(folder_fd);
	return 0;
}

/* ---- asking --------------------------------------------------------------------------------------------------- */

static int socket_between(const char *address, const http_server *to)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)http_server_port(to)) };
	struct sockaddr_in from = { .sin_family = AF_INET };
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(inet_pton(AF_INET, address, &from.sin_addr), 1);
	assert_int_equal(bind(fd, (struct sockaddr *)&from, sizeof from), 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof a), 0);
	return fd;
}

static int socket_from(const char *address) { return socket_between(address, server); }

static int plain_socket(void)
{
	return socket_from("127.0.0.1");
}

/* Everything that the server says to this request, head and body. */
static buf ask(const char *method, const char *path, const char *headers)
{
	buf b = { 0 };
	int fd = plain_socket();
	ssize_t n;
	buf_printf(&b, "%s %s HTTP/1.1\r\nHost: test\r\nConnection: close\r\n%s\r\n", method, path, headers);
	assert_int_equal(send(fd, b.p, b.n, MSG_NOSIGNAL), b.n);
	buf_clear(&b);
	do {
		buf_reserve(&b, 65536);
		n = recv(fd, b.p + b.n, 65536, 0);
		if (n > 0) b.n += (size_t)n;
	} while (n > 0);
	close(fd);
	return b;
}

static const char *body_of(buf *answer)
{
	const char *end = strstr(buf_str(answer), "\r\n\r\n");
	assert_non_null(end);
	return end + 4;
}

static void assert_answer(const char *method, const char *path, const char *headers, unsigned status, const char *says)
{
	char line[32];
	buf b = ask(method, path, headers);
	snprintf(line, sizeof line, "HTTP/1.1 %u ", status);
	if (strncmp(buf_str(&b), line, strlen(line))) fail_msg("%s %s: %.60s", method, path, buf_str(&b));
	if (!strstr(buf_str(&b), says)) fail_msg("%s %s does not say '%s'", method, path, says);
	assert_non_null(strstr(buf_str(&b), "Access-Control-Allow-Origin: *"));
	buf_free(&b);
}

/* ---- tests ----------------------------------------------------------------------------------------------------- */

static void the_answer_follows_the_accept_header(void **state)
{
	(void)state;
	assert_answer("GET", "/health", "", 200, "\r\n\r\nok\n");
	assert_answer("GET", "/health", "Accept: application/json\r\n", 200, "Content-Type: application/json");
	assert_answer("GET", "/health?verbose=1", "", 200, "\r\n\r\nok\n");
	assert_answer("GET", "/empty", "", 200, "Content-Length: 0");
}

static void the_longest_route_wins_and_the_rest_is_404(void **state)
{
	(void)state;
	assert_answer("GET", "/mirror/special", "", 200, "\r\n\r\nok\n");
	assert_answer("GET", "/mirror/special/x", "", 200, "/mirror/special/x");
	assert_answer("GET", "/healthy", "", 404, "nothing here");
	assert_answer("GET", "/health/", "", 404, "nothing here");
	assert_answer("GET", "/", "", 404, "nothing here");
	assert_answer("GET", "/mirror", "", 404, "nothing here");
}

static void only_reading_is_allowed(void **state)
{
	(void)state;
	assert_answer("POST", "/health", "Content-Length: 0\r\n", 405, "Allow: GET, HEAD, OPTIONS");
	assert_answer("PUT", "/PUB/PublicKey/04ab", "Content-Length: 0\r\n", 405, "Allow: GET, HEAD, OPTIONS");
	assert_answer("DELETE", "/PUB/PublicKey/04ab", "", 405, "Allow: GET, HEAD, OPTIONS");
	assert_answer("OPTIONS", "/PUB/PublicKey/04ab", "Origin: http://a\r\n", 204, "Access-Control-Allow-Methods: GET, HEAD, OPTIONS");
}

static void a_file_comes_whole_with_its_length(void **state)
{
	(void)state;
	char length[40];
	snprintf(length, sizeof length, "Content-Length: %d\r\n", BIG);
	buf b = ask("GET", "/PUB/PublicKey/04ab", "");
	assert_non_null(strstr(buf_str(&b), length));
	assert_non_null(strstr(buf_str(&b), "Content-Type: application/octet-stream"));
	const char *body = body_of(&b);
	assert_int_equal(b.n - (size_t)(body - (const char *)b.p), BIG);
	assert_memory_equal(body, big.p, BIG);
	buf_free(&b);

	b = ask("HEAD", "/PUB/PublicKey/04ab", "");
	assert_non_null(strstr(buf_str(&b), length));
	assert_string_equal(body_of(&b), "");
	buf_free(&b);
	assert_answer("GET", "/PUB/PublicKey/04ab", "Range: bytes=1-2\r\n", 200, length);         /* no pieces of it are served */
	assert_answer("GET", "/PUB/PublicKey/none", "", 200, "Content-Length: 0");
}

static void no_path_leaves_the_folder(void **state)
{
	(void)state;
	static const char *const MALFORMED[] = {
		"/PUB/../secret", "/PUB/PublicKey/../../secret", "/PUB/%2e%2e/secret", "/PUB/..%2fsecret", "/PUB/./secret", "/PUB//secret",
		"/PUB/%2Fetc%2Fpasswd", "/PUB/PublicKey/%00", "/PUB/PublicKey/04ab%00.txt", "/PUB/..%5csecret", "/PUB/%", "/PUB/%4", "/PUB/%zz",
		"/PUB/%ff", "/PUB/a%0ab", "/..", "/.", "//", "/PUB/PublicKey/..",
	};
	static const char *const MISSING[] = {
		"/PUB/PublicKey/link", "/PUB/PublicKey", "/PUB/PublicKey/", "/PUB/", "/PUB/none", "/PUB/PublicKey/04ab/x", "/PUB/PublicKey/04ac",
		"/PUB/PublicKey/...",
	};
	for (unsigned i = 0; i < COUNT(MALFORMED); i++) assert_answer("GET", MALFORMED[i], "", 400, "the path is malformed");
	for (unsigned i = 0; i < COUNT(MISSING); i++) assert_answer("GET", MISSING[i], "", 404, "there is no such object here");
	assert_answer("GET", "/mirror/a%20b/c", "", 200, "\r\n\r\n/mirror/a b/c\n");
	assert_answer("GET", "/PUB/PublicKey%2f04ab", "", 200, "Content-Length");        /* decoded first, then judged */
}

static void a_path_beyond_all_measure_is_refused(void **state)
{
	(void)state;
	char path[1200] = "/mirror/";
	memset(path + 8, 'x', 1100);
	assert_answer("GET", path, "", 400, "malformed");
}

static void garbage_on_the_port_is_survived(void **state)
{
	(void)state;
	uint8_t bytes[2000];
	for (unsigned round = 0; round < 50; round++) {
		int fd = plain_socket();
		rng_fill(test_rng(), bytes, sizeof bytes);
		if (round % 3 == 1) memcpy(bytes, "GET /health HTTP/1.1\r\n", 22);
		ssize_t sent = send(fd, bytes, (size_t)test_below(sizeof bytes), MSG_NOSIGNAL);
		(void)sent;
		close(fd);
	}
	assert_answer("GET", "/health", "", 200, "ok");
}

static void one_address_does_not_take_all_connections(void **state)
{
	(void)state;
	enum { CROWD = 300 };
	static const char REQUEST[] = "GET /health HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n";
	int crowd[CROWD];
	char answer[16] = "";
	for (unsigned i = 0; i < CROWD; i++) crowd[i] = plain_socket();
	while (recv(crowd[CROWD - 1], answer, sizeof answer, 0) > 0) continue;      /* one too many: closed */
	int fd = socket_from("127.0.0.2");
	assert_int_equal(send(fd, REQUEST, strlen(REQUEST), MSG_NOSIGNAL), strlen(REQUEST));
	assert_int_equal(recv(fd, answer, 12, MSG_WAITALL), 12);
	assert_memory_equal(answer, "HTTP/1.1 200", 12);
	close(fd);
	for (unsigned i = 0; i < CROWD; i++) close(crowd[i]);
	for (ssize_t n = 0; n <= 0;) {                 /* until the server has seen the crowd leave */
		fd = plain_socket();
		n = send(fd, REQUEST, strlen(REQUEST), MSG_NOSIGNAL);
		if (n > 0) n = recv(fd, answer, sizeof answer, 0);
		close(fd);
	}
}

static void name_thread(void *ctx, http_reply *out, const http_request *in)
{
	(void)ctx, (void)in;
	buf_printf(&out->body, "%d.", (int)gettid());
}

/* Which thread answers on a connection that stays. */
static int answerer(int fd)
{
	static const char REQUEST[] = "GET /thread HTTP/1.1\r\nHost: test\r\n\r\n";
	char text[1024] = "";
	size_t n = 0;

	assert_int_equal(send(fd, REQUEST, strlen(REQUEST), MSG_NOSIGNAL), strlen(REQUEST));
	while (n == 0 || text[n - 1] != '.') {
		const ssize_t got = recv(fd, text + n, sizeof text - 1 - n, 0);
		assert_true(got > 0);
		n += (size_t)got;
	}
	return atoi(strrchr(text, '\n') + 1);
}

static void connections_that_stay_are_shared_out_evenly(void **state)
{
	enum { EACH = 4, THREADS = 16 };
	static const http_route ROUTE = { "/thread", name_thread, NULL };
	const unsigned threads = (unsigned)size_min((size_t)sysconf(_SC_NPROCESSORS_ONLN), THREADS);
	int fd[EACH * THREADS], by[EACH * THREADS];
	http_server *s;

	(void)state;
	assert_ok(http_server_new(&s, "127.0.0.1", 0, &ROUTE, 1));
	for (unsigned i = 0; i < EACH * threads; i++) fd[i] = socket_between("127.0.0.1", s);
	for (unsigned i = 0; i < EACH * threads; i++) by[i] = answerer(fd[i]);
	for (unsigned i = 0; i < EACH * threads; i++) {
		unsigned same = 0;
		for (unsigned j = 0; j < EACH * threads; j++) same += by[i] == by[j];
		assert_int_equal(same, EACH);
		assert_int_equal(answerer(fd[i]), by[i]);
	}
	for (unsigned i = 0; i < EACH * threads; i++) close(fd[i]);
	http_server_free(&s);
}

/* Were it taken by the kernel at once, some hundred kilobytes a second would look like none, and be cut off. */
static void what_a_slow_reader_has_not_asked_for_stays_with_the_server(void **state)
{
	enum { LARGE = 64 << 20, SMALL_WINDOW = 64 << 10, MOST = 1 << 20 };
	static const http_route FILES[] = { { "/PUB/", objects, NULL } };
	static const char ASK[] = "GET /PUB/PublicKey/none HTTP/1.1\r\nHost: a\r\n\r\n";
	const int window = SMALL_WINDOW;
	http_server *s;
	char path[128], room[4096];
	size_t all = 0;
	int there = 0;

	(void)state;
	snprintf(path, sizeof path, "%s/PublicKey/none", folder);
	assert_int_equal(truncate(path, LARGE), 0);
	assert_ok(http_server_new(&s, "127.0.0.1", 0, FILES, COUNT(FILES)));
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)http_server_port(s)), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	assert_true(fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &window, sizeof window) == 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof a), 0);
	assert_int_equal(write(fd, ASK, sizeof ASK - 1), sizeof ASK - 1);
	while (there == 0) assert_int_equal(ioctl(fd, FIONREAD, &there), 0);
	usleep(300000);                                  /* the kernel takes what it will: less time would hide a mistake, not make one */
	http_server_free(&s);
	for (ssize_t n; (n = read(fd, room, sizeof room)) > 0;) all += (size_t)n;
	close(fd);
	assert_int_equal(truncate(path, 0), 0);
	assert_in_range(all, 1, MOST);
}

static void a_taken_port_is_named(void **state)
{
	(void)state;
	http_server *second = NULL;
	char where[40];
	err e = http_server_new(&second, "127.0.0.1", http_server_port(server), NULL, 0);
	assert_int_equal(e, ERR_IO);
	snprintf(where, sizeof where, "127.0.0.1 port %u", http_server_port(server));
	assert_non_null(strstr(err_text(), where));
	err_clear();
}

static void what_is_posted_reaches_its_handler_and_the_answer_comes_back(void **state)
{
	AUTO(buf) b = { 0 }, long_body = { 0 };
	const slice json = slice_str("{}"), none = { 0 };
	char url[128];
	unsigned status;

	(void)state;
	snprintf(url, sizeof url, "http://127.0.0.1:%u/echo?q=a%%20b", http_server_port(server));
	assert_ok(fetch_ask(&b, &status, url, "Bearer x", &json, 1000, PATIENCE_MS));
	assert_int_equal(status, 202);
	assert_string_equal(buf_str(&b), "POST a%20b Bearer x application/json {}");
	buf_clear(&b);
	*strchr(url, '?') = '\0';
	assert_ok(fetch_ask(&b, &status, url, NULL, &none, 1000, PATIENCE_MS));
	assert_int_equal(status, 200);
	assert_string_equal(buf_str(&b), "POST -  application/json ");
	buf_clear(&b);
	assert_ok(fetch_ask(&b, &status, url, NULL, NULL, 1000, PATIENCE_MS));
	assert_int_equal(status, 404);                             /* nothing to get there */
	buf_clear(&b);
	memset(buf_grow(&long_body, MAX_HTTP_BODY), 'x', MAX_HTTP_BODY);
	const slice whole = buf_slice(&long_body);
	assert_ok(fetch_ask(&b, &status, url, NULL, &whole, 2 * MAX_HTTP_BODY, PATIENCE_MS));
	assert_int_equal(b.n, MAX_HTTP_BODY + strlen("POST -  application/json "));
	assert_err(ERR_REQUEST, fetch_ask(&b, &status, url, NULL, &whole, MAX_HTTP_BODY, PATIENCE_MS));
	buf_put_u8(&long_body, 'x');
	const slice more = buf_slice(&long_body);
	buf_clear(&b);
	assert_ok(fetch_ask(&b, &status, url, NULL, &more, 1000, PATIENCE_MS));
	assert_int_equal(status, 413);
	assert_err(ERR_IO, fetch_ask(&b, &status, "http://no.such.host.invalid/", NULL, &json, 1000, PATIENCE_MS));
}

static void a_path_may_be_read_and_posted_to(void **state)
{
	AUTO(buf) b = { 0 };
	const slice json = slice_str("{}");
	char url[128];
	unsigned status;

	(void)state;
	snprintf(url, sizeof url, "http://127.0.0.1:%u/both", http_server_port(server));
	assert_ok(fetch_ask(&b, &status, url, NULL, &json, 1000, PATIENCE_MS));
	assert_int_equal(status, 200);
	assert_non_null(strstr(buf_str(&b), "POST"));
	buf_clear(&b);
	assert_ok(fetch_ask(&b, &status, url, NULL, NULL, 1000, PATIENCE_MS));
	assert_string_equal(buf_str(&b), "ok\n");
	snprintf(url, sizeof url, "http://127.0.0.1:%u/health", http_server_port(server));
	assert_ok(fetch_ask(&b, &status, url, NULL, &json, 1000, PATIENCE_MS));
	assert_int_equal(status, 405);
}

static void fetching_respects_its_bound_and_names_what_failed(void **state)
{
	(void)state;
	char url[128];
	buf b = { 0 };
	buf_put_str(&b, "before");
	snprintf(url, sizeof url, "http://127.0.0.1:%u/PUB/PublicKey/04ab", http_server_port(server));
	assert_true(fetch_is_url(url));
	assert_ok(fetch_url(&b, url, BIG, PATIENCE_MS));
	assert_int_equal(b.n, BIG + 6);
	assert_memory_equal(b.p + 6, big.p, BIG);
	b.n = 6;
	assert_err(ERR_REQUEST, fetch_url(&b, url, BIG - 1, PATIENCE_MS));
	assert_int_equal(b.n, 6);
	snprintf(url, sizeof url, "http://127.0.0.1:%u/PUB/PublicKey/none", http_server_port(server));
	assert_ok(fetch_url(&b, url, 0, PATIENCE_MS));
	assert_int_equal(b.n, 6);
	snprintf(url, sizeof url, "http://127.0.0.1:%u/PUB/PublicKey/04ac", http_server_port(server));
	err e = fetch_url(&b, url, BIG, PATIENCE_MS);
	assert_int_equal(e, ERR_NOT_FOUND);
	assert_non_null(strstr(err_text(), url));
	err_clear();
	assert_err(ERR_REQUEST, fetch_url(&b, "file:///etc/passwd", BIG, PATIENCE_MS));
	assert_err(ERR_IO, fetch_url(&b, "http://no.such.host.invalid/", BIG, PATIENCE_MS));
	assert_false(fetch_is_url("/tmp/key"));
	assert_false(fetch_is_url("ftp://x"));
	buf_free(&b);
}

typedef struct pieces { buf all; unsigned count, most; } pieces;

static bool take_piece(void *ctx, slice piece)
{
	pieces *p = ctx;
	buf_put_slice(&p->all, piece);
	return ++p->count != p->most;
}

static void a_large_object_is_fetched_in_pieces_until_one_is_not_taken(void **state)
{
	(void)state;
	char url[128];
	pieces whole = { 0 }, some = { .most = 2 };

	snprintf(url, sizeof url, "http://127.0.0.1:%u/PUB/PublicKey/04ab", http_server_port(server));
	assert_ok(fetch_pieces(url, BIG, PATIENCE_MS, take_piece, &whole));
	assert_true(whole.count > 3);
	assert_true(slice_eq_var(buf_slice(&whole.all), slice_of(big.p, BIG)));
	assert_err(ERR_IO, fetch_pieces(url, BIG, PATIENCE_MS, take_piece, &some));
	assert_int_equal(some.count, 2);
	assert_true(some.all.n < BIG);
	assert_err(ERR_REQUEST, fetch_pieces(url, BIG - 1, PATIENCE_MS, take_piece, &whole));
	buf_free(&whole.all), buf_free(&some.all);
}

/* What fetching the URL says when the environment has a proxy that nobody answers at. */
static void assert_fetch_fails_with(const char *url, const char *no_proxy, const char *says)
{
	buf b = { 0 };
	assert_int_equal(setenv("no_proxy", no_proxy, 1), 0);
	err e = fetch_url(&b, url, BIG, PATIENCE_MS);
	assert_int_equal(e, ERR_IO);
	if (!strstr(err_text(), says)) fail_msg("'%s' does not say '%s'", err_text(), says);
	err_clear();
	buf_free(&b);
}

static void loopback_is_fetched_without_the_proxy_of_the_environment(void **state)
{
	(void)state;
	static const char *const HOSTS[] = { "127.0.0.1", "localhost" }, *const OTHERS[] = { "", "example.invalid", "*" };
	char url[128];
	buf b = { 0 };
	assert_int_equal(setenv("http_proxy", "http://127.0.0.1:1", 1), 0);
	for (unsigned i = 0; i < COUNT(HOSTS) * COUNT(OTHERS); i++) {
		assert_int_equal(setenv("no_proxy", OTHERS[i % COUNT(OTHERS)], 1), 0);
		snprintf(url, sizeof url, "http://%s:%u/health", HOSTS[i / COUNT(OTHERS)], http_server_port(server));
		assert_ok(fetch_url(&b, url, BIG, PATIENCE_MS));
	}
	assert_ok(fetch_url(&b, url, BIG, PATIENCE_MS));
	assert_fetch_fails_with("http://example.invalid/", "", "127.0.0.1 port 1");
	assert_fetch_fails_with("http://example.invalid/", "other.invalid", "127.0.0.1 port 1");
	assert_fetch_fails_with("http://example.invalid/", "example.invalid", "resolve host");
	assert_fetch_fails_with("http://example.invalid/", "*", "resolve host");
	(void)unsetenv("http_proxy");
	(void)unsetenv("no_proxy");
	buf_free(&b);
}

static const struct CMUnitTest tests_[] = {
	TEST(the_answer_follows_the_accept_header),
	TEST(the_longest_route_wins_and_the_rest_is_404),
	TEST(only_reading_is_allowed),
	TEST(a_file_comes_whole_with_its_length),
	TEST(no_path_leaves_the_folder),
	TEST(a_path_beyond_all_measure_is_refused),
	TEST(garbage_on_the_port_is_survived),
	TEST(one_address_does_not_take_all_connections), TEST(connections_that_stay_are_shared_out_evenly),
	TEST(what_a_slow_reader_has_not_asked_for_stays_with_the_server), TEST(a_taken_port_is_named),
	TEST(what_is_posted_reaches_its_handler_and_the_answer_comes_back), TEST(a_path_may_be_read_and_posted_to),
	TEST(fetching_respects_its_bound_and_names_what_failed), TEST(a_large_object_is_fetched_in_pieces_until_one_is_not_taken),
	TEST(loopback_is_fetched_without_the_proxy_of_the_environment),
};

int main(int argc, char **argv)
{
	return test_main_with(argc, argv, __FILE__, tests_, COUNT(tests_), set_up, tear_down);
}
