/* SPDX-License-Identifier: MIT */
/* tests/connector/fake_kms.c -- see fake_kms.h. */
#include "tests/connector/fake_kms.h"
#include <arpa/inet.h>
#include <inttypes.h>
#include <jansson.h>
#include <kms.v1.pb-c.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/hex.h"
#include "connector/reads.h"
#include "evm/kms712.h"
#include "evm/kms_context.h"
#include "rpc/pb.h"
#include "tests/test.h"

/* ---- chains ----------------------------------------------------------------------------------------------------- */

static void put_word(buf *out, uint64_t x)
{
	const abi_word w = abi_u64(x);
	buf_put(out, w.b, sizeof w.b);
}

static void put_address(buf *out, const eth_address *a)
{
	const abi_word w = abi_address(a);
	buf_put(out, w.b, sizeof w.b);
}

static void put_party(buf *out, const eth_address *who, const char *url)
{
	const size_t n = strlen(url);

	put_word(out, 32);
	put_address(out, who), put_address(out, who);
	put_word(out, 96), put_word(out, n);
	buf_put(out, url, n);
	for (size_t i = n; i % 32; i++) buf_put_u8(out, 0);
}

/* data: of the call, in hexadecimal with 0x and selector. */
static void coprocessor_says(const fake_web *w, buf *out, const char *data)
{
	eth_address who;

	if (!w->coprocessors) return put_party(out, &w->signer, w->bucket);
	assert_true(hex_read(who.b, sizeof who.b, slice_of(data + 34, 40)));
	for (unsigned i = 0; i < w->coprocessors; i++)
		if (eth_address_eq_var(w->coprocessor[i].who, who)) put_party(out, &who, w->coprocessor[i].url);
}

static void contract_says(const fake_web *w, buf *out, call_read which, const char *data)
{
	if (atomic_load(&w->no_contracts)) return;
	if (which == READ_DOMAIN && w->domain.n) {
		buf_put_slice(out, buf_slice(&w->domain));
	} else if (w->answer[which].n) {
		buf_put_slice(out, w->answer[which]);
	} else if (which == READ_KMS_SIGNERS) {
		put_word(out, 32), put_word(out, w->signers);
		for (unsigned i = 0; i < w->signers; i++) put_address(out, &w->signer);
	} else if (which == READ_COPROCESSOR) {
		coprocessor_says(w, out, data);
	} else if (which == READ_COPROCESSOR_SIGNERS || which == READ_COPROCESSOR_SENDERS) {
		put_word(out, 32), put_word(out, w->coprocessors);
		for (unsigned i = 0; i < w->coprocessors; i++) put_address(out, &w->coprocessor[i].who);
	} else if (which == READ_COPROCESSOR_MAJORITY) {
		put_word(out, atomic_load(&w->majority));
	} else if (which == READ_INVALIDATED_BEFORE) {
		put_word(out, atomic_load(&w->invalidated_before));
	} else {
		eth_address who = { 0 };
		bool yes = atomic_load(&w->says[which]);
		if (which == READ_ALLOWED) assert_true(hex_read(who.b, sizeof who.b, slice_of(data + 98, 40)));
		for (unsigned i = 0; i < w->denials; i++) yes &= !eth_address_eq_var(w->denied[i], who);
		put_word(out, yes);
	}
}

static json_t *hex_json(slice s)
{
	AUTO(buf) text = { 0 };
	buf_put_str(&text, "0x");
	buf_put_hex(&text, s);
	return json_string(buf_str(&text));
}

static json_t *called(const fake_web *w, const json_t *params)
{
	const json_t *call = json_array_get(params, 0);
	const char *data = json_string_value(json_object_get(call, "data") ? json_object_get(call, "data") : json_object_get(call, "input"));
	AUTO(buf) answer = { 0 };

	assert_non_null(data);
	if (atomic_load(&w->reverts))
		return json_pack("{s:{s:i,s:s,s:s}}", "error", "code", 3, "message", "execution reverted", "data", "0x");
	for (call_read k = 0; k < N_CALL_READS; k++) {
		char selector[16];
		snprintf(selector, sizeof selector, "0x%08x", CALL_READS[k].selector);
		if (strncmp(data, selector, 10)) continue;
		const char *tag = json_string_value(json_array_get(params, 1));
		if ((k == READ_CONTEXT_VALID || k == READ_EPOCH_VALID) && atomic_load(&w->not_final) && tag && !strcmp(tag, "finalized")) put_word(&answer, 0);
		else contract_says(w, &answer, k, data);
		return json_pack("{s:o}", "result", hex_json(buf_slice(&answer)));
	}
	if (!strncmp(data, "0x1626ba7e", 10)) return json_pack("{s:o}", "result", hex_json(w->erc1271));
	return json_pack("{s:{s:i,s:s}}", "error", "code", -32000, "message", "no such function");
}

static json_t *transaction(const fake_web *w, const json_t *params)
{
	if (!atomic_load(&w->tx_known)) return json_pack("{s:n}", "result");
	return json_pack("{s:{s:O,s:s,s:o,s:s,s:s,s:o}}", "result", "hash", json_array_get(params, 0),
	                 "from", "0x1111111111111111111111111111111111111111", "to", hex_json(slice_of(w->tx_to.b, 20)), "nonce", "0x1",
	                 "blockNumber", "0x5", "input", hex_json(buf_slice(&w->tx_input)));
}

/* Every number has a block, and each the same hash. */
#define BLOCK_HASH "0xbb00000000000000000000000000000000000000000000000000000000000000"

static json_t *block(const json_t *params)
{
	return json_pack("{s:{s:O,s:s,s:s,s:s}}", "result", "number", json_array_get(params, 0), "timestamp", "0x1", "hash", BLOCK_HASH,
	                 "parentHash", BLOCK_HASH);
}

static json_t *answer_of(const fake_web *w, const char *chain, const char *method, const json_t *params)
{
	if (!strcmp(method, "eth_chainId")) return json_pack("{s:s}", "result", chain);
	if (!strcmp(method, "eth_call")) return called(w, params);
	if (!strcmp(method, "eth_getTransactionByHash")) return transaction(w, params);
	if (!strcmp(method, "eth_getBlockByNumber")) return block(params);
	if (!strcmp(method, "eth_getLogs")) return json_pack("{s:o}", "result", w->logs.n ? json_loadb((const char *)w->logs.p, w->logs.n, 0, NULL) : json_array());
	return json_pack("{s:s}", "result", "0x10");
}

static void chain_answers(fake_web *w, buf *out, const char *path, const char *body)
{
	json_t *asked = json_loads(body, 0, NULL), *answers = json_array(), *one;
	char chain[24];
	size_t i;

	assert_non_null(asked);
	snprintf(chain, sizeof chain, "0x%lx", strtoul(path + strlen("/rpc/"), NULL, 10));
	json_t *all = json_is_array(asked) ? json_incref(asked) : json_pack("[O]", asked);
	json_array_foreach(all, i, one) {
		const char *method = json_string_value(json_object_get(one, "method"));
		const json_t *params = json_object_get(one, "params");
		json_t *a = answer_of(w, chain, method, params);
		json_object_set(a, "id", json_object_get(one, "id"));
		json_object_set_new(a, "jsonrpc", json_string("2.0"));
		json_array_append_new(answers, a);
	}
	char *text = json_dumps(json_is_array(asked) ? answers : json_array_get(answers, 0), 0);
	buf_put_str(out, text);
	free(text);
	json_decref(all), json_decref(asked), json_decref(answers);
}

/* ---- HTTP ------------------------------------------------------------------------------------------------------- */

typedef struct reply { unsigned status; const char *header; buf attested, body; size_t says; } reply;    /* says: the length that it claims */

static void attested_answers(fake_web *w, reply *r, const char *handle, bool body)
{
	abi_word h;

	r->status = 404;
	if (!hex_read(h.b, sizeof h.b, slice_of(handle, size_min(strlen(handle), 64)))) return;
	for (size_t i = 0; i < w->objects; i++) {
		if (!abi_eq_var(&w->object[i].handle, &h)) continue;
		r->status = 200;
		r->says = w->object[i].bytes.n;
		if (body) buf_put_slice(&r->body, buf_slice(&w->object[i].bytes));
		if (w->object[i].attestation.n) buf_printf(&r->attested, "X-Amz-Meta-Ct-Attestation:  %s\r\n", buf_str(&w->object[i].attestation));
	}
}

static void bucket_answers(fake_web *w, reply *r, const char *path)
{
	static const struct { const char *mood, *header; } HEADERS[] = {
		{ "/cpu/", "x-amz-meta-Ct-Format: compressed_on_cpu\r\n" }, { "/gpu/", "X-AMZ-META-CT-FORMAT:compressed_on_gpu \r\n" },
		{ "/odd/", "x-amz-meta-ct-format: compressed_on_cpu2\r\nx-amz-meta-ct-format-2: compressed_on_cpu\r\n" },
	};
	hash32 digest;

	atomic_fetch_add(&w->gets, 1);
	r->status = 404;
	const char *name = strrchr(path, '/');
	if (!strncmp(path, "/forbidden/", 11)) {
		r->status = 403;
		return;
	}
	if (!strncmp(path, "/missing/", 9) || !hex_read(digest.b, sizeof digest.b, slice_str(name + 1))) return;
	for (size_t i = 0; i < w->objects; i++) {
		if (!hash32_eq_var(w->object[i].digest, digest)) continue;
		r->status = 200;
		buf_put_slice(&r->body, buf_slice(&w->object[i].bytes));
		r->says = r->body.n;
	}
	if (!strncmp(path, "/other/", 7)) r->body.p[0] ^= 1;
	if (!strncmp(path, "/half/", 6)) r->body.n /= 2;
	if (!strncmp(path, "/long/", 6)) {
		while (r->body.n < 100000) buf_put_u8(&r->body, 1);
		r->says = r->body.n;
	}
	for (size_t i = 0; i < COUNT(HEADERS); i++)
		if (!strncmp(path, HEADERS[i].mood, 5)) r->header = HEADERS[i].header;
}

static void *hang_up(void *ctx)
{
	usleep(1000 * FAKE_LATE_MS);
	close((int)(intptr_t)ctx);
	return NULL;
}

static void serve(fake_web *w, int fd)
{
	AUTO(buf) in = { 0 }, out = { 0 };
	reply r = { .status = 200, .header = "" };
	char method[8], path[256], piece[4096];
	const char *body = NULL;
	ssize_t got;

	while ((!body || strlen(body) < (strstr(buf_str(&in), "ontent-") ? strtoul(strstr(buf_str(&in), "ength: ") + 7, NULL, 10) : 0)) &&
	       (got = read(fd, piece, sizeof piece)) > 0) {
		buf_put(&in, piece, (size_t)got);
		body = strstr(buf_str(&in), "\r\n\r\n");
		if (body) body += 4;
	}
	if (!body || sscanf(buf_str(&in), "%7s %255s", method, path) != 2) return;
	if (!strncmp(path, "/slow/", 6)) {
		assert_true(w->slows < FAKE_HELD);
		w->slow[w->slows] = dup(fd);
		atomic_fetch_add(&w->slows, 1);
		atomic_fetch_add(&w->gets, 1);
		return;
	}
	if (!strncmp(path, "/late/", 6)) {
		assert_true(w->lates < FAKE_HELD);
		assert_int_equal(pthread_create(&w->late[w->lates++], NULL, hang_up, (void *)(intptr_t)dup(fd)), 0);
		atomic_fetch_add(&w->gets, 1);
		return;
	}
	const char *named = strstr(path, "/ct128/");
	if (named) {
		atomic_fetch_add(strcmp(method, "HEAD") ? &w->gets : &w->heads, 1);
		attested_answers(w, &r, named + 7, strcmp(method, "HEAD") != 0);
	} else if (!strcmp(method, "GET")) bucket_answers(w, &r, path);
	else {
		atomic_fetch_add(&w->posts, 1);
		if (atomic_load(&w->away)) r.status = 503;
		else if (atomic_load(&w->garbage)) buf_put_str(&r.body, "<html>hello</html>");
		else chain_answers(w, &r.body, path, body);
		r.says = r.body.n;
	}
	buf_printf(&out, "HTTP/1.1 %u As it is\r\nContent-Length: %zu\r\nConnection: close\r\n%s%s\r\n", r.status, r.says, r.header,
	           r.attested.n ? buf_str(&r.attested) : "");
	buf_put_slice(&out, buf_slice(&r.body));
	for (size_t at = 0; at < out.n && (got = send(fd, out.p + at, out.n - at, MSG_NOSIGNAL)) > 0; at += (size_t)got) continue;
	buf_free(&r.body);
	buf_free(&r.attested);
}

static void *accept_all(void *ctx)
{
	fake_web *w = ctx;

	for (int fd; (fd = accept(w->fd, NULL, NULL)) >= 0; close(fd)) serve(w, fd);
	return NULL;
}

void fake_web_start(fake_web *w)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof at;

	memset(w, 0, sizeof *w);
	w->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(w->fd, (struct sockaddr *)&at, sizeof at), 0);
	assert_int_equal(listen(w->fd, 64), 0);
	assert_int_equal(getsockname(w->fd, (struct sockaddr *)&at, &n), 0);
	w->port = ntohs(at.sin_port);
	snprintf(w->url, sizeof w->url, "http://127.0.0.1:%u", w->port);
	snprintf(w->bucket, sizeof w->bucket, "%s/good", w->url);
	for (call_read k = 0; k < N_CALL_READS; k++) atomic_store(&w->says[k], k != READ_DECRYPTION_DONE);
	w->signers = 1;
	assert_int_equal(pthread_create(&w->thread, NULL, accept_all, w), 0);
}

void fake_web_stop(fake_web *w)
{
	shutdown(w->fd, SHUT_RDWR);
	pthread_join(w->thread, NULL);
	close(w->fd);
	for (unsigned i = 0; i < w->slows; i++) close(w->slow[i]);
	for (unsigned i = 0; i < w->lates; i++) pthread_join(w->late[i], NULL);
	for (size_t i = 0; i < w->objects; i++) buf_free(&w->object[i].bytes), buf_free(&w->object[i].attestation);
	buf_free(&w->tx_input);
	buf_free(&w->domain);
	buf_free(&w->anchor), buf_free(&w->logs);
	for (size_t i = 0; i < COUNT(w->generated); i++) buf_free(&w->generated[i]);
}

providers *fake_web_chain(const fake_web *w, int64_t chain_id, const clock_source *clock, const atomic_bool *stop)
{
	char url[96], *urls[1] = { url };
	providers *chain = NULL;

	snprintf(url, sizeof url, "%s/rpc/%jd", w->url, (intmax_t)chain_id);
	assert_ok(chain_connect(&chain, urls, 1, 1, chain_id, 60000, clock, stop));
	return chain;
}

hash32 fake_web_put(fake_web *w, slice bytes)
{
	assert_true(w->objects < FAKE_OBJECTS);
	w->object[w->objects].digest = keccak256(bytes);
	buf_put_slice(&w->object[w->objects].bytes, bytes);
	return w->object[w->objects++].digest;
}

void fake_web_cut_off(const fake_web *w, unsigned i)
{
	char rest[256];

	assert_true(i < w->slows);
	while (read(w->slow[i], rest, sizeof rest) > 0) continue;
}

void fake_web_attest(fake_web *w, const abi_word *handle, slice bytes, attested_claim *claim, const signer *by)
{
	static const struct { uint8_t format; const char *name; } NAMES[] = {
		{ ATTESTED_EXPANDED_CPU, "uncompressed_on_cpu" }, { ATTESTED_COMPRESSED_CPU, "compressed_on_cpu" },
		{ ATTESTED_EXPANDED_GPU, "uncompressed_on_gpu" }, { ATTESTED_COMPRESSED_GPU, "compressed_on_gpu" },
	};
	const char *format = NULL;
	buf *text = &w->object[w->objects].attestation;
	const hash32 none = { 0 };

	w->object[w->objects].handle = *handle;
	(void)fake_web_put(w, bytes);
	if (hash32_eq_var(claim->squashed, none)) claim->squashed = keccak256(bytes);
	if (!by) return;
	for (size_t i = 0; i < COUNT(NAMES); i++)
		if (NAMES[i].format == claim->format) format = NAMES[i].name;
	assert_non_null(format);
	const hash32 digest = attestation_digest(claim, handle);
	const secp_rsig s = sign_external(by, &digest);
	buf_put_str(text, "{\"version\":1,\"key_id\":\"0x"), buf_put_hex(text, id_slice(&claim->key_id));
	buf_put_str(text, "\",\"ciphertext_digest\":\"0x"), buf_put_hex(text, hash32_slice(&claim->ciphertext));
	buf_put_str(text, "\",\"sns_ciphertext_digest\":\"0x"), buf_put_hex(text, hash32_slice(&claim->squashed));
	buf_printf(text, "\",\"format\":\"%s\",\"signer\":\"0x", format), buf_put_hex(text, slice_of(signer_address(by)->b, 20));
	buf_put_str(text, "\",\"signature\":\"0x"), buf_put_hex(text, slice_of(s.b, sizeof s.b));
	buf_put_str(text, "\"}");
}

void fake_context_fill(fake_context *f)
{
	static const kms_member MEMBERS[] = {
		{ .tx_sender = { { 0x11 } }, .signer = { { 0x21 } }, .address = { (const uint8_t *)"https://one.example:50001", 25 }, .party = 2,
		  .storage_url = { (const uint8_t *)"https://one.example", 19 }, .identity = { (const uint8_t *)"one", 3 },
		  .certificate = { (const uint8_t *)"a certificate", 13 }, .storage_prefix = { (const uint8_t *)"PUB", 3 } },
		{ .tx_sender = { { 0x12 } }, .signer = { { 0x22 } }, .address = { (const uint8_t *)"https://two.example:50001", 25 }, .party = 1,
		  .identity = { (const uint8_t *)"two", 3 } },
	};
	static const slice PCRS[][3] = { { { (const uint8_t *)"0", 1 }, { (const uint8_t *)"11", 2 }, { (const uint8_t *)"222", 3 } } };

	*f = (fake_context){ .is = { .id = { { 7, [31] = 2 } }, .previous = { { 7, [31] = 1 } }, .member = MEMBERS, .n = 2,
	                             .mpc_threshold = { { [31] = 1 } }, .software = slice_str("0.2.0"), .pcr = PCRS, .n_pcr = 1 } };
	f->before = f->is;
	f->before.id = f->is.previous, f->before.previous = (id32){ { 7 } };
	kms_context_put_members(&f->part[0], &f->is);
	kms_context_put_thresholds(&f->part[1], &f->is);
	kms_context_put_pcrs(&f->part[2], &f->is);
	f->item = (queue_item){ .kind = QUEUE_NEW_CONTEXT, .id = f->is.id, .previous_context_id = f->is.previous, .software_version = f->is.software,
	                        .node_params = buf_slice(&f->part[0]), .thresholds = buf_slice(&f->part[1]), .pcr_values = buf_slice(&f->part[2]) };
}

void fake_context_free(fake_context *f)
{
	for (size_t i = 0; i < COUNT(f->part); i++) buf_free(&f->part[i]);
}

void fake_web_announce(fake_web *w, const eth_address *contract, const kms_context *c)
{
	const hash32 topic = keccak256(slice_str("NewKmsContext(uint256,uint256,(address,address,string,string,int32,string,bytes,string)[],"
	                                         "(uint256,uint256,uint256,uint256),string,(bytes,bytes,bytes)[])"));
	enum { BLOCK = 9 };
	AUTO(buf) data = { 0 };

	kms_context_put(&data, c);
	const hash32 anchor = keccak256(buf_slice(&data));
	buf_clear(&w->anchor), buf_clear(&w->logs);
	put_word(&w->anchor, BLOCK);
	buf_put_slice(&w->anchor, hash32_slice(&anchor));
	w->answer[READ_CONTEXT_ANCHOR] = buf_slice(&w->anchor);
	buf_put_str(&w->logs, "[{\"address\":\"0x");
	buf_put_hex(&w->logs, slice_of(contract->b, sizeof contract->b));
	buf_put_str(&w->logs, "\",\"topics\":[\"0x");
	buf_put_hex(&w->logs, hash32_slice(&topic));
	buf_put_str(&w->logs, "\",\"0x");
	buf_put_hex(&w->logs, id_slice(&c->id));
	buf_put_str(&w->logs, "\",\"0x");
	buf_put_hex(&w->logs, id_slice(&c->previous));
	buf_put_str(&w->logs, "\"],\"data\":\"0x");
	buf_put_hex(&w->logs, buf_slice(&data));
	buf_printf(&w->logs, "\",\"blockNumber\":\"0x%x\",\"logIndex\":\"0x0\",\"blockHash\":\"" BLOCK_HASH "\",\"transactionHash\":\""
	                     BLOCK_HASH "\"}]", BLOCK);
}

const id32 FAKE_PREP = { { 3, [31] = 1 } }, FAKE_KEY = { { 4, [31] = 1 } }, FAKE_CRS = { { 5, [31] = 1 } };
const uint8_t FAKE_DIGEST[3][32] = { { 0xd1 }, { 0xd2 }, { 0xd3 } };

void fake_web_generated(fake_web *w, size_t keys, size_t crss)
{
	static const call_read WHICH[4] = { READ_COMPLETED_KEYS, READ_COMPLETED_CRS, READ_KEY_INFO, READ_CRS_MATERIALS };
	buf *answer = w->generated;

	for (size_t i = 0; i < COUNT(w->generated); i++) buf_clear(&answer[i]);
	for (size_t list = 0; list < 2; list++) {
		const size_t n = list ? crss : keys;
		abi_frame f = abi_tuple(&answer[list], 1), ids = abi_put_list(&f, n, 1);
		for (size_t i = 0; i < n; i++) {
			abi_word id;
			memcpy(id.b, (list ? FAKE_CRS : FAKE_KEY).b, sizeof id.b);
			id.b[31] = (uint8_t)(i + 1);
			abi_put(&ids, &id);
		}
	}
	abi_frame top = abi_tuple(&answer[2], 1), key = abi_put_tuple(&top, 4);
	abi_word id;
	memcpy(id.b, FAKE_PREP.b, sizeof id.b), abi_put(&key, &id);
	memcpy(id.b, FAKE_KEY.b, sizeof id.b), abi_put(&key, &id);
	abi_put_u64(&key, 1);
	abi_frame digests = abi_put_list(&key, 2, 1);
	for (size_t i = 0; i < 2; i++) {
		abi_frame one = abi_put_tuple(&digests, 2);
		abi_put_u64(&one, i ? KMS712_COMPRESSED_KEY_SET : KMS712_PUBLIC_KEY);
		abi_put_bytes(&one, slice_of(FAKE_DIGEST[i], 32));
	}
	abi_frame crs = abi_tuple(&answer[3], 2);
	(void)abi_put_list(&crs, 0, 1);
	abi_put_bytes(&crs, slice_of(FAKE_DIGEST[2], 32));
	for (size_t i = 0; i < COUNT(WHICH); i++) w->answer[WHICH[i]] = buf_slice(&answer[i]);
}

/* ---- a node ----------------------------------------------------------------------------------------------------- */

static void end(rpc_call *call, grpc_status code, slice answer)
{
	if (code == GRPC_OK) rpc_reply(call, answer);
	else rpc_fail(call, code, "as the script says");
}

typedef struct held { fake_node *n; rpc_call *call; } held;

static void *hold(void *ctx)
{
	held h = *(held *)ctx;
	bool waits = true;

	free(ctx);
	while (waits) {
		usleep(2000);
		pthread_mutex_lock(&h.n->lock);
		waits = h.n->holds && !rpc_call_cancelled(h.call);
		pthread_mutex_unlock(&h.n->lock);
	}
	pthread_mutex_lock(&h.n->lock);
	end(h.call, GRPC_OK, buf_slice(&h.n->answer));
	pthread_mutex_unlock(&h.n->lock);
	return NULL;
}

static void asked(void *ctx, rpc_call *call, slice request)
{
	fake_node *n = ctx;
	const char *path = rpc_call_path(call);
	const bool poll = strstr(path, "/Get") != NULL;

	pthread_mutex_lock(&n->lock);
	if (strstr(path, "/GetKeyMaterialAvailability")) {
		n->looked++;
		end(call, n->standing, buf_slice(&n->keys));
		pthread_mutex_unlock(&n->lock);
		return;
	}
	const unsigned at = poll ? n->polled++ : n->sent++, have = poll ? n->polls : n->sends;
	const grpc_status code = have == 0 ? GRPC_OK : (poll ? n->poll : n->send)[at < have ? at : have - 1];
	if (!poll) {
		buf_clear(&n->request);
		buf_put_slice(&n->request, request);
		const slice traced = rpc_call_traceparent(call);
		snprintf(n->path, sizeof n->path, "%s", path);
		snprintf(n->traceparent, sizeof n->traceparent, "%.*s", (int)traced.n, (const char *)traced.p);
	}
	held *h = poll && n->holds ? malloc(sizeof *h) : NULL;
	if (!h) end(call, code, poll ? buf_slice(&n->answer) : (slice){ 0 });
	else {
		*h = (held){ n, call };
		ASSERT(n->held < FAKE_HELD && pthread_create(&n->holding[n->held++], NULL, hold, h) == 0);
	}
	pthread_mutex_unlock(&n->lock);
}

static void healthy(void *ctx, rpc_call *call, slice request)
{
	(void)ctx, (void)request;
	rpc_reply(call, slice_of("\x08\x01", 2));
}

void fake_node_start(fake_node *n)
{
	static const char *const NAMES[] = { "PublicDecrypt", "GetPublicDecryptionResult", "UserDecrypt", "GetUserDecryptionResult", "CrsGen",
	                                     "GetCrsGenResult", "KeyGen", "GetKeyGenResult", "AbortCrsGen", "AbortKeyGen", "KeyGenPreproc",
	                                     "GetKeyGenPreprocResult", "NewMpcContext", "NewMpcEpoch", "GetEpochResult", "DestroyMpcContext", "DestroyMpcEpoch",
	                                     "GetKeyMaterialAvailability" };
	static char path[COUNT(NAMES)][96];
	rpc_method methods[COUNT(NAMES) + 1];

	*n = (fake_node){ 0 };
	pthread_mutex_init(&n->lock, NULL);
	for (size_t i = 0; i < COUNT(NAMES); i++) {
		snprintf(path[i], sizeof path[i], "/kms_service.v1.CoreServiceEndpoint/%s", NAMES[i]);
		methods[i] = (rpc_method){ path[i], asked, n };
	}
	methods[COUNT(NAMES)] = (rpc_method){ "/grpc.health.v1.Health/Check", healthy, NULL };
	assert_ok(reactor_new(&n->loop, NULL));
	assert_ok(reactor_start(n->loop));
	assert_ok(rpc_server_new(&n->server, n->loop, "127.0.0.1", 0, methods, COUNT(methods), NULL));
	snprintf(n->url, sizeof n->url, "http://127.0.0.1:%u", rpc_server_port(n->server));
}

void fake_node_stop(fake_node *n)
{
	pthread_mutex_lock(&n->lock);
	n->holds = false;
	pthread_mutex_unlock(&n->lock);
	if (rpc_server_drain(n->server, 2000) != OK) err_clear();
	rpc_server_free(&n->server);
	for (unsigned i = 0; i < n->held; i++) pthread_join(n->holding[i], NULL);
	reactor_free(&n->loop);
	buf_free(&n->request);
	buf_free(&n->answer);
	buf_free(&n->keys);
	pthread_mutex_destroy(&n->lock);
}

void fake_node_script(fake_node *n, const grpc_status *send, unsigned sends, const grpc_status *poll, unsigned polls)
{
	pthread_mutex_lock(&n->lock);
	n->sends = sends, n->polls = polls, n->sent = n->polled = 0;
	for (unsigned i = 0; i < sends; i++) n->send[i] = send[i];
	for (unsigned i = 0; i < polls; i++) n->poll[i] = poll[i];
	pthread_mutex_unlock(&n->lock);
}

void fake_epoch_answer(buf *out, const queue_item *epoch, uint64_t chain_id, const signer *by, fake_fault f)
{
	Kms__V1__EpochResultResponse m = KMS__V1__EPOCH_RESULT_RESPONSE__INIT;
	Kms__V1__KeyGenResult key = KMS__V1__KEY_GEN_RESULT__INIT, *keys[] = { &key };
	Kms__V1__KeyDigest d = KMS__V1__KEY_DIGEST__INIT, *list[] = { &d };
	Kms__V1__RequestId id = KMS__V1__REQUEST_ID__INIT, prep = KMS__V1__REQUEST_ID__INIT;
	const eip712_domain domain = { .name = slice_str("ProtocolConfig"), .version = slice_str("1"), .chain_id = abi_u64(chain_id), .contract = { { 0xc2 } } };
	const kms712_key_digest digest = { KMS712_SERVER_KEY, slice_of(FAKE_DIGEST[0], 32) };
	char key_text[ID_TEXT], prep_text[ID_TEXT], type[] = "ServerKey";
	uint8_t extra[65] = { 2 };

	memcpy(extra + 1, epoch->context_id.b, 32), memcpy(extra + 33, epoch->id.b, 32);
	extra[64] ^= f == FAKE_OTHER_EPOCH;
	const hash32 h = kms712_keygen(&domain, KMS712_V015, &FAKE_PREP, &FAKE_KEY, &digest, 1, slice_of(extra, sizeof extra));
	secp_rsig s = sign_external(by, &h);
	if (f == FAKE_STRANGER) s.b[9] ^= 1;
	id_text(key_text, &FAKE_KEY), id_text(prep_text, &FAKE_PREP);
	id.request_id = key_text, prep.request_id = prep_text;
	d.key_type = type, d.digest = pb_bytes(slice_of(FAKE_DIGEST[f == FAKE_OTHER_DIGEST], 32));
	key.request_id = f == FAKE_NO_ID ? NULL : &id, key.preprocessing_id = &prep;
	key.key_digests = list, key.n_key_digests = 1;
	key.external_signature = pb_bytes(slice_of(s.b, sizeof s.b));
	m.reshare_responses = keys, m.n_reshare_responses = f != FAKE_NOTHING;
	pb_pack(out, &m.base);
}
