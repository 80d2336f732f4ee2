/* SPDX-License-Identifier: MIT */
#include "tests/curve/script.h"
#include "tests/kat/json.h"
#include "seal/signcrypt.h"
#include "sym/dsep.h"

/* What the vectors' makers did is checked here field by field: the payload of a user decryption answer. */
typedef struct answer {
	secp_pk by;
	hash32  link;
	unsigned slots;
	struct { int32_t type; slice signcrypted; } slot[4];
} answer;

static answer answer_read(slice payload)
{
	answer a = { 0 };
	reader r = reader_of(payload);

	assert_int_equal(read_u64(&r), 8 + SECP_PK);
	assert_int_equal(read_u64(&r), SECP_PK);
	assert_ok(secp_pk_read(&a.by, read_bytes(&r, SECP_PK)));
	assert_int_equal(read_u64(&r), 32);
	memcpy(a.link.b, read_bytes(&r, 32).p, 32);
	a.slots = (unsigned)read_u64(&r);
	assert_in_range(a.slots, 1, COUNT(a.slot));
	for (unsigned i = 0; i < a.slots; i++) {
		a.slot[i].type = (int32_t)read_u32(&r);
		a.slot[i].signcrypted = read_bytes(&r, (size_t)read_u64(&r));
		read_bytes(&r, (size_t)read_u64(&r));
		read_u32(&r);
	}
	read_u32(&r), read_u32(&r);
	assert_true(read_done(&r));
	return a;
}

static void hex_address(eth_address *a, slice text)
{
	assert_true(hex_read(a->b, sizeof a->b, text));
}

/* As JavaScript clients export it: u64le(1632) || dk. */
static dec_key key_of_client(slice exported)
{
	dec_key k;

	assert_int_equal(exported.n, 8 + sizeof k.dk);
	assert_int_equal(load64(exported.p), sizeof k.dk);
	memcpy(k.dk, exported.p + 8, sizeof k.dk);
	return k;
}

static void the_answer_of_one_node_opens(void **state)
{
	json_t *j = json_vector("kms-service/central_user_decrypt.json");
	AUTO(buf) pk_wire = json_hex_of(j, "enc_pk"), sk_wire = json_hex_of(j, "enc_sk");
	AUTO(buf) payload = json_hex_of(j, "payload"), expected = json_hex_of(j, "plaintext_le");
	AUTO(buf) plain = { 0 };
	uint8_t wire[ENC_KEY_BYTES], sk_bytes[32];
	eth_address user, node;
	int32_t type;
	enc_key ek;
	secp_sk sk;

	(void)state;
	const dec_key dk = key_of_client(buf_slice(&sk_wire));
	assert_ok(enc_key_read(&ek, buf_slice(&pk_wire)));
	enc_key_write(wire, &ek);
	assert_memory_equal(wire, pk_wire.p, ENC_KEY_BYTES);
	const enc_key its_ek = enc_key_of(&dk);
	assert_memory_equal(its_ek.ek, ek.ek, sizeof ek.ek);

	const answer a = answer_read(buf_slice(&payload));
	hex_address(&user, json_text_of(j, "user"));
	assert_ok(unsigncrypt(&plain, &type, &dk, &a.by, &user, &a.link, a.slot[0].signcrypted));
	assert_true(slice_eq_var(buf_slice(&plain), buf_slice(&expected)));
	assert_int_equal(type, json_integer_value(json_member(j, "fhe_type")));

	json_bytes_of(sk_bytes, 32, j, "server_sk");
	assert_ok(secp_sk_read(&sk, sk_bytes));
	AUTO(signer) *s = NULL;
	assert_ok(signer_new(&s, &sk, test_rng()));
	hex_address(&node, json_text_of(j, "server_addr"));
	assert_true(eth_address_eq_var(*signer_address(s), node));
	assert_memory_equal(signer_pk(s)->b, a.by.b, SECP_PK);
	json_decref(j);
}

static void the_answers_of_four_nodes_open(void **state)
{
	json_t *j = json_vector("kms-service/threshold_n4_t1_user_decrypt.json");
	AUTO(buf) sk_wire = json_hex_of(j, "enc_sk");
	json_t *responses = json_member(j, "responses");
	eth_address user;

	(void)state;
	const dec_key dk = key_of_client(buf_slice(&sk_wire));
	hex_address(&user, json_text_of(j, "user"));
	assert_int_equal(json_array_size(responses), 4);
	for (size_t i = 0; i < 4; i++) {
		AUTO(buf) payload = json_hex_of(json_array_get(responses, i), "payload");
		const answer a = answer_read(buf_slice(&payload));
		assert_int_equal(a.slots, 2);
		for (unsigned k = 0; k < a.slots; k++) {
			AUTO(buf) plain = { 0 };
			int32_t type;
			assert_ok(unsigncrypt(&plain, &type, &dk, &a.by, &user, &a.link, a.slot[k].signcrypted));
			assert_int_equal(type, a.slot[k].type);
			assert_int_equal(plain.n, 8 + 64 * load64(plain.p));             /* ring elements */
		}
	}
	json_decref(j);
}

/* One node, one user, one request, as most tests want them. */
typedef struct scene {
	signer     *node;
	enc_key     ek;
	dec_key     dk;
	eth_address user;
	hash32      link;
} scene;

static scene scene_new(void)
{
	scene s = { .user = { { 1, 2, 3 } }, .link = { { 4, 5, 6 } } };
	secp_sk sk;
	secp_sk_random(&sk, test_rng());
	assert_ok(signer_new(&s.node, &sk, test_rng()));
	enc_key_generate(&s.ek, &s.dk, test_rng());
	return s;
}

static void what_is_signcrypted_comes_back(void **state)
{
	static uint8_t text[MAX_SIGNCRYPT_PLAIN];
	static const size_t SIZES[] = { 0, 1, 20, 32, 4096, MAX_SIGNCRYPT_PLAIN };
	scene s = scene_new();

	(void)state;
	rng_fill(test_rng(), text, sizeof text);
	for (size_t i = 0; i < COUNT(SIZES); i++) {
		AUTO(buf) wire = { 0 }, plain = { 0 };
		int32_t type = 0;
		signcrypt(s.node, &wire, &s.ek, &s.user, &s.link, -7, slice_of(text, SIZES[i]), test_rng());
		assert_int_equal(wire.n, SIGNCRYPT_OVERHEAD + SIZES[i]);
		assert_ok(unsigncrypt(&plain, &type, &s.dk, signer_pk(s.node), &s.user, &s.link, buf_slice(&wire)));
		assert_true(slice_eq_var(buf_slice(&plain), slice_of(text, SIZES[i])));
		assert_int_equal(type, -7);
	}
	signer_free(&s.node);
}

static void an_answer_is_good_for_one_node_user_request_and_key(void **state)
{
	scene s = scene_new(), t = scene_new();
	AUTO(buf) wire = { 0 }, plain = { 0 };
	int32_t type = 42;

	(void)state;
	t.user.b[19] = 1;
	t.link.b[31] = 1;
	signcrypt(s.node, &wire, &s.ek, &s.user, &s.link, 2, slice_str("x"), test_rng());
	const slice w = buf_slice(&wire);
	assert_err(ERR_REQUEST, unsigncrypt(&plain, &type, &t.dk, signer_pk(s.node), &s.user, &s.link, w));
	assert_err(ERR_REQUEST, unsigncrypt(&plain, &type, &s.dk, signer_pk(t.node), &s.user, &s.link, w));
	assert_err(ERR_REQUEST, unsigncrypt(&plain, &type, &s.dk, signer_pk(s.node), &t.user, &s.link, w));
	assert_err(ERR_REQUEST, unsigncrypt(&plain, &type, &s.dk, signer_pk(s.node), &s.user, &t.link, w));
	assert_int_equal(plain.n, 0);
	assert_int_equal(type, 42);
	assert_ok(unsigncrypt(&plain, &type, &s.dk, signer_pk(s.node), &s.user, &s.link, w));
	signer_free(&s.node);
	signer_free(&t.node);
}

static void no_changed_or_cut_answer_opens(void **state)
{
	scene s = scene_new();
	AUTO(buf) wire = { 0 }, plain = { 0 };
	int32_t type;

	(void)state;
	signcrypt(s.node, &wire, &s.ek, &s.user, &s.link, 2, slice_str("x"), test_rng());
	for (size_t i = 0; i < wire.n; i += i < 20 || i >= 760 ? 1 : 19) {
		wire.p[i] ^= 0x40;
		assert_err(ERR_REQUEST, unsigncrypt(&plain, &type, &s.dk, signer_pk(s.node), &s.user, &s.link, buf_slice(&wire)));
		wire.p[i] ^= 0x40;
	}
	for (size_t n = 0; n < wire.n; n += n < 820 ? 13 : 1)
		assert_err(ERR_REQUEST, unsigncrypt(&plain, &type, &s.dk, signer_pk(s.node), &s.user, &s.link, slice_of(wire.p, n)));
	buf_put_u8(&wire, 0);
	assert_err(ERR_REQUEST, unsigncrypt(&plain, &type, &s.dk, signer_pk(s.node), &s.user, &s.link, buf_slice(&wire)));
	signer_free(&s.node);
}

/* An answer as anybody can make one: any bytes, encrypted to the user. */
static buf encrypted(const scene *s, slice inner)
{
	uint8_t m[32], ss[32], nonce[GCM_NONCE];
	buf wire = { 0 };

	rng_fill(test_rng(), m, sizeof m);
	rng_fill(test_rng(), nonce, sizeof nonce);
	buf_put(&wire, nonce, sizeof nonce);
	buf_put_u64(&wire, MLKEM_512_CT);
	mlkem_encaps(&MLKEM_512, buf_grow(&wire, MLKEM_512_CT), ss, s->ek.ek, m);
	buf_put_u64(&wire, inner.n + GCM_TAG);
	aes256_gcm_seal(buf_grow(&wire, inner.n + GCM_TAG), ss, nonce, (slice){ 0 }, inner);
	return wire;
}

/* The sentence of the refusal begins with `why`. */
static void assert_refused(const scene *s, slice inner, const char *why)
{
	AUTO(buf) wire = encrypted(s, inner);
	AUTO(buf) plain = { 0 };
	int32_t type = 42;

	const err e = unsigncrypt(&plain, &type, &s->dk, signer_pk(s->node), &s->user, &s->link, buf_slice(&wire));
	assert_int_equal(e, ERR_REQUEST);
	assert_non_null(strstr(err_text(), why));
	err_clear();
	assert_int_equal(plain.n, 0);
	assert_int_equal(type, 42);
}

/* Another sender may encrypt anything to the user: what is inside is not trusted either. */
static void a_well_encrypted_answer_with_a_wrong_length_inside_is_refused(void **state)
{
	static uint8_t inner[SIGNCRYPT_INNER + MAX_SIGNCRYPT_PLAIN + 1];
	static const size_t SHORT[] = { 0, 8, SIGNCRYPT_INNER - 1 };
	static const uint64_t LENGTHS[] = { 0, 2, 4, SIGNCRYPT_INNER + 3, UINT64_MAX };
	scene s = scene_new();

	(void)state;
	for (size_t i = 0; i < COUNT(LENGTHS); i++) {
		store64(inner, LENGTHS[i]);
		assert_refused(&s, slice_of(inner, SIGNCRYPT_INNER + 3), "says that its plaintext has");
	}
	for (size_t i = 0; i < COUNT(SHORT); i++)                    /* with the length that a wrapped difference gives */
		for (uint64_t honest = 0; honest < 2; honest++) {
			store64(inner, honest ? SHORT[i] - SIGNCRYPT_INNER : 0);
			assert_refused(&s, slice_of(inner, SHORT[i]), "has a body of");
		}
	store64(inner, MAX_SIGNCRYPT_PLAIN + 1);
	assert_refused(&s, slice_of(inner, sizeof inner), "has a body of");
	signer_free(&s.node);
}

/* The inner bytes by hand: link_n, link and H_vk as given, the rest as it must be, signed by the node. */
static buf inner_of(const scene *s, uint64_t link_n, const hash32 *link, const secp_pk *vk)
{
	buf inner = { 0 };
	uint8_t h[32];

	buf_put_u64(&inner, 1);
	buf_put_u8(&inner, 'x');
	buf_put_u32(&inner, 2);
	buf_put_u64(&inner, link_n);
	buf_put_slice(&inner, hash32_slice(link));
	const size_t msg = inner.n;
	buf_put(&inner, s->user.b, sizeof s->user.b);
	shake256_dsep_length(h, sizeof h, "SIGNCRYP", slice_of(s->ek.ek, sizeof s->ek.ek));
	buf_put(&inner, h, sizeof h);
	const secp_sig sig = sign_internal(s->node, "USER_DEC", buf_slice(&inner));
	inner.n = msg;
	buf_put(&inner, sig.b, sizeof sig.b);
	shake256_dsep_length(h, sizeof h, "SIGNCRYP", slice_of(vk->b, sizeof vk->b));
	buf_put(&inner, h, sizeof h);
	return inner;
}

static void a_well_signed_answer_with_a_wrong_field_inside_is_refused(void **state)
{
	scene s = scene_new(), t = scene_new();
	const hash32 other = { { 9 } };
	AUTO(buf) good = inner_of(&s, 32, &s.link, signer_pk(s.node)), wire = encrypted(&s, buf_slice(&good)), plain = { 0 };
	AUTO(buf) link_n = inner_of(&s, 31, &s.link, signer_pk(s.node));
	AUTO(buf) link = inner_of(&s, 32, &other, signer_pk(s.node));
	AUTO(buf) vk = inner_of(&s, 32, &s.link, signer_pk(t.node));
	int32_t type;

	(void)state;
	assert_ok(unsigncrypt(&plain, &type, &s.dk, signer_pk(s.node), &s.user, &s.link, buf_slice(&wire)));
	assert_true(slice_eq_var(buf_slice(&plain), slice_str("x")));
	assert_refused(&s, buf_slice(&link_n), "belongs to another request");
	assert_refused(&s, buf_slice(&link), "belongs to another request");
	assert_refused(&s, buf_slice(&vk), "comes from another node");
	good.p[good.n - 32 - 1] ^= 1;
	assert_refused(&s, buf_slice(&good), "is not signed by its node");
	signer_free(&s.node);
	signer_free(&t.node);
}

static void a_key_is_made_of_two_fresh_seeds(void **state)
{
	uint8_t seeds[64], ek[MLKEM_512_EK], dk[MLKEM_512_DK];
	enc_key k;
	dec_key sk;

	(void)state;
	rng_fill(test_rng(), seeds, sizeof seeds);
	script drawn = { seeds, sizeof seeds };
	const rng r = script_rng(&drawn);
	enc_key_generate(&k, &sk, &r);
	assert_int_equal(drawn.left, 0);
	mlkem_keygen(&MLKEM_512, ek, dk, seeds, seeds + 32);
	assert_memory_equal(k.ek, ek, sizeof ek);
	assert_memory_equal(sk.dk, dk, sizeof dk);
}

static void each_answer_has_a_fresh_secret_and_nonce(void **state)
{
	uint8_t bytes[32 + GCM_NONCE], ct[MLKEM_512_CT], ss[32];
	scene s = scene_new();
	AUTO(buf) wire = { 0 };

	(void)state;
	rng_fill(test_rng(), bytes, sizeof bytes);
	script drawn = { bytes, sizeof bytes };
	const rng r = script_rng(&drawn);
	signcrypt(s.node, &wire, &s.ek, &s.user, &s.link, 2, slice_str("x"), &r);
	assert_int_equal(drawn.left, 0);
	mlkem_encaps(&MLKEM_512, ct, ss, s.ek.ek, bytes);
	assert_memory_equal(wire.p, bytes + 32, GCM_NONCE);
	assert_memory_equal(wire.p + GCM_NONCE + 8, ct, sizeof ct);
	signer_free(&s.node);
}

static void an_encryption_key_has_one_form(void **state)
{
	uint8_t wire[ENC_KEY_BYTES + 1] = { 0 };
	scene s = scene_new();
	enc_key k;

	(void)state;
	enc_key_write(wire, &s.ek);
	assert_ok(enc_key_read(&k, slice_of(wire, ENC_KEY_BYTES)));
	for (size_t n = 0; n <= ENC_KEY_BYTES + 1; n++)
		if (n != ENC_KEY_BYTES) assert_err(ERR_REQUEST, enc_key_read(&k, slice_of(wire, n)));
	for (size_t i = 0; i < ENC_KEY_BYTES - MLKEM_512_EK; i++) {
		if (i == 57) continue;
		wire[i] ^= 1;
		assert_err(ERR_REQUEST, enc_key_read(&k, slice_of(wire, ENC_KEY_BYTES)));
		wire[i] ^= 1;
	}
	wire[57] = 1;
	assert_err(ERR_UNSUPPORTED, enc_key_read(&k, slice_of(wire, ENC_KEY_BYTES)));
	wire[57] = 0;
	wire[69] = wire[70] = 0xff;                                 /* the first coefficient is 4095 */
	assert_err(ERR_REQUEST, enc_key_read(&k, slice_of(wire, ENC_KEY_BYTES)));
	signer_free(&s.node);
}

static void internal_signatures_bind_domain_and_message(void **state)
{
	scene s = scene_new();
	const secp_sig sig = sign_internal(s.node, "PUBL_DEC", slice_str("payload"));

	(void)state;
	assert_true(sign_internal_ok_var(signer_pk(s.node), &sig, "PUBL_DEC", slice_str("payload")));
	assert_false(sign_internal_ok_var(signer_pk(s.node), &sig, "USER_DEC", slice_str("payload")));
	assert_false(sign_internal_ok_var(signer_pk(s.node), &sig, "PUBL_DEC", slice_str("payloae")));

	const hash32 digest = { { 8 } };
	eth_address by;
	secp_rsig ext = sign_external(s.node, &digest);
	assert_true(sign_external_by_var(&by, &ext, &digest));
	assert_true(eth_address_eq_var(by, *signer_address(s.node)));
	ext.b[64] = 1;
	assert_false(sign_external_by_var(&by, &ext, &digest));
	signer_free(&s.node);
}

TESTS(TEST(the_answer_of_one_node_opens), TEST(the_answers_of_four_nodes_open), TEST(what_is_signcrypted_comes_back),
      TEST(an_answer_is_good_for_one_node_user_request_and_key), TEST(no_changed_or_cut_answer_opens),
      TEST(a_well_encrypted_answer_with_a_wrong_length_inside_is_refused),
      TEST(a_well_signed_answer_with_a_wrong_field_inside_is_refused), TEST(a_key_is_made_of_two_fresh_seeds),
      TEST(each_answer_has_a_fresh_secret_and_nonce), TEST(an_encryption_key_has_one_form), TEST(internal_signatures_bind_domain_and_message))
