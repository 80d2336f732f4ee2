/* SPDX-License-Identifier: MIT */
/* bench/load.c -- see the header. */
#include "bench/load.h"
#include <kms.v1.pb-c.h>
#include <pthread.h>
#include <stdlib.h>
#include "base/hex.h"
#include "rpc/pb.h"

enum { TAIL = 8, EUINT64 = 5, FORMAT = 2, HANDLE_INDEX = 21, HANDLE_CHAIN = 22, HANDLE_TYPE = 30, PUBLIC_DECRYPTION = 1 };

static const id32 KEY = { .b = { [31] = 1 } };
static const uint8_t EXTRA[] = { 0 };
static const slice extra = { EXTRA, sizeof EXTRA };

static void put_be(uint8_t *out, uint64_t x)
{
	for (int k = 7; k >= 0; k--, x >>= 8) out[k] = (uint8_t)x;
}

void load_id(id32 *out, size_t i)
{
	*out = (id32){ .b = { PUBLIC_DECRYPTION } };
	put_be(out->b + 24, i + 1);
}

bool load_find(size_t *i, const load *l, slice id_hex)
{
	id32 id, is;
	uint64_t x = 0;

	if (!hex_read(id.b, sizeof id.b, id_hex)) return false;
	for (size_t k = 24; k < 32; k++) x = x << 8 | id.b[k];
	*i = (size_t)x - 1;
	load_id(&is, *i);
	return *i < l->n && id_eq_var(&id, &is);
}

static abi_word handle_of(const load *l, size_t i)
{
	abi_word w = { 0 };

	memcpy(w.b, l->digest[i].b, HANDLE_INDEX);
	put_be(w.b + HANDLE_CHAIN, LOAD_CHAIN);
	w.b[HANDLE_TYPE] = EUINT64;
	return w;
}

static uint64_t value_of(size_t i) { return i * 0x9e3779b97f4a7c15u; }

static abi_word result_of(size_t i)
{
	return abi_u64(value_of(i));
}

/* ---- ciphertexts -------------------------------------------------------------------------------------------------- */

void load_put_ciphertext(buf *out, const load *l, size_t i)
{
	buf_put(out, l->ciphertext.p, l->ciphertext.n - TAIL);
	buf_put_u64(out, i);
}

static size_t place_of(const load *l, const hash32 *digest)
{
	return load32(digest->b) & l->by_digest_mask;
}

bool load_find_digest(size_t *i, const load *l, slice digest_hex)
{
	hash32 digest;

	if (!hex_read(digest.b, sizeof digest.b, digest_hex)) return false;
	for (size_t at = place_of(l, &digest); l->by_digest[at]; at = (at + 1) & l->by_digest_mask) {
		*i = l->by_digest[at] - 1;
		if (hash32_eq_var(l->digest[*i], digest)) return true;
	}
	return false;
}

static err digest_all(load *l)
{
	xof all_but_tail = xof_keccak256();
	size_t slots = 1;

	while (slots < 2 * l->n) slots *= 2;
	l->by_digest = calloc(slots, sizeof *l->by_digest);
	if (!l->by_digest) return err_fail(ERR_NOMEM, "no memory for %zu requests", l->n);
	l->by_digest_mask = (uint32_t)(slots - 1);
	xof_absorb(&all_but_tail, slice_of(l->ciphertext.p, l->ciphertext.n - TAIL));
	for (size_t i = 0; i < l->n; i++) {
		xof x = all_but_tail;
		xof_absorb_u64(&x, i);
		l->digest[i] = xof_squeeze32(&x);
		size_t at = place_of(l, &l->digest[i]);
		while (l->by_digest[at]) at = (at + 1) & l->by_digest_mask;
		l->by_digest[at] = (uint32_t)i + 1;
	}
	return OK;
}

/* ---- what a node says --------------------------------------------------------------------------------------------- */

static secp_rsig sign_answer(const load *l, size_t i)
{
	const abi_word handle = handle_of(l, i), result = result_of(i);
	const hash32 digest = kms712_public_decrypt(&l->domain, &handle, 1, abi_slice(&result), extra);

	return sign_external(l->node, &digest);
}

static void *sign_odd(void *ctx)
{
	load *l = ctx;
	for (size_t i = 1; i < l->n; i += 2) l->signature[i] = sign_answer(l, i);
	return NULL;
}

static err sign_all(load *l)
{
	pthread_t other;

	if (pthread_create(&other, NULL, sign_odd, l) != 0) return err_fail(ERR_NOMEM, "no thread to sign with");
	for (size_t i = 0; i < l->n; i += 2) l->signature[i] = sign_answer(l, i);
	pthread_join(other, NULL);
	return OK;
}

void load_put_answer(buf *out, const load *l, size_t i)
{
	Kms__V1__PublicDecryptionResponse m = KMS__V1__PUBLIC_DECRYPTION_RESPONSE__INIT;
	Kms__V1__PublicDecryptionResponsePayload payload = KMS__V1__PUBLIC_DECRYPTION_RESPONSE_PAYLOAD__INIT;
	Kms__V1__TypedPlaintext plain = KMS__V1__TYPED_PLAINTEXT__INIT, *plains[] = { &plain };
	uint8_t value[8];

	store64(value, value_of(i));
	plain.bytes = pb_bytes(slice_of(value, sizeof value));
	plain.fhe_type = EUINT64;
	payload.plaintexts = plains, payload.n_plaintexts = COUNT(plains);
	m.payload = &payload;
	m.external_signature = pb_bytes(slice_of(l->signature[i].b, sizeof l->signature[i].b));
	m.extra_data = pb_bytes(extra);
	pb_pack(out, &m.base);
}

static bool is_ciphertext(const load *l, size_t i, const Kms__V1__TypedCiphertext *c)
{
	const abi_word handle = handle_of(l, i);
	const slice bytes = pb_slice(c->ciphertext);

	return bytes.n == l->ciphertext.n && load64(bytes.p + bytes.n - TAIL) == i && c->fhe_type == EUINT64 && (int)c->ciphertext_format == FORMAT &&
	       slice_eq_var(pb_slice(c->external_handle), abi_slice(&handle));
}

bool load_asked(size_t *i, const load *l, slice message)
{
	arena memory = arena_with_limit(PB_ROOM(message.n));
	Kms__V1__PublicDecryptionRequest *m = NULL;

	const err e = pb_unpack(&memory, &m, &kms__v1__public_decryption_request__descriptor, message);
	const bool good = e == OK && m->request_id && load_find(i, l, slice_str(m->request_id->request_id)) && m->n_ciphertexts == 1 &&
	                  is_ciphertext(l, *i, m->ciphertexts[0]);
	err_clear();
	arena_free(&memory);
	return good;
}

void load_put_keys(buf *out)
{
	Kms__V1__KeyMaterialAvailabilityResponse m = KMS__V1__KEY_MATERIAL_AVAILABILITY_RESPONSE__INIT;
	Kms__V1__KeyStanding standing = KMS__V1__KEY_STANDING__INIT, *list[] = { &standing };
	char key[ID_TEXT], epoch[ID_TEXT];

	id_text(key, &KEY);
	id_text(epoch, &ID_DEFAULT_EPOCH);
	standing.key_id = key, standing.epoch_id = epoch;
	m.standings = list, m.n_standings = COUNT(list);
	pb_pack(out, &m.base);
}

/* ---- on chain ------------------------------------------------------------------------------------------------------- */

void load_put_log_data(buf *out, const load *l, size_t i)
{
	const abi_word handle = handle_of(l, i), digest = abi_hash(&l->digest[i]);
	abi_word key;
	abi_frame f = abi_tuple(out, 2);
	abi_frame materials = abi_put_list(&f, 1, 1);
	abi_frame m = abi_put_tuple(&materials, 4);

	memcpy(key.b, KEY.b, sizeof key.b);
	abi_put(&m, &handle);
	abi_put(&m, &key);
	abi_put(&m, &digest);
	abi_frame who = abi_put_list(&m, 1, 1);
	abi_put_address(&who, &l->coprocessor);
	abi_put_bytes(&f, extra);
}

void load_put_call(buf *out, const load *l, size_t i)
{
	const abi_word result = result_of(i);
	id32 id;

	load_id(&id, i);
	call_public_response(out, &id, abi_slice(&result), slice_of(l->signature[i].b, sizeof l->signature[i].b), extra);
}

/* The next member of an RLP list: a string. */
static bool member(slice *out, slice *rest)
{
	size_t head = 1, n;

	if (rest->n == 0 || rest->p[0] >= 0xc0) return false;
	const uint8_t first = rest->p[0];
	if (first < 0x80) head = 0, n = 1;
	else if (first < 0xb8) n = first - 0x80u;
	else {
		head += first - 0xb7u;
		if (head > 4 || rest->n < head) return false;
		n = 0;
		for (size_t k = 1; k < head; k++) n = n << 8 | rest->p[k];
	}
	if (rest->n < head + n) return false;
	*out = slice_of(rest->p + head, n);
	*rest = slice_of(rest->p + head + n, rest->n - head - n);
	return true;
}

static bool number(uint64_t *out, slice *rest)
{
	slice s = { 0 };

	if (!member(&s, rest) || s.n > 8) return false;
	*out = 0;
	for (size_t k = 0; k < s.n; k++) *out = *out << 8 | s.p[k];
	return true;
}

/* A signed transaction of type 2: its members, and the signature behind an empty access list. */
static bool take_apart(evm_tx *tx, secp_rsig *sig, slice raw)
{
	static const size_t LONG_LIST = 0xf7;
	slice to = { 0 }, r = { 0 }, s = { 0 };
	uint64_t odd;

	if (raw.n < 2 || raw.p[0] != 2 || raw.p[1] <= LONG_LIST || raw.n < 2 + (raw.p[1] - LONG_LIST)) return false;
	slice rest = slice_of(raw.p + 2 + (raw.p[1] - LONG_LIST), raw.n - 2 - (raw.p[1] - LONG_LIST));
	if (!number(&tx->chain_id, &rest) || !number(&tx->nonce, &rest) || !number(&tx->max_priority_fee, &rest) || !number(&tx->max_fee, &rest) ||
	    !number(&tx->gas, &rest) || !member(&to, &rest) || to.n != sizeof tx->to || !number(&tx->value, &rest) || !member(&tx->data, &rest) ||
	    rest.n == 0 || rest.p[0] != 0xc0) return false;
	memcpy(tx->to.b, to.p, to.n);
	rest = slice_of(rest.p + 1, rest.n - 1);
	if (!number(&odd, &rest) || odd > 1 || !member(&r, &rest) || r.n > 32 || !member(&s, &rest) || s.n > 32 || rest.n) return false;
	*sig = (secp_rsig){ 0 };
	memcpy(sig->b + 32 - r.n, r.p, r.n);
	memcpy(sig->b + 64 - s.n, s.p, s.n);
	sig->b[64] = (uint8_t)(27 + odd);
	return true;
}

err load_check_tx(size_t *i, uint64_t *nonce, const load *l, slice raw, bool signature)
{
	AUTO(buf) expected = { 0 };
	evm_tx tx = { 0 };
	secp_rsig sig;
	eth_address by;
	char id[2 * 32 + 1];

	if (!take_apart(&tx, &sig, raw) || tx.data.n < 36) return err_fail(ERR_INTERNAL, "what was sent is no transaction");
	*nonce = tx.nonce;
	hex_write(id, slice_of(tx.data.p + 4, 32));
	if (!load_find(i, l, slice_str(id))) return err_fail(ERR_INTERNAL, "a transaction answers a request that was not made");
	load_put_call(&expected, l, *i);
	if (tx.chain_id != LOAD_CHAIN || !eth_address_eq_var(tx.to, l->decryption) || !slice_eq_var(tx.data, buf_slice(&expected)))
		return err_fail(ERR_INTERNAL, "a transaction brings another answer than the node's");
	if (!signature) return OK;
	const hash32 digest = tx_digest(&tx);
	if (!sign_external_by_var(&by, &sig, &digest) || !eth_address_eq_var(by, *signer_address(l->wallet)))
		return err_fail(ERR_INTERNAL, "a transaction is not signed by the wallet");
	return OK;
}

/* ---- the whole ------------------------------------------------------------------------------------------------------ */

static void some_address(eth_address *out) { rng_fill(rng_os(), out->b, sizeof out->b); }

static err new_signer(signer **out, secp_sk *sk)
{
	secp_sk_random(sk, rng_os());
	return signer_new(out, sk, rng_os());
}

err load_new(load **out, size_t n, size_t bytes)
{
	load *l = calloc(1, sizeof *l);
	secp_sk sk;

	if (!l) return err_fail(ERR_NOMEM, "no memory for requests");
	l->n = n;
	l->digest = calloc(n, sizeof *l->digest);
	l->signature = calloc(n, sizeof *l->signature);
	rng_fill(rng_os(), buf_grow(&l->ciphertext, bytes), bytes);
	some_address(&l->decryption), some_address(&l->generation), some_address(&l->gateway_config);
	some_address(&l->acl), some_address(&l->coprocessor);
	l->domain = (eip712_domain){ .name = slice_str("Decryption"), .version = slice_str("1"), .chain_id = abi_u64(LOAD_CHAIN),
	                             .contract = l->decryption };
	err e = l->digest && l->signature ? OK : err_fail(ERR_NOMEM, "no memory for %zu requests", n);
	if (e == OK) e = new_signer(&l->node, &sk);
	wipe(&sk, sizeof sk);
	if (e == OK) e = new_signer(&l->wallet, &l->wallet_key);
	if (e == OK) e = digest_all(l);
	if (e == OK) e = sign_all(l);
	if (e == OK) *out = l;
	else load_free(&l);
	return e;
}

void load_free(load **l)
{
	if (!*l) return;
	signer_free(&(*l)->node), signer_free(&(*l)->wallet);
	wipe(&(*l)->wallet_key, sizeof (*l)->wallet_key);
	buf_free(&(*l)->ciphertext);
	free((*l)->digest), free((*l)->signature), free((*l)->by_digest);
	free(*l);
	*l = NULL;
}
