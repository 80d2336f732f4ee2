/* SPDX-License-Identifier: MIT */
#include "tests/test.h"
#include <jansson.h>
#include "base/hex.h"
#include "tfhers/envelope.h"
#include "vault/objects.h"

/* The body of a named object among the layout vectors. */
static buf vector(const char *file, const char *name)
{
	json_t *all = json_load_file(test_vector(file), 0, NULL);
	buf b = { 0 };
	size_t i;
	json_t *v;

	assert_non_null(all);
	json_array_foreach(all, i, v)
		if (!strcmp(json_string_value(json_object_get(v, "name")), name))
			assert_true(hex_read_all(&b, slice_str(json_string_value(json_object_get(v, "hex")))));
	assert_true(b.n > 0);
	json_decref(all);
	return b;
}

static slice body_of(const buf *file, const char *name, size_t skip)
{
	size_t head = envelope_length(name) + skip;
	assert_true(file->n >= head);
	return slice_of(file->p + head, file->n - head);
}

static void the_signing_keys_have_the_known_bodies(void **state)
{
	(void)state;
	buf sk_body = vector("kms-service/layout_vectors_a.json", "PrivateSigKey (seed 100)"), file = { 0 };
	buf pk_body = vector("kms-service/layout_vectors_b.json", "UnifiedPublicSigKey ECDSA");
	secp_sk sk, read;
	secp_pk pk, pk_read;

	assert_ok(secp_sk_read(&sk, sk_body.p + sk_body.n - SECP_SK));
	private_key_write(&file, &sk);
	assert_true(slice_eq_var(body_of(&file, "PrivateSigKey", 0), buf_slice(&sk_body)));
	assert_ok(private_key_read(&read, buf_slice(&file)));
	assert_memory_equal(sk.b, read.b, SECP_SK);

	buf_clear(&file);
	assert_ok(secp_pk_read(&pk, slice_of(pk_body.p + pk_body.n - SECP_PK, SECP_PK)));
	unified_public_key_write(&file, SCHEME_ECDSA256K1, slice_of(pk.b, sizeof pk.b));
	assert_true(slice_eq_var(body_of(&file, "UnifiedPublicSigKey", 0), buf_slice(&pk_body)));

	/* PublicSigKey is the versioned key inside it. */
	buf_clear(&file);
	public_key_write(&file, &pk);
	assert_true(slice_eq_var(body_of(&file, "PublicSigKey", 0), slice_of(pk_body.p + 8, pk_body.n - 8)));
	assert_ok(public_key_read(&pk_read, buf_slice(&file)));
	assert_memory_equal(pk.b, pk_read.b, SECP_PK);
	buf_free(&sk_body), buf_free(&pk_body), buf_free(&file);
}

/* The keys that the known secret gives are the known ones: this fixes the derivation, too. */
static void the_keys_of_all_schemes_have_the_known_bodies(void **state)
{
	static const char *const NAMES[MAX_SCHEMES] = { "ECDSA", "Ed25519", "MlDsa44", "MlDsa65", "MlDsa87" };
	buf secret = vector("kms-service/layout_vectors_a.json", "PrivateSigKey (seed 100)");
	AUTO(signer) *s = NULL;
	secp_sk sk;

	(void)state;
	assert_ok(secp_sk_read(&sk, secret.p + secret.n - SECP_SK));
	assert_ok(signer_new(&s, &sk, test_rng()));
	for (uint32_t scheme = 0; scheme < MAX_SCHEMES; scheme++) {
		char name[64];
		uint8_t key[MAX_TYPED_KEY];
		uint32_t read = 9;
		slice k = slice_of(key, scheme_key_bytes(scheme)), again;
		buf file = { 0 };
		snprintf(name, sizeof name, "UnifiedPublicSigKey %s", NAMES[scheme]);
		buf body = vector("kms-service/layout_vectors_b.json", name);
		typed_key(key, s, scheme);
		unified_public_key_write(&file, scheme, k);
		assert_true(slice_eq_var(body_of(&file, "UnifiedPublicSigKey", 0), buf_slice(&body)));
		assert_ok(unified_public_key_read(&read, &again, buf_slice(&file)));
		assert_int_equal(read, scheme);
		assert_true(slice_eq_var(k, again));

		for (size_t cut = 0; cut < file.n; cut += 1 + cut / 8)
			assert_err(ERR_REQUEST, unified_public_key_read(&read, &again, slice_of(file.p, cut)));
		const size_t at = file.n - body.n + 4;                        /* the scheme; then, of ECDSA, a version */
		file.p[at] = (uint8_t)((scheme + 1) % MAX_SCHEMES);
		assert_err(ERR_REQUEST, unified_public_key_read(&read, &again, buf_slice(&file)));
		file.p[at] = MAX_SCHEMES;
		assert_err(ERR_REQUEST, unified_public_key_read(&read, &again, buf_slice(&file)));
		assert_int_equal(read, scheme);
		buf_free(&body), buf_free(&file);
	}
	buf_free(&secret);
}

static void what_is_signed_about_a_key_has_the_known_body(void **state)
{
	(void)state;
	buf prep = vector("kms-service/layout_vectors_a.json", "PrepKeygenSignedPayload"), file = { 0 };
	buf gen = vector("kms-service/layout_vectors_a.json", "KeygenSignedPayload");
	reader r = reader_of(buf_slice(&prep));
	key_metadata m = { .has_extra_data = true };

	read_u32(&r);
	memcpy(m.prep_id.b, read_bytes(&r, 32).p, 32);
	m.extra_data = read_bytes(&r, (size_t)read_u64(&r));
	assert_true(read_ok(&r) && read_left(&r) == 0);
	prep_payload_write(&file, &m.prep_id, m.extra_data);
	assert_true(slice_eq_var(body_of(&file, "PrepKeygenSignedPayload", 0), buf_slice(&prep)));

	r = reader_of(buf_slice(&gen));
	read_u32(&r);
	memcpy(m.prep_id.b, read_bytes(&r, 32).p, 32);
	memcpy(m.key_id.b, read_bytes(&r, 32).p, 32);
	m.digests = (size_t)read_u64(&r);
	assert_in_range(m.digests, 1, PUB_TYPES);
	for (size_t i = 0; i < m.digests; i++) {
		read_u32(&r);
		m.digest[i].type = (pub_type)read_u32(&r);
		m.digest[i].digest = read_bytes(&r, (size_t)read_u64(&r));
	}
	m.extra_data = read_bytes(&r, (size_t)read_u64(&r));
	assert_true(read_ok(&r) && read_left(&r) == 0);
	buf_clear(&file);
	keygen_payload_write(&file, &m);
	assert_true(slice_eq_var(body_of(&file, "KeygenSignedPayload", 0), buf_slice(&gen)));
	buf_free(&prep), buf_free(&gen), buf_free(&file);
}

/* A whole file around the body of a vector. */
static buf metadata_file(const buf *body)
{
	buf file = { 0 };
	tfhers_envelope_write(&file, "KeyGenMetadata");
	buf_put_u32(&file, 0), buf_put_u32(&file, 0);
	buf_put_slice(&file, buf_slice(body));
	return file;
}

static void key_metadata_has_the_known_body(void **state)
{
	static const char *const NAMES[] = { "KeyGenMetadataInner q126", "KeyGenMetadataInner extra" };
	(void)state;
	for (size_t i = 0; i < COUNT(NAMES); i++) {
		buf body = vector("kms-service/layout_vectors_b.json", NAMES[i]), file = metadata_file(&body), again = { 0 };
		key_metadata m;

		assert_ok(key_metadata_read(&m, buf_slice(&file)));
		assert_int_equal(m.digests, 2);
		assert_int_equal(m.digest[1].type, PUB_PUBLIC_KEY);
		assert_int_equal(m.digest[1].digest.n, 32);
		assert_int_equal(m.external_signature.n, 65);
		assert_int_equal(m.has_extra_data, i == 1);
		key_metadata_write(&again, &m);
		assert_true(slice_eq_var(buf_slice(&file), buf_slice(&again)));
		buf_free(&body), buf_free(&file), buf_free(&again);
	}
}

static void every_truncation_of_key_metadata_is_refused(void **state)
{
	(void)state;
	buf body = vector("kms-service/layout_vectors_b.json", "KeyGenMetadataInner extra"), file = metadata_file(&body);
	key_metadata m;

	for (size_t n = 0; n < file.n; n++) assert_err(ERR_REQUEST, key_metadata_read(&m, slice_of(file.p, n)));
	buf_put_u8(&file, 0);
	assert_err(ERR_REQUEST, key_metadata_read(&m, buf_slice(&file)));
	buf_free(&body), buf_free(&file);
}

static void a_key_record_round_trips_and_refuses_what_it_does_not_know(void **state)
{
	(void)state;
	buf body = vector("kms-service/layout_vectors_b.json", "KeyGenMetadataInner extra"), inner = metadata_file(&body), file = { 0 };
	key_record r = { .state = KEY_ACTIVE, .fhe_parameter = 1, .created_ms = 1700000000123, .body = {{ 7, [31] = 9 }} }, read;

	assert_ok(key_metadata_read(&r.metadata, buf_slice(&inner)));
	key_record_write(&file, &r);
	assert_ok(key_record_read(&read, buf_slice(&file)));
	assert_int_equal(read.state, KEY_ACTIVE);
	assert_int_equal(read.fhe_parameter, 1);
	assert_true(read.created_ms == r.created_ms);
	assert_true(hash32_eq_var(read.body, r.body));
	assert_true(id_eq_var(&read.metadata.prep_id, &r.metadata.prep_id));
	assert_string_equal(key_state_name(read.state), "active");

	file.p[1] = 77;
	assert_err(ERR_REQUEST, key_record_read(&read, buf_slice(&file)));
	file.p[1] = 0;
	assert_err(ERR_REQUEST, key_record_read(&read, buf_slice(&file)));
	file.p[1] = KEY_ACTIVE, file.p[0] = 1;
	assert_err(ERR_REQUEST, key_record_read(&read, buf_slice(&file)));
	file.p[0] = 2;
	for (size_t n = 0; n < file.n; n++) assert_err(ERR_REQUEST, key_record_read(&read, slice_of(file.p, n)));
	buf_free(&body), buf_free(&inner), buf_free(&file);
}

static void an_object_of_another_name_is_refused(void **state)
{
	(void)state;
	buf file = { 0 };
	secp_sk sk;
	secp_pk pk;

	secp_sk_random(&sk, test_rng());
	private_key_write(&file, &sk);
	assert_err(ERR_REQUEST, public_key_read(&pk, buf_slice(&file)));
	buf_free(&file);
}

/* With a body that would do, so that the name alone decides. */
static void the_name_alone_is_enough_to_refuse_an_object(void **state)
{
	(void)state;
	buf file = { 0 };
	secp_sk sk;

	tfhers_envelope_write(&file, "PublicSigKey");
	buf_put_u32(&file, 0);
	buf_put_u64(&file, SECP_SK);
	for (unsigned i = 0; i < SECP_SK; i++) buf_put_u8(&file, 1);
	assert_int_equal(private_key_read(&sk, buf_slice(&file)), ERR_REQUEST);
	assert_non_null(strstr(err_text(), "PrivateSigKey"));
	err_clear();
	buf_free(&file);
}

static key_metadata plain_metadata(void)
{
	return (key_metadata){ .key_id = {{ 1 }}, .prep_id = {{ 2 }}, .external_signature = slice_str("signature") };
}

/* Everything up to the list of digests. */
enum { METADATA_IDS = 12 + 64 };

static void more_digests_than_there_are_types_are_refused(void **state)
{
	(void)state;
	buf file = { 0 };
	key_metadata m;

	for (unsigned n = PUB_TYPES; n <= PUB_TYPES + 1; n++) {
		buf_clear(&file);
		tfhers_envelope_write(&file, "KeyGenMetadata");
		for (unsigned i = 0; i < METADATA_IDS; i++) buf_put_u8(&file, i == 8 ? 3 : 0);
		buf_put_u64(&file, n);
		for (unsigned i = 0; i < n; i++) buf_put_u32(&file, 0), buf_put_u32(&file, i), buf_put_u64(&file, 1), buf_put_u8(&file, 5);
		buf_put_u8(&file, 0), buf_put_u64(&file, 0), buf_put_u64(&file, 0);
		err e = key_metadata_read(&m, buf_slice(&file));
		if (n > PUB_TYPES) assert_err(ERR_REQUEST, e);
		else assert_int_equal(e, OK);
	}
	buf_free(&file);
}

static void digests_out_of_order_or_twice_are_refused(void **state)
{
	(void)state;
	for (unsigned second = 0; second < 2; second++) {
		buf file = { 0 };
		key_metadata m = plain_metadata(), read;
		m.digests = 2;
		m.digest[0] = (stored_digest){ PUB_PUBLIC_KEY, slice_str("a") };
		m.digest[1] = (stored_digest){ second ? PUB_PUBLIC_KEY : PUB_SERVER_KEY, slice_str("b") };
		key_metadata_write(&file, &m);
		assert_err(ERR_REQUEST, key_metadata_read(&read, buf_slice(&file)));
		buf_free(&file);
	}
}

static void more_signatures_than_there_are_schemes_are_refused(void **state)
{
	(void)state;
	buf file = { 0 };
	key_metadata m = plain_metadata(), read;

	m.signatures = MAX_SCHEMES;
	for (unsigned i = 0; i < MAX_SCHEMES; i++) m.signature[i] = (stored_signature){ i, slice_str("s") };
	key_metadata_write(&file, &m);
	assert_ok(key_metadata_read(&read, buf_slice(&file)));
	assert_int_equal(read.signatures, MAX_SCHEMES);

	/* One more of the same, which is 21 bytes; their number stands in front of them. */
	uint8_t last[21];
	memcpy(last, file.p + file.n - sizeof last, sizeof last);
	buf_put(&file, last, sizeof last);
	store64(file.p + file.n - (MAX_SCHEMES + 1) * sizeof last - 8, MAX_SCHEMES + 1);
	assert_err(ERR_REQUEST, key_metadata_read(&read, buf_slice(&file)));
	buf_free(&file);
}

static void whether_there_is_extra_data_is_said_by_one_or_zero(void **state)
{
	(void)state;
	buf file = { 0 };
	key_metadata m = plain_metadata(), read;

	m.has_extra_data = true;
	key_metadata_write(&file, &m);
	const size_t flag = envelope_length("KeyGenMetadata") + METADATA_IDS + 8;
	assert_int_equal(file.p[flag], 1);
	assert_ok(key_metadata_read(&read, buf_slice(&file)));
	file.p[flag] = 2;
	assert_err(ERR_REQUEST, key_metadata_read(&read, buf_slice(&file)));
	buf_free(&file);
}

TESTS(TEST(the_keys_of_all_schemes_have_the_known_bodies), TEST(what_is_signed_about_a_key_has_the_known_body),
      TEST(the_name_alone_is_enough_to_refuse_an_object), TEST(more_digests_than_there_are_types_are_refused),
      TEST(digests_out_of_order_or_twice_are_refused), TEST(more_signatures_than_there_are_schemes_are_refused),
      TEST(whether_there_is_extra_data_is_said_by_one_or_zero),
      TEST(the_signing_keys_have_the_known_bodies), TEST(key_metadata_has_the_known_body),
      TEST(every_truncation_of_key_metadata_is_refused), TEST(a_key_record_round_trips_and_refuses_what_it_does_not_know),
      TEST(an_object_of_another_name_is_refused))
