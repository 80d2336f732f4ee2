/* SPDX-License-Identifier: MIT */
/*
 * tests/cli/verify_test.c -- an honest answer is believed; the same answer with anything changed is not.
 *
 * The answers are made here as a node makes them.  A liar who holds the node's key can sign anything, so lies come in
 * two kinds: bytes changed after signing, and contents that are signed well but are not what was asked.
 */
#include "cli/verify.h"
#include "evm/kms712.h"
#include "rpc/pb.h"
#include "seal/signcrypt.h"
#include "tests/test.h"
#include "tkms/answer.h"

static struct {
	signer     *node, *other;
	cluster     net;
	asked       q;
	uint8_t     handle[20];
	reader_keys me;
} w;

static signer *new_signer(void)
{
	signer *s;
	secp_sk sk;

	secp_sk_random(&sk, test_rng());
	assert_ok(signer_new(&s, &sk, test_rng()));
	return s;
}

static int set_up(void **state)
{
	(void)state;
	w.node = new_signer();
	w.other = new_signer();
	w.net = (cluster){ .mode = "centralized", .parties = 1, .domain_name = "Decryption", .domain_version = "1",
	                   .contract = "0x66f9664f97F2b50F62D13eA064982f936dE76657", .chain_id = 54321 };
	w.net.party[0] = (cluster_party){ .party_id = 1, .signer = *signer_address(w.node),
	                                  .verification_key = *signer_pk(w.node) };
	rng_fill(test_rng(), w.handle, sizeof w.handle);
	w.q = (asked){ .cluster = &w.net, .request = { .b = { 1, 2, 3 } }, .type = fhe_type_by_number_var(FHE_UINT16),
	               .handle = slice_of(w.handle, sizeof w.handle) };
	enc_key_generate(&w.me.ek, &w.me.dk, test_rng());
	enc_key_write(w.me.wire, &w.me.ek);
	rng_fill(test_rng(), w.me.address.b, sizeof w.me.address.b);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	signer_free(&w.node);
	signer_free(&w.other);
	return 0;
}

/* ---- what a node would say ----------------------------------------------------------------------------------- */

/* Everything that a node may get wrong, and honest values for it. */
typedef struct saying {
	signer     *by;
	int         type;
	uint8_t     bytes[4];
	size_t      n;
	id32        request;
	uint8_t     handle[20];
	unsigned    party, degree, packing;
	uint8_t     link_flip, slot_flip;         /* slot: the handle that only the payload names */
	eth_address user;
	const char *domain_name;
} saying;

static saying honest(void)
{
	saying s = { .by = w.node, .type = FHE_UINT16, .bytes = { 0x34, 0x12 }, .n = 2, .request = w.q.request, .party = 1,
	             .packing = 1, .user = w.me.address, .domain_name = "Decryption" };
	memcpy(s.handle, w.handle, sizeof s.handle);
	return s;
}

static eip712_domain domain_of(const saying *s)
{
	cluster c = w.net;
	eip712_domain d;

	c.domain_name = s->domain_name;
	assert_ok(cluster_domain(&d, &c));
	return d;
}

/* Both signatures, and what the messages point to. */
typedef struct signed_bytes {
	secp_sig  internal;
	secp_rsig external;
	uint8_t   key[VERIFICATION_KEY_BYTES];
	char      id[ID_TEXT];
	Kms__V1__RequestId request;
} signed_bytes;

typedef struct public_answer {
	signed_bytes s;
	saying       said;
	Kms__V1__TypedPlaintext plain, *plains[1];
	Kms__V1__PublicDecryptionResponsePayload payload;
	Kms__V1__PublicDecryptionResponse answer;
} public_answer;

static void say_public(public_answer *a, saying said)
{
	AUTO(buf) payload = { 0 }, result = { 0 };
	const eip712_domain d = domain_of(&said);
	plaintext p = { .type = fhe_type_by_number_var(said.type) };
	abi_word handle;

	a->said = said;
	memcpy(p.bytes, said.bytes, said.n);
	assert_ok(kms712_put_plaintext(&result, said.type, slice_of(said.bytes, p.type->bytes)));
	assert_ok(kms712_handle(&handle, slice_of(said.handle, sizeof said.handle)));
	const hash32 digest = kms712_public_decrypt(&d, &handle, 1, buf_slice(&result), (slice){ 0 });
	answer_public_payload(&payload, signer_pk(said.by), &p, 1, &said.request);
	a->s.internal = sign_internal(said.by, "PUBL_DEC", buf_slice(&payload));
	a->s.external = sign_external(said.by, &digest);

	answer_verification_key(a->s.key, signer_pk(said.by));
	id_text(a->s.id, &said.request);
	kms__v1__request_id__init(&a->s.request);
	a->s.request.request_id = a->s.id;
	kms__v1__typed_plaintext__init(&a->plain);
	a->plain.fhe_type = said.type;
	a->plain.bytes = pb_bytes(slice_of(a->said.bytes, said.n));
	a->plains[0] = &a->plain;
	kms__v1__public_decryption_response_payload__init(&a->payload);
	a->payload.verification_key = pb_bytes(slice_of(a->s.key, sizeof a->s.key));
	a->payload.n_plaintexts = 1;
	a->payload.plaintexts = a->plains;
	a->payload.request_id = &a->s.request;
	kms__v1__public_decryption_response__init(&a->answer);
	a->answer.signature = pb_bytes(slice_of(a->s.internal.b, sizeof a->s.internal.b));
	a->answer.external_signature = pb_bytes(slice_of(a->s.external.b, sizeof a->s.external.b));
	a->answer.payload = &a->payload;
}

typedef struct user_answer {
	signed_bytes s;
	saying       said;
	hash32       link;
	buf          sealed;
	Kms__V1__TypedSigncryptedCiphertext slot, *slots[1];
	Kms__V1__UserDecryptionResponsePayload payload;
	Kms__V1__UserDecryptionResponse answer;
} user_answer;

/* inside: who signs within the signcryption; outside: the type that the payload names.  The rest is said.by, said.type. */
static void say_user_mixed(user_answer *a, saying said, signer *inside, int outside)
{
	AUTO(buf) payload = { 0 };
	const eip712_domain d = domain_of(&said);
	abi_word handle;

	*a = (user_answer){ .said = said };
	assert_ok(kms712_handle(&handle, slice_of(said.handle, sizeof said.handle)));
	a->link = kms712_link(&d, slice_of(w.me.wire, ENC_KEY_BYTES), &handle, 1, &said.user);
	a->link.b[5] ^= said.link_flip;
	signcrypt(inside, &a->sealed, &w.me.ek, &said.user, &a->link, said.type, slice_of(said.bytes, said.n), test_rng());
	a->said.handle[0] ^= said.slot_flip;
	const user_slot slot = { outside, buf_slice(&a->sealed), slice_of(a->said.handle, sizeof a->said.handle), said.packing };
	answer_user_payload(&payload, signer_pk(said.by), a->link.b, &slot, 1, said.party, said.degree);
	const hash32 digest = kms712_user_response(&d, slice_of(w.me.wire, ENC_KEY_BYTES), &handle, 1, buf_slice(&payload),
	                                           (slice){ 0 });
	a->s.internal = sign_internal(said.by, "USER_DEC", buf_slice(&payload));
	a->s.external = sign_external(said.by, &digest);

	answer_verification_key(a->s.key, signer_pk(said.by));
	kms__v1__typed_signcrypted_ciphertext__init(&a->slot);
	a->slot.fhe_type = outside;
	a->slot.signcrypted_ciphertext = pb_bytes(slot.signcrypted);
	a->slot.external_handle = pb_bytes(slot.handle);
	a->slot.packing_factor = said.packing;
	a->slots[0] = &a->slot;
	kms__v1__user_decryption_response_payload__init(&a->payload);
	a->payload.verification_key = pb_bytes(slice_of(a->s.key, sizeof a->s.key));
	a->payload.digest = pb_bytes(hash32_slice(&a->link));
	a->payload.n_signcrypted_ciphertexts = 1;
	a->payload.signcrypted_ciphertexts = a->slots;
	a->payload.party_id = said.party;
	a->payload.degree = said.degree;
	kms__v1__user_decryption_response__init(&a->answer);
	a->answer.signature = pb_bytes(slice_of(a->s.internal.b, sizeof a->s.internal.b));
	a->answer.external_signature = pb_bytes(slice_of(a->s.external.b, sizeof a->s.external.b));
	a->answer.payload = &a->payload;
}

static void say_user(user_answer *a, saying said, signer *inside)
{
	say_user_mixed(a, said, inside, said.type);
}

static err believe_public(const Kms__V1__PublicDecryptionResponse *r)
{
	plaintext p;
	TRY(verify_public(&p, &w.q, &w.net.party[0], r));
	assert_int_equal(p.bytes[0] | p.bytes[1] << 8, 0x1234);
	return OK;
}

static err believe_user(const Kms__V1__UserDecryptionResponse *r)
{
	AUTO(buf) opened = { 0 };
	plaintext p;

	err e = verify_user(&opened, &w.q, &w.me, &w.net.party[0], r);
	assert_true(e == OK || opened.n == 0);
	TRY(e);
	TRY(verify_value(&p, &w.q, &w.net.party[0], buf_slice(&opened)));
	assert_int_equal(p.bytes[0] | p.bytes[1] << 8, 0x1234);
	return OK;
}

/* ---- tests --------------------------------------------------------------------------------------------------- */

static void honest_answers_are_believed(void **state)
{
	(void)state;
	public_answer a;
	user_answer u;

	say_public(&a, honest());
	assert_ok(believe_public(&a.answer));
	say_user(&u, honest(), w.node);
	assert_ok(believe_user(&u.answer));
	buf_free(&u.sealed);
}

/* The first party's key; none of the others. */
static err typed_key_here(buf *key, const cluster_party *p, uint32_t scheme)
{
	uint8_t bytes[MAX_TYPED_KEY];

	if (p->party_id != 1) return err_fail(ERR_REQUEST, "no key is known");
	typed_key(bytes, w.node, scheme);
	buf_put(key, bytes, scheme_key_bytes(scheme));
	return OK;
}

static void every_scheme_that_was_asked_for_must_have_signed(void **state)
{
	(void)state;
	static const uint32_t SCHEME[2] = { SCHEME_MLDSA65, SCHEME_ED25519 };
	uint8_t bytes[2][MAX_TYPED_SIG];
	Kms__V1__TypedSignature made[2], *list[2] = { &made[0], &made[1] }, *turned[2] = { &made[1], &made[0] };
	AUTO(buf) payload = { 0 };
	public_answer a;

	say_public(&a, honest());
	const plaintext value = { .type = w.q.type, .bytes = { 0x34, 0x12 } };
	answer_public_payload(&payload, signer_pk(w.node), &value, 1, &w.q.request);
	for (unsigned i = 0; i < 2; i++) {
		typed_sign(bytes[i], w.node, SCHEME[i], "PUBL_DEC", buf_slice(&payload));
		kms__v1__typed_signature__init(&made[i]);
		made[i].scheme = (Kms__V1__SigningSchemeType)SCHEME[i];
		made[i].signature = pb_bytes(slice_of(bytes[i], scheme_sig_bytes(SCHEME[i])));
	}
	w.q.key_of = typed_key_here;
	w.q.schemes = 2;
	memcpy(w.q.scheme, SCHEME, sizeof SCHEME);
	assert_err(ERR_REQUEST, believe_public(&a.answer));                         /* none is there */
	a.answer.n_signatures = 2, a.answer.signatures = list;
	assert_ok(believe_public(&a.answer));
	a.answer.signatures = turned;
	assert_err(ERR_REQUEST, believe_public(&a.answer));
	a.answer.signatures = list;
	for (unsigned i = 0; i < 2; i++) {
		bytes[i][9] ^= 1;
		assert_err(ERR_REQUEST, believe_public(&a.answer));
		bytes[i][9] ^= 1;
	}
	made[1].signature.len--;
	assert_err(ERR_REQUEST, believe_public(&a.answer));
	made[1].signature.len++;
	w.q.schemes = 1;                                                            /* more than was asked for */
	assert_err(ERR_REQUEST, believe_public(&a.answer));
	w.q.schemes = 0;
	a.answer.n_signatures = 0;
	assert_ok(believe_public(&a.answer));
}

/* What a node with the right key might say of something else. */
static size_t lies(saying out[static 12])
{
	size_t n = 0;

	for (size_t i = 0; i < 12; i++) out[i] = honest();
	out[n++].by = w.other;
	out[n].type = FHE_UINT8, out[n++].n = 1;
	out[n].type = FHE_UINT32, out[n++].n = 4;
	out[n++].handle[3] ^= 1;
	out[n++].domain_name = "decryption";
	return n;
}

static void signed_answers_to_something_else_are_refused(void **state)
{
	(void)state;
	saying said[12];
	const size_t n = lies(said);
	public_answer a;
	user_answer u;

	for (size_t i = 0; i < n; i++) {
		say_public(&a, said[i]);
		assert_err(ERR_REQUEST, believe_public(&a.answer));
		say_user(&u, said[i], said[i].by);
		assert_err(ERR_REQUEST, believe_user(&u.answer));
		buf_free(&u.sealed);
	}
	saying other = honest();
	other.request.b[9] ^= 1;
	say_public(&a, other);
	assert_err(ERR_REQUEST, believe_public(&a.answer));
}

/* A bool and a uint8 both have one byte. */
static void another_type_of_the_same_length_is_refused(void **state)
{
	(void)state;
	saying s = honest();
	public_answer a;
	user_answer u;

	w.q.type = fhe_type_by_number_var(FHE_UINT8);
	s.type = FHE_BOOL, s.n = 1, s.bytes[0] = 1, s.bytes[1] = 0;
	say_public(&a, s);
	assert_err(ERR_REQUEST, believe_public(&a.answer));
	a.plain.fhe_type = FHE_UINT8;
	assert_err(ERR_REQUEST, believe_public(&a.answer));
	say_user(&u, s, w.node);
	assert_err(ERR_REQUEST, believe_user(&u.answer));
	buf_free(&u.sealed);
	say_user_mixed(&u, s, w.node, FHE_UINT8);
	assert_err(ERR_REQUEST, believe_user(&u.answer));
	buf_free(&u.sealed);
	s.type = FHE_UINT8;
	say_user_mixed(&u, s, w.node, FHE_BOOL);
	assert_err(ERR_REQUEST, believe_user(&u.answer));
	buf_free(&u.sealed);
}

static void user_answers_with_another_place_in_the_protocol_are_refused(void **state)
{
	(void)state;
	static const char *const WHY[] = { "calls itself party 2", "its degree is 1", "its packing factor is 2", "is linked to another",
	                                   "", "" };
	saying said[COUNT(WHY)];
	user_answer u;

	for (size_t i = 0; i < COUNT(said); i++) said[i] = honest();
	said[0].party = 2;
	said[1].degree = 1;
	said[2].packing = 2;
	said[3].link_flip = 1;
	said[4].user.b[0] ^= 1;
	said[5].slot_flip = 1;
	for (size_t i = 0; i < COUNT(said); i++) {
		say_user(&u, said[i], w.node);
		const err e = believe_user(&u.answer);
		if (!strstr(err_text(), WHY[i])) print_error("%s\n", err_text());
		assert_non_null(strstr(err_text(), WHY[i]));
		assert_err(ERR_REQUEST, e);
		buf_free(&u.sealed);
	}
}

/* Of one party's share nothing is believed but whose it is: any bytes may be inside. */
static void a_share_is_opened_if_degree_and_packing_are_those_of_the_cluster(void **state)
{
	(void)state;
	AUTO(buf) opened = { 0 };
	user_answer u;

	w.net.mode = "threshold";
	w.net.threshold = 1;
	for (unsigned degree = 0; degree < 3; degree++)
		for (unsigned packing = 0; packing < 4; packing++) {
			saying s = honest();
			s.degree = degree, s.packing = packing;
			say_user(&u, s, w.node);
			const err e = verify_user(&opened, &w.q, &w.me, &w.net.party[0], &u.answer);
			if (degree == 1 && packing == 2) assert_ok(e);
			else assert_err(ERR_REQUEST, e);
			buf_free(&u.sealed);
		}
	assert_true(slice_eq_var(buf_slice(&opened), slice_of("\x34\x12", 2)));
}

static void a_value_signed_inside_by_another_key_is_refused(void **state)
{
	(void)state;
	user_answer u;

	say_user(&u, honest(), w.other);
	assert_err(ERR_REQUEST, believe_user(&u.answer));
	buf_free(&u.sealed);
}

static void a_value_of_the_wrong_length_is_refused(void **state)
{
	(void)state;
	saying s = honest();
	public_answer a;
	user_answer u;

	s.n = 3;
	say_user(&u, s, w.node);
	assert_err(ERR_REQUEST, believe_user(&u.answer));
	buf_free(&u.sealed);
	say_public(&a, honest());
	a.plain.bytes.len = 1;
	assert_err(ERR_REQUEST, believe_public(&a.answer));
}

/* Every byte of every field that is flipped after signing; the signcryption by samples. */
static void changed_bytes_are_noticed(void **state)
{
	(void)state;
	public_answer a;
	user_answer u;

	say_public(&a, honest());
	ProtobufCBinaryData *const public_fields[] = { &a.answer.signature, &a.answer.external_signature,
	                                               &a.payload.verification_key, &a.plain.bytes };
	for (size_t k = 0; k < COUNT(public_fields); k++)
		for (size_t i = 0; i < public_fields[k]->len; i++) {
			const uint8_t flip = (uint8_t)(1u << test_below(8));
			public_fields[k]->data[i] ^= flip;
			assert_err(ERR_REQUEST, believe_public(&a.answer));
			public_fields[k]->data[i] ^= flip;
		}
	assert_ok(believe_public(&a.answer));

	say_user(&u, honest(), w.node);
	ProtobufCBinaryData *const user_fields[] = {
		&u.answer.signature, &u.answer.external_signature, &u.payload.verification_key, &u.payload.digest,
		&u.slot.external_handle, &u.slot.signcrypted_ciphertext,
	};
	for (size_t k = 0; k < COUNT(user_fields); k++)
		for (size_t i = 0; i < user_fields[k]->len; i += 1 + test_below(10)) {
			const uint8_t flip = (uint8_t)(1u << test_below(8));
			user_fields[k]->data[i] ^= flip;
			assert_err(ERR_REQUEST, believe_user(&u.answer));
			user_fields[k]->data[i] ^= flip;
		}
	assert_ok(believe_user(&u.answer));
	buf_free(&u.sealed);
}

static void absent_and_superfluous_parts_are_refused(void **state)
{
	(void)state;
	public_answer a;
	user_answer u;
	uint8_t extra = 0;

	say_public(&a, honest());
	a.answer.payload = NULL;
	assert_err(ERR_REQUEST, believe_public(&a.answer));
	say_public(&a, honest());
	a.payload.n_plaintexts = 0;
	assert_err(ERR_REQUEST, believe_public(&a.answer));
	say_public(&a, honest());
	a.payload.request_id = NULL;
	assert_err(ERR_REQUEST, believe_public(&a.answer));
	say_public(&a, honest());
	a.answer.signature.len = 63;
	assert_err(ERR_REQUEST, believe_public(&a.answer));
	say_public(&a, honest());
	a.answer.external_signature.len = 64;
	assert_err(ERR_REQUEST, believe_public(&a.answer));
	say_public(&a, honest());
	a.answer.extra_data = pb_bytes(slice_of(&extra, 1));
	assert_err(ERR_REQUEST, believe_public(&a.answer));

	say_user(&u, honest(), w.node);
	u.answer.payload = NULL;
	assert_err(ERR_REQUEST, believe_user(&u.answer));
	u.answer.payload = &u.payload;
	u.payload.n_signcrypted_ciphertexts = 0;
	assert_err(ERR_REQUEST, believe_user(&u.answer));
	u.payload.n_signcrypted_ciphertexts = 1;
	u.answer.extra_data = pb_bytes(slice_of(&extra, 1));
	assert_err(ERR_REQUEST, believe_user(&u.answer));
	buf_free(&u.sealed);
}

/* ---- key generation ------------------------------------------------------------------------------------------ */

static void key_material_is_believed_only_as_it_was_signed(void **state)
{
	(void)state;
	const id32 prep = { .b = { 3, 1 } }, key = { .b = { 4, 1 } }, third = { .b = { 4, 2 } };
	uint8_t digest[2][KEY_DIGEST_BYTES] = { { 1 }, { 2 } };
	char prep_text[ID_TEXT], key_text[ID_TEXT];
	eip712_domain d;
	key_digests out;

	assert_ok(cluster_key_domain(&d, &w.net));
	id_text(prep_text, &prep);
	id_text(key_text, &key);
	Kms__V1__RequestId prep_id = KMS__V1__REQUEST_ID__INIT, key_id = KMS__V1__REQUEST_ID__INIT;
	prep_id.request_id = prep_text, key_id.request_id = key_text;

	hash32 h = kms712_prep_keygen(&d, KMS712_V015, &prep, (slice){ 0 });
	secp_rsig s = sign_external(w.node, &h);
	Kms__V1__KeyGenPreprocResult p = KMS__V1__KEY_GEN_PREPROC_RESULT__INIT;
	p.preprocessing_id = &prep_id;
	p.external_signature = pb_bytes(slice_of(s.b, sizeof s.b));
	assert_ok(verify_preprocessing(&w.net, &w.net.party[0], &prep, &p));
	assert_err(ERR_REQUEST, verify_preprocessing(&w.net, &w.net.party[0], &key, &p));
	p.preprocessing_id = &key_id;
	assert_err(ERR_REQUEST, verify_preprocessing(&w.net, &w.net.party[0], &prep, &p));

	const kms712_key_digest list[] = { { KMS712_PUBLIC_KEY, slice_of(digest[0], KEY_DIGEST_BYTES) },
	                                   { KMS712_COMPRESSED_KEY_SET, slice_of(digest[1], KEY_DIGEST_BYTES) } };
	h = kms712_keygen(&d, KMS712_V015, &prep, &key, list, 2, (slice){ 0 });
	s = sign_external(w.node, &h);
	Kms__V1__KeyDigest first = KMS__V1__KEY_DIGEST__INIT, second = KMS__V1__KEY_DIGEST__INIT, *both[] = { &first, &second };
	Kms__V1__KeyGenResult r = KMS__V1__KEY_GEN_RESULT__INIT;
	first.key_type = (char *)(uintptr_t)"PublicKey", second.key_type = (char *)(uintptr_t)"CompressedXofKeySet";
	first.digest = pb_bytes(list[0].digest), second.digest = pb_bytes(list[1].digest);
	r.request_id = &key_id, r.preprocessing_id = &prep_id;
	r.n_key_digests = 2, r.key_digests = both;
	r.external_signature = pb_bytes(slice_of(s.b, sizeof s.b));
	assert_ok(verify_keygen(&out, &w.net, &w.net.party[0], KEY_KIND_USUAL, &prep, &key, &r));
	assert_memory_equal(out.of[1], digest[1], KEY_DIGEST_BYTES);
	assert_err(ERR_REQUEST, verify_keygen(&out, &w.net, &w.net.party[0], KEY_KIND_USUAL, &prep, &third, &r));
	assert_err(ERR_REQUEST, verify_keygen(&out, &w.net, &w.net.party[0], KEY_KIND_USUAL, &key, &key, &r));
	digest[1][31] ^= 1;
	assert_err(ERR_REQUEST, verify_keygen(&out, &w.net, &w.net.party[0], KEY_KIND_USUAL, &prep, &key, &r));
	digest[1][31] ^= 1;
	both[0] = &second, both[1] = &first;
	assert_err(ERR_REQUEST, verify_keygen(&out, &w.net, &w.net.party[0], KEY_KIND_USUAL, &prep, &key, &r));
	both[0] = &first, both[1] = &second;
	first.digest.len--;
	assert_err(ERR_REQUEST, verify_keygen(&out, &w.net, &w.net.party[0], KEY_KIND_USUAL, &prep, &key, &r));
	first.digest.len++;
	first.key_type = (char *)(uintptr_t)"ServerKey";
	assert_err(ERR_REQUEST, verify_keygen(&out, &w.net, &w.net.party[0], KEY_KIND_USUAL, &prep, &key, &r));
	first.key_type = (char *)(uintptr_t)"PublicKey";
	r.request_id = &prep_id;
	assert_err(ERR_REQUEST, verify_keygen(&out, &w.net, &w.net.party[0], KEY_KIND_USUAL, &prep, &key, &r));
	r.request_id = &key_id, r.preprocessing_id = &key_id;
	assert_err(ERR_REQUEST, verify_keygen(&out, &w.net, &w.net.party[0], KEY_KIND_USUAL, &prep, &key, &r));
	r.preprocessing_id = &prep_id;
	assert_ok(verify_keygen(&out, &w.net, &w.net.party[0], KEY_KIND_USUAL, &prep, &key, &r));
	r.n_key_digests = 1;
	assert_err(ERR_REQUEST, verify_keygen(&out, &w.net, &w.net.party[0], KEY_KIND_USUAL, &prep, &key, &r));
}

/* The kind is what the answer says; the signature is over that. */
static void a_key_set_is_of_the_kind_that_its_files_say_and_signed_as_that(void **state)
{
	(void)state;
	const key_kind *plain = key_kind_by_name("uncompressed");
	const id32 prep = { .b = { 3, 1 } }, key = { .b = { 4, 1 } };
	const uint8_t digest[2][KEY_DIGEST_BYTES] = { { 1 }, { 2 } };
	static const char *const COMPRESSED[] = { "PublicKey", "CompressedXofKeySet" }, *const PLAIN[] = { "ServerKey", "PublicKey" };
	char prep_text[ID_TEXT], key_text[ID_TEXT];
	eip712_domain d;
	key_digests out;

	assert_ok(cluster_key_domain(&d, &w.net));
	id_text(prep_text, &prep);
	id_text(key_text, &key);
	Kms__V1__RequestId prep_id = KMS__V1__REQUEST_ID__INIT, key_id = KMS__V1__REQUEST_ID__INIT;
	prep_id.request_id = prep_text, key_id.request_id = key_text;
	Kms__V1__KeyDigest file[] = { KMS__V1__KEY_DIGEST__INIT, KMS__V1__KEY_DIGEST__INIT }, *files[] = { &file[0], &file[1] };
	Kms__V1__KeyGenResult r = KMS__V1__KEY_GEN_RESULT__INIT;
	r.request_id = &key_id, r.preprocessing_id = &prep_id, r.key_digests = files;
	assert_ptr_equal(key_kind_of_set(&r), KEY_KIND_USUAL);
	r.n_key_digests = 2;
	const kms712_key_digest list[] = { { KMS712_SERVER_KEY, slice_of(digest[0], KEY_DIGEST_BYTES) },
	                                   { KMS712_PUBLIC_KEY, slice_of(digest[1], KEY_DIGEST_BYTES) } };
	const hash32 h = kms712_keygen(&d, KMS712_V015, &prep, &key, list, 2, (slice){ 0 });
	const secp_rsig s = sign_external(w.node, &h);
	r.external_signature = pb_bytes(slice_of(s.b, sizeof s.b));
	for (size_t i = 0; i < 2; i++) file[i].digest = pb_bytes(list[i].digest), file[i].key_type = (char *)(uintptr_t)PLAIN[i];
	assert_ptr_equal(key_kind_of_set(&r), plain);
	assert_ok(verify_keygen(&out, &w.net, &w.net.party[0], plain, &prep, &key, &r));
	assert_err(ERR_REQUEST, verify_keygen(&out, &w.net, &w.net.party[0], KEY_KIND_USUAL, &prep, &key, &r));
	for (size_t i = 0; i < 2; i++) file[i].key_type = (char *)(uintptr_t)COMPRESSED[i];
	assert_ptr_equal(key_kind_of_set(&r), KEY_KIND_USUAL);
	assert_err(ERR_REQUEST, verify_keygen(&out, &w.net, &w.net.party[0], KEY_KIND_USUAL, &prep, &key, &r));
	file[0].key_type = (char *)(uintptr_t)"DecompressionKey";
	assert_ptr_equal(key_kind_of_set(&r), KEY_KIND_USUAL);
}

/* One file, under a struct of its own that names no ids: they are compared all the same. */
static void a_key_between_two_others_is_believed_only_as_it_was_signed(void **state)
{
	(void)state;
	const key_kind *kind = key_kind_by_name("decompression-only");
	const id32 prep = { .b = { 3, 1 } }, key = { .b = { 4, 1 } };
	uint8_t digest[KEY_DIGEST_BYTES] = { 5 };
	char prep_text[ID_TEXT], key_text[ID_TEXT];
	eip712_domain d;
	key_digests out;

	assert_ok(cluster_key_domain(&d, &w.net));
	id_text(prep_text, &prep);
	id_text(key_text, &key);
	Kms__V1__RequestId prep_id = KMS__V1__REQUEST_ID__INIT, key_id = KMS__V1__REQUEST_ID__INIT;
	prep_id.request_id = prep_text, key_id.request_id = key_text;
	Kms__V1__KeyDigest file = KMS__V1__KEY_DIGEST__INIT, *files[] = { &file };
	Kms__V1__KeyGenResult r = KMS__V1__KEY_GEN_RESULT__INIT;
	const hash32 h = kms712_decompression_key(&d, slice_of(digest, sizeof digest), (slice){ 0 });
	const secp_rsig s = sign_external(w.node, &h);
	file.key_type = (char *)(uintptr_t)"DecompressionKey";
	file.digest = pb_bytes(slice_of(digest, sizeof digest));
	r.request_id = &key_id, r.preprocessing_id = &prep_id;
	r.n_key_digests = 1, r.key_digests = files;
	r.external_signature = pb_bytes(slice_of(s.b, sizeof s.b));
	assert_ok(verify_keygen(&out, &w.net, &w.net.party[0], kind, &prep, &key, &r));
	assert_memory_equal(out.of[0], digest, sizeof digest);
	assert_err(ERR_REQUEST, verify_keygen(&out, &w.net, &w.net.party[0], kind, &key, &key, &r));
	assert_err(ERR_REQUEST, verify_keygen(&out, &w.net, &w.net.party[0], KEY_KIND_USUAL, &prep, &key, &r));
	digest[0] ^= 1;
	assert_err(ERR_REQUEST, verify_keygen(&out, &w.net, &w.net.party[0], kind, &prep, &key, &r));
	digest[0] ^= 1;
	file.key_type = (char *)(uintptr_t)"PublicKey";
	assert_err(ERR_REQUEST, verify_keygen(&out, &w.net, &w.net.party[0], kind, &prep, &key, &r));
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
TESTS(CASE(honest_answers_are_believed), CASE(every_scheme_that_was_asked_for_must_have_signed), CASE(signed_answers_to_something_else_are_refused),
      CASE(another_type_of_the_same_length_is_refused),
      CASE(user_answers_with_another_place_in_the_protocol_are_refused), CASE(a_value_signed_inside_by_another_key_is_refused),
      CASE(a_share_is_opened_if_degree_and_packing_are_those_of_the_cluster),
      CASE(a_value_of_the_wrong_length_is_refused), CASE(changed_bytes_are_noticed),
      CASE(absent_and_superfluous_parts_are_refused), CASE(key_material_is_believed_only_as_it_was_signed),
      CASE(a_key_set_is_of_the_kind_that_its_files_say_and_signed_as_that),
      CASE(a_key_between_two_others_is_believed_only_as_it_was_signed))
