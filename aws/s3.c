/* SPDX-License-Identifier: MIT */
/* aws/s3.c -- the five calls, and the pages of a list. */
#include "aws/s3.h"
#include <stdlib.h>
#include "aws/call.h"
#include "aws/xml.h"

/* ---- addresses ------------------------------------------------------------------------------------------------------ */

bool s3_bucket_ok(const char *name)
{
	const size_t n = strlen(name);

	for (size_t i = 0; i < n; i++)
		if (!(name[i] >= 'a' && name[i] <= 'z') && !(name[i] >= '0' && name[i] <= '9') && ((name[i] != '-' && name[i] != '.') || !i))
			return false;
	return n >= S3_BUCKET_LEAST && n <= S3_BUCKET && name[n - 1] != '-' && name[n - 1] != '.';
}

/* As the signature wants it: everything but letters, digits and -._~ as %XX; a slash as it is in a path. */
static void put_encoded(buf *out, slice s, bool slashes)
{
	for (size_t i = 0; i < s.n; i++) {
		const uint8_t c = s.p[i];
		const bool plain = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
		                   c == '_' || c == '~' || (slashes && c == '/');
		if (plain) buf_put_u8(out, c);
		else buf_printf(out, "%%%02X", c);
	}
}

static bool is_host(const s3_bucket *b) { return aws_is_own(b->client, AWS_S3) && !strchr(b->name, '.'); }

static void put_host(buf *out, const s3_bucket *b)
{
	buf_printf(out, "%s%ss3.%s.amazonaws.com", is_host(b) ? b->name : "", is_host(b) ? "." : "", aws_region(b->client));
}

/* "." and ".." between slashes would be taken out on the way. */
static bool has_dots(const char *name)
{
	for (const char *part = name; part; part = strchr(part, '/') ? strchr(part, '/') + 1 : NULL) {
		const size_t n = strcspn(part, "/");
		if ((n == 1 && part[0] == '.') || (n == 2 && part[0] == '.' && part[1] == '.')) return true;
	}
	return false;
}

static err put_path(buf *out, const s3_bucket *b, const char *name)
{
	if (!s3_bucket_ok(b->name)) return err_fail(ERR_REQUEST, "\"%.80s\" is not the name of a bucket", b->name);
	if (strlen(name) > S3_NAME || has_dots(name)) return err_fail(ERR_REQUEST, "%.60s cannot be the name of an object", name);
	if (!is_host(b)) buf_printf(out, "/%s", b->name);
	buf_put_str(out, "/");
	put_encoded(out, slice_str(name), true);
	return OK;
}

static err call(aws_answer *a, buf *out, const s3_bucket *b, const char *name, aws_call *c)
{
	AUTO(buf) host = { 0 };
	AUTO(buf) path = { 0 };

	if (!name[0]) return err_fail(ERR_REQUEST, "an object has a name");
	TRY(put_path(&path, b, name));
	put_host(&host, b);
	c->service = AWS_S3, c->host = buf_str(&host), c->target = buf_str(&path);
	return aws_send(a, out, b->client, c);
}

static void fill(s3_info *out, const aws_answer *a, uint64_t size)
{
	*out = (s3_info){ .size = size, .date_s = a->reply.date_s };
	memcpy(out->etag, a->reply.etag, sizeof out->etag);
}

/* ---- objects --------------------------------------------------------------------------------------------------------- */

err s3_get(buf *out, s3_info *info, const s3_bucket *b, const char *name, size_t max)
{
	aws_answer a;

	err e = call(&a, out, b, name, &(aws_call){ .method = "GET", .max = max });
	if (info && (e == OK || e == ERR_NOT_FOUND)) fill(info, &a, a.got);
	return e;
}

err s3_get_into(uint8_t *room, size_t n, const s3_bucket *b, const char *name)
{
	AUTO(buf) refusal = { 0 };
	aws_answer a;

	TRY(call(&a, &refusal, b, name, &(aws_call){ .method = "GET", .room = room, .max = n }));
	return a.got == n ? OK : err_fail(ERR_IO, "%s in the bucket %s has %zu bytes, not %zu", name, b->name, a.got, n);
}

err s3_head(s3_info *out, const s3_bucket *b, const char *name)
{
	AUTO(buf) none = { 0 };
	aws_answer a;

	TRY(call(&a, &none, b, name, &(aws_call){ .method = "HEAD" }));
	if (!a.reply.has_length) return err_fail(ERR_IO, "the server does not say how long %s in the bucket %s is", name, b->name);
	fill(out, &a, a.reply.length);
	return OK;
}

err s3_put(s3_info *out, bool *again, const s3_bucket *b, const char *name, slice body, s3_condition condition, const char *etag)
{
	AUTO(buf) none = { 0 };
	char same[S3_ETAG + 16];
	aws_call c = { .method = "PUT", .header = { "content-type: application/octet-stream" }, .body = body, .max = AWS_MESSAGE };
	aws_answer a;

	snprintf(same, sizeof same, "if-match: %s", etag ? etag : "");
	if (condition == S3_IF_SAME) ASSERT(etag && etag[0]);
	if (condition != S3_ALWAYS) c.header[1] = condition == S3_IF_NONE ? "if-none-match: *" : same;
	err e = call(&a, &none, b, name, &c);
	*again = e == ERR_EXISTS && a.sent > 1;
	/* "There is nothing that could be the same" is a condition that is not met. */
	if (e == ERR_NOT_FOUND && condition == S3_IF_SAME && !strcmp(a.code, "NoSuchKey")) {
		err_clear();
		e = err_fail(ERR_EXISTS, "%s in the bucket %s is gone", name, b->name);
	}
	if (e == OK && out) fill(out, &a, body.n);
	return e;
}

err s3_delete(const s3_bucket *b, const char *name)
{
	AUTO(buf) none = { 0 };
	aws_answer a;

	err e = call(&a, &none, b, name, &(aws_call){ .method = "DELETE", .max = AWS_MESSAGE });
	if (e != ERR_NOT_FOUND || strcmp(a.code, "NoSuchKey")) return e;
	err_clear();
	return OK;
}

/* ---- lists ----------------------------------------------------------------------------------------------------------- */

typedef struct page {
	bool   (*each)(void *ctx, const char *name, uint64_t size);
	void    *ctx;
	char     name[S3_NAME + 1];
	bool     has_size, known, more, ended;
	uint64_t size;
	char    *next;
} page;

static bool read_size(uint64_t *out, slice text)
{
	uint64_t v = 0;

	if (!text.n || text.n > 18) return false;
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] < '0' || text.p[i] > '9') return false;
		v = v * 10 + (uint64_t)(text.p[i] - '0');
	}
	*out = v;
	return true;
}

static bool copy(char *out, size_t max, slice text)
{
	if (!text.n || text.n > max || memchr(text.p, 0, text.n)) return false;
	memcpy(out, text.p, text.n);
	out[text.n] = '\0';
	return true;
}

static bool page_element(void *ctx, const char *path, slice text)
{
	page *p = ctx;

	if (!strcmp(path, "ListBucketResult/Contents/Key")) return copy(p->name, S3_NAME, text);
	if (!strcmp(path, "ListBucketResult/Contents/Size")) return p->has_size = read_size(&p->size, text);
	if (!strcmp(path, "ListBucketResult/NextContinuationToken")) return copy(p->next, XML_TEXT, text);
	if (!strcmp(path, "ListBucketResult/IsTruncated")) {
		p->known = true;
		p->more = slice_eq_var(text, slice_str("true"));
		return p->more || slice_eq_var(text, slice_str("false"));
	}
	if (!strcmp(path, "ListBucketResult/Contents")) {
		if (!p->name[0] || !p->has_size) return false;
		p->ended = !p->each(p->ctx, p->name, p->size);
		p->name[0] = '\0', p->has_size = false;
		return !p->ended;
	}
	return true;
}

err s3_page_read(bool *more, char *next, slice text, bool (*each)(void *ctx, const char *name, uint64_t size), void *ctx)
{
	page p = { .each = each, .ctx = ctx, .next = next };

	next[0] = '\0';
	TRY(xml_read(text, page_element, &p));
	if (!p.known || (p.more && !next[0])) return err_fail(ERR_REQUEST, "the list does not say whether it goes on, or how");
	*more = p.more;
	return OK;
}

static err list_target(buf *out, const s3_bucket *b, const char *prefix, const char *next)
{
	TRY(put_path(out, b, ""));
	if (!is_host(b)) out->n--;                         /* /bucket, not /bucket/ */
	buf_put_str(out, "?");
	if (next[0]) {
		buf_put_str(out, "continuation-token=");
		put_encoded(out, slice_str(next), false);
		buf_put_str(out, "&");
	}
	buf_put_str(out, "list-type=2&prefix=");
	put_encoded(out, slice_str(prefix), false);
	return OK;
}

err s3_list(const s3_bucket *b, const char *prefix, bool (*each)(void *ctx, const char *name, uint64_t size), void *ctx)
{
	char next[XML_TEXT + 1] = "", last[XML_TEXT + 1];
	AUTO(buf) host = { 0 };
	bool more = true;

	put_host(&host, b);
	for (unsigned pages = 0; more; pages++) {
		AUTO(buf) text = { 0 };
		AUTO(buf) target = { 0 };
		aws_answer a;
		if (pages == S3_PAGES) return err_fail(ERR_REQUEST, "the list of %s in the bucket %s has no end", prefix, b->name);
		TRY(list_target(&target, b, prefix, next));
		TRY(aws_send(&a, &text, b->client, &(aws_call){ .service = AWS_S3, .method = "GET", .host = buf_str(&host),
		                                                .target = buf_str(&target), .max = S3_PAGE_BYTES }));
		memcpy(last, next, sizeof last);
		err e = s3_page_read(&more, next, buf_slice(&text), each, ctx);
		if (e == OK && more && !strcmp(last, next)) e = err_fail(ERR_REQUEST, "the list stands still");
		if (e != OK) err_context("the list of %s in the bucket %s: ", prefix, b->name);
		TRY(e);
	}
	return OK;
}
