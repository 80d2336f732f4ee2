/* SPDX-License-Identifier: MIT */
/* tests/rpc/wire.c -- frames by hand, answers by nghttp2's header decoder. */
#include "tests/rpc/wire.h"
#include <stdlib.h>

/* ---- the transport -------------------------------------------------------------------------------------------- */

static io shake(transport *t)
{
	(void)t;
	return IO_DONE;
}

static io take(transport *t, uint8_t *out, size_t room, size_t *got)
{
	wire *w = (wire *)(void *)t;
	size_t n = size_min(room, w->to.n - w->taken);
	if (n == 0) return w->ended ? IO_END : IO_WAIT_READ;
	memcpy(out, w->to.p + w->taken, n);
	w->taken += n;
	*got = n;
	return IO_DONE;
}

static io put(transport *t, size_t *sent, const uint8_t *p, size_t n)
{
	wire *w = (wire *)(void *)t;
	if (w->stuck) return IO_WAIT_WRITE;
	if (w->patience) {
		n = size_min(n, w->patience);
		w->stuck = true;                     /* until the next turn */
	}
	buf_put(&w->from, p, n);
	*sent = n;
	return IO_DONE;
}

static void finish(transport *t)
{
	((wire *)(void *)t)->ended = true;           /* a polite client closes as well */
}

static void gone(transport *t)
{
	((wire *)(void *)t)->gone = true;
}

wire *wire_new(rpc_server *s)
{
	static const transport_ops ops = { shake, take, put, finish, gone };
	wire *w = calloc(1, sizeof *w);
	ASSERT(w);
	w->t = (transport){ &ops, -1 };
	w->server = s;
	if (server_attach(s, &w->t, &w->conn) != OK) err_clear();
	return w;
}

void wire_turn(wire *w)
{
	for (unsigned quiet = 0; quiet < 3; ) {
		size_t before = w->from.n + w->taken;
		if (w->patience) w->stuck = false;
		if (!w->gone) h2_touch(w->conn);
		reactor_turn(w->server->reactor, 0);
		quiet = w->from.n + w->taken == before ? quiet + 1 : 0;
	}
}

void wire_free(wire *w)
{
	w->ended = true;
	w->patience = 0, w->stuck = false;
	for (unsigned i = 0; i < 1000 && !w->gone; i++) wire_turn(w);
	ASSERT(w->gone);
	buf_free(&w->to);
	buf_free(&w->from);
	free(w);
}

/* ---- frames --------------------------------------------------------------------------------------------------- */

void raw_frame(buf *out, uint8_t type, uint8_t flags, uint32_t stream, slice payload)
{
	size_t n = payload.n;
	const uint8_t header[9] = { (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n, type, flags,
		(uint8_t)(stream >> 24), (uint8_t)(stream >> 16), (uint8_t)(stream >> 8), (uint8_t)stream };
	buf_put(out, header, sizeof header);
	buf_put_slice(out, payload);
}

void raw_number(buf *out, uint8_t type, uint32_t stream, uint32_t value)
{
	const uint8_t p[4] = { (uint8_t)(value >> 24), (uint8_t)(value >> 16), (uint8_t)(value >> 8), (uint8_t)value };
	raw_frame(out, type, 0, stream, slice_of(p, sizeof p));
}

void raw_hello(buf *out)
{
	buf_put_str(out, NGHTTP2_CLIENT_MAGIC);
	raw_frame(out, NGHTTP2_SETTINGS, 0, 0, (slice){ 0 });
}

/* A literal header without indexing and without Huffman.  [RFC 7541, section 6.2.2] */
static void put_literal(buf *out, const char *text)
{
	size_t n = strlen(text);
	if (n < 127) {
		buf_put_u8(out, (uint8_t)n);
	} else {
		buf_put_u8(out, 127);
		for (n -= 127; n >= 128; n /= 128) buf_put_u8(out, (uint8_t)(n % 128 + 128));
		buf_put_u8(out, (uint8_t)n);
	}
	buf_put_str(out, text);
}

void raw_headers(buf *out, uint32_t stream, uint8_t flags, const char *const (*pairs)[2], size_t n)
{
	buf block = { 0 };
	for (size_t i = 0; i < n; i++) {
		buf_put_u8(&block, 0);
		put_literal(&block, pairs[i][0]);
		put_literal(&block, pairs[i][1]);
	}
	raw_frame(out, NGHTTP2_HEADERS, flags | NGHTTP2_FLAG_END_HEADERS, stream, buf_slice(&block));
	buf_free(&block);
}

void raw_call(buf *out, uint32_t stream, const char *path, const char *const extra[2])
{
	const char *const pairs[][2] = {
		{ ":method", "POST" }, { ":scheme", "http" }, { ":path", path }, { ":authority", "test" },
		{ "te", "trailers" }, { "content-type", "application/grpc" },
		{ extra ? extra[0] : "", extra ? extra[1] : "" },
	};
	raw_headers(out, stream, 0, pairs, COUNT(pairs) - (extra ? 0 : 1));
}

void raw_data(buf *out, uint32_t stream, uint8_t flags, slice bytes)
{
	raw_frame(out, NGHTTP2_DATA, flags, stream, bytes);
}

void raw_message(buf *out, uint32_t stream, uint8_t flags, slice message)
{
	uint8_t prefix[FRAME_PREFIX];
	buf framed = { 0 };
	frame_prefix(prefix, message.n);
	buf_put(&framed, prefix, sizeof prefix);
	buf_put_slice(&framed, message);
	for (size_t at = 0; at < framed.n; at += 16384) {
		size_t n = size_min(16384, framed.n - at);
		raw_data(out, stream, at + n == framed.n ? flags : 0, slice_of(framed.p + at, n));
	}
	buf_free(&framed);
}

/* ---- what was said -------------------------------------------------------------------------------------------- */

static void keep(char *out, size_t room, const char *name, const nghttp2_nv *nv)
{
	if (nv->namelen != strlen(name) || memcmp(nv->name, name, nv->namelen)) return;
	size_t n = size_min(nv->valuelen, room - 1);
	memcpy(out, nv->value, n);
	out[n] = '\0';
}

/* Every header block passes the decoder, whose table depends on all of them; only those of the stream are kept. */
static void see_headers(nghttp2_hd_inflater *inflater, seen *out, slice block)
{
	for (;;) {
		nghttp2_nv nv;
		int flags = 0;
		ssize_t n = nghttp2_hd_inflate_hd2(inflater, &nv, &flags, block.p, block.n, 1);
		ASSERT(n >= 0);
		block.p += n, block.n -= (size_t)n;
		if (out && flags & NGHTTP2_HD_INFLATE_EMIT) {
			keep(out->http, sizeof out->http, ":status", &nv);
			keep(out->status, sizeof out->status, "grpc-status", &nv);
			keep(out->message, sizeof out->message, "grpc-message", &nv);
			keep(out->details, sizeof out->details, "grpc-status-details-bin", &nv);
		}
		if (flags & NGHTTP2_HD_INFLATE_FINAL) break;
		if (!(flags & NGHTTP2_HD_INFLATE_EMIT) && block.n == 0) break;
	}
	nghttp2_hd_inflate_end_headers(inflater);
}

static uint32_t be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

void wire_see(const wire *w, seen *out, uint32_t stream)
{
	nghttp2_hd_inflater *inflater;
	reader r = reader_of(buf_slice(&w->from));

	*out = (seen){ 0 };
	ASSERT(nghttp2_hd_inflate_new(&inflater) == 0);
	while (read_left(&r) >= 9) {
		slice h = read_bytes(&r, 9);
		size_t n = (size_t)h.p[0] << 16 | (size_t)h.p[1] << 8 | h.p[2];
		bool mine = (be32(h.p + 5) & INT32_MAX) == stream;
		slice payload = read_bytes(&r, n);
		if (!read_ok(&r)) break;                     /* not all of it has been written */
		if (h.p[3] == NGHTTP2_HEADERS) see_headers(inflater, mine ? out : NULL, payload);
		if (h.p[3] == NGHTTP2_DATA && mine) buf_put_slice(&out->data, payload);
		if (h.p[3] == NGHTTP2_RST_STREAM && mine) out->reset = true, out->reset_code = be32(payload.p);
		if (h.p[3] == NGHTTP2_WINDOW_UPDATE && mine) out->window += be32(payload.p);
		if (h.p[3] <= NGHTTP2_HEADERS && mine && h.p[4] & END_STREAM) out->ended = true;
		if (h.p[3] == NGHTTP2_PING && !(h.p[4] & ACK)) out->pings++;
		if (h.p[3] == NGHTTP2_GOAWAY) out->goaways++;
	}
	nghttp2_hd_inflate_del(inflater);
}

void seen_free(seen *s)
{
	buf_free(&s->data);
}
