/* SPDX-License-Identifier: MIT */
/* tests/tfhers/keys_test.c -- keys from files of real clients: what they decrypt, what their parts hold, their bytes again. */
#include "tests/tfhers/vectors.h"
#include "lattice/compact.h"
#include "lattice/decrypt.h"
#include "lattice/keycheck.h"
#include "lattice/keygen.h"

/* ---- ClientKey -------------------------------------------------------------------------------------------------------- */

static void a_client_key_with_every_part_returns_byte_for_byte(void **state)
{
	static const char *const FILES[] = { "test/client_key.bin", "xofset_test/client_key.bin" };
	(void)state;
	for (size_t i = 0; i < COUNT(FILES); i++) {
		AUTO(buf) file = vector(FILES[i]);
		AUTO(buf) again = { 0 };
		AUTO(secret_keys) keys = { 0 };
		slice tag;

		assert_ok(tfhers_read_client_key(&keys, &tag, buf_slice(&file)));
		assert_ptr_equal(keys.params, &PARAMS_TEST);
		assert_int_equal(tag.n, i ? 32 : 0);
		for (secret_id id = 0; id < SECRETS; id++) assert_non_null(keys.bit[id]);
		tfhers_write_client_key(&again, &keys, tag);
		assert_same_bytes(buf_slice(&again), buf_slice(&file));
	}
}

static void parts_that_a_client_key_lacks_are_null(void **state)
{
	(void)state;
	AUTO(buf) file = vector("prod/client_key.bin");
	AUTO(buf) again = { 0 };
	AUTO(secret_keys) keys = { 0 };
	AUTO(secret_keys) back = { 0 };
	slice tag;
	assert_ok(tfhers_read_client_key(&keys, &tag, buf_slice(&file)));
	assert_ptr_equal(keys.params, &PARAMS_DEFAULT);
	assert_non_null(keys.bit[SECRET_PKE]);
	assert_non_null(keys.bit[SECRET_OPRF]);
	assert_null(keys.bit[SECRET_COMP]);
	assert_null(keys.bit[SECRET_SNS]);
	assert_null(keys.bit[SECRET_SNSCOMP]);
	tfhers_write_client_key(&again, &keys, tag);
	assert_ok(tfhers_read_client_key(&back, &tag, buf_slice(&again)));
	assert_null(back.bit[SECRET_SNS]);
	assert_memory_equal(back.bit[SECRET_BIG], keys.bit[SECRET_BIG], secret_length(keys.params, SECRET_BIG));
}

static void a_production_client_key_has_the_size_of_the_real_one(void **state)
{
	(void)state;
	AUTO(secret_keys) keys = { 0 };
	AUTO(buf) file = { 0 };
	assert_ok(secret_keys_new(&keys, &PARAMS_DEFAULT));
	tfhers_write_client_key(&file, &keys, (slice){ 0 });
	assert_int_equal(file.n, 220526);
}

static void decrypt_file(uint8_t *out, const secret_keys *keys, const char *name, ct_format format, size_t blocks)
{
	AUTO(buf) file = vector(name);
	AUTO(arena) a = arena_with_limit(VECTOR_ROOM);
	ciphertext ct;
	assert_ok(tfhers_read_ciphertext(&ct, &a, buf_slice(&file)));
	assert_int_equal(ct.format, format);
	switch (format) {
	case SMALL_EXPANDED:   assert_ok(decrypt_lwe64(out, keys, ct.lwe64, blocks, ct.boolean)); break;
	case SMALL_COMPRESSED: assert_ok(decrypt_packed64(out, keys, ct.packed64, blocks, ct.boolean)); break;
	case BIG_EXPANDED:     assert_ok(decrypt_lwe128(out, keys, ct.lwe128, blocks, ct.boolean)); break;
	case BIG_COMPRESSED:   assert_ok(decrypt_packed128(out, keys, ct.packed128, blocks, ct.boolean)); break;
	case CT_FORMATS:       fail();
	}
}

static void client_keys_decrypt_what_was_encrypted_under_them(void **state)
{
	static const struct { const char *key, *file; ct_format format; unsigned blocks; uint64_t value; } CASES[] = {
		{ "prod", "fhebool.bin", SMALL_EXPANDED, 1, 1 },
		{ "prod", "fheuint64.bin", SMALL_EXPANDED, 32, 0x0123456789abcdef },
		{ "test", "expanded_bool.bin", SMALL_EXPANDED, 1, 1 },
		{ "test", "expanded_u8.bin", SMALL_EXPANDED, 4, 0xa7 },
		{ "test", "fheuint64.bin", SMALL_EXPANDED, 32, 0x0123456789abcdef },
		{ "test", "sim/compressed_list_u8.bin", SMALL_COMPRESSED, 4, 0xa7 },
		{ "test", "sim/squashed_u8.bin", BIG_EXPANDED, 4, 0xa7 },
		{ "test", "sim/compressed_squashed_u8.bin", BIG_COMPRESSED, 4, 0xa7 },
		{ "xofset_test", "sim/u8.bin", SMALL_EXPANDED, 4, 0xa7 },
		{ "xofset_test", "sim/compressed_list_u8.bin", SMALL_COMPRESSED, 4, 0xa7 },
		{ "xofset_test", "sim/squashed_u8.bin", BIG_EXPANDED, 4, 0xa7 },
		{ "xofset_test", "sim/compressed_squashed_u8.bin", BIG_COMPRESSED, 4, 0xa7 },
	};
	(void)state;
	for (size_t i = 0; i < COUNT(CASES); i++) {
		char name[96];
		uint8_t value[8] = { 0 };
		AUTO(secret_keys) keys = { 0 };
		slice tag;
		snprintf(name, sizeof name, "%s/client_key.bin", CASES[i].key);
		AUTO(buf) file = vector(name);
		assert_ok(tfhers_read_client_key(&keys, &tag, buf_slice(&file)));
		snprintf(name, sizeof name, "%s/%s", CASES[i].key, CASES[i].file);
		decrypt_file(value, &keys, name, CASES[i].format, CASES[i].blocks);
		assert_int_equal(load64(value), CASES[i].value);
	}
}

static err read_client_key(const tf_client_key *k)
{
	AUTO(buf) file = { 0 };
	AUTO(secret_keys) keys = { 0 };
	slice tag;
	object_write(&file, OBJECT_CLIENT_KEY, k);
	return tfhers_read_client_key(&keys, &tag, buf_slice(&file));
}

static void client_keys_of_other_parameters_are_refused(void **state)
{
	(void)state;
	AUTO(buf) file = vector("test/client_key.bin");
	AUTO(arena) a = arena_with_limit(VECTOR_ROOM);
	tf_client_key k, good;
	assert_ok(object_read(&good, &a, OBJECT_CLIENT_KEY, buf_slice(&file)));
	assert_ok(read_client_key(&good));

	k = good, k.key.key.standard.params.classic.lwe_dimension = 2;
	assert_refused("no parameter set", read_client_key(&k));
	k = good, k.key.key.standard.params.classic.modulus.modulus = 1;
	assert_refused("no parameter set", read_client_key(&k));
	k = good, k.key.key.standard.params.classic.log2_p_fail = -63;
	assert_refused("no parameter set", read_client_key(&k));
	k = good, k.key.dedicated_pke.pke.parameters.noise.bound_log2 = 17;
	assert_refused("dedicated_pke.pke.parameters.noise", read_client_key(&k));
	k = good, k.key.compression.params.classic.storage_log_modulus = 12;
	assert_refused("storage_log_modulus", read_client_key(&k));
	k = good, k.key.noise_squash.params.classic.base_log = 24;
	assert_refused("noise_squash.params.Classic.base_log", read_client_key(&k));
	k = good, k.key.noise_squash.key.polynomial_size = 128;
	assert_refused("polynomial_size", read_client_key(&k));
	k = good, k.key.ns_compression.params.lwe_per_glwe = 1;
	assert_refused("lwe_per_glwe", read_client_key(&k));
	k = good, k.key.rerand.variant = RERAND_LEGACY;
	assert_refused("rerand", read_client_key(&k));
	k = good, k.key.oprf.standard.n = 0;
	assert_refused("pseudo-random function key has 0 bits", read_client_key(&k));
	k = good, k.key.key.standard.glwe_sk.data.n -= 8;
	assert_refused("big key has 255 bits", read_client_key(&k));
}

static void a_client_key_that_is_not_binary_is_refused(void **state)
{
	(void)state;
	AUTO(buf) file = vector("test/client_key.bin");
	AUTO(arena) a = arena_with_limit(VECTOR_ROOM);
	tf_client_key k;
	assert_ok(object_read(&k, &a, OBJECT_CLIENT_KEY, buf_slice(&file)));
	const tf_integer_client_key *in = &k.key;
	const slice words[] = { in->key.standard.glwe_sk.data, in->key.standard.lwe_sk, in->dedicated_pke.pke.key,
	                        in->compression.key.data, in->noise_squash.key.data, in->ns_compression.key.data,
	                        in->oprf.standard };
	for (size_t i = 0; i < COUNT(words); i++)
		for (size_t byte = 0; byte < words[i].n; byte += words[i].n > 16 ? 37 : 1) {
			uint8_t *p = file.p + (words[i].p - file.p) + byte;
			uint8_t was = *p, flip = (uint8_t)(byte % 8 ? 1u : 2u);
			if (words[i].n % 16 == 0 && i >= 4 && i < 6 && byte % 16 == 8) flip = 0x80;
			*p = (uint8_t)(was | flip);
			AUTO(secret_keys) keys = { 0 };
			slice tag;
			assert_refused("not binary", tfhers_read_client_key(&keys, &tag, buf_slice(&file)));
			assert_null(keys.memory);
			*p = was;
		}
}

/* ---- CompactPublicKey ------------------------------------------------------------------------------------------------- */

static void public_keys_are_written_for_clients_of_1_4_too(void **state)
{
	static const char *const FILES[] = { "prod/compact_public_key.bin", "test/compact_public_key.bin",
	                                     "xofset_test/compact_public_key.bin" };
	(void)state;
	for (size_t i = 0; i < COUNT(FILES); i++) {
		AUTO(buf) file = vector(FILES[i]);
		AUTO(buf) again = { 0 };
		AUTO(arena) a = arena_with_limit(VECTOR_ROOM);
		public_key key, back;

		assert_ok(tfhers_read_public_key(&key, &a, buf_slice(&file)));
		assert_ptr_equal(key.params, i == 0 ? &PARAMS_DEFAULT : &PARAMS_TEST);
		tfhers_write_public_key(&again, &key);
		/* The only difference is the word before the expansion kind, 28 bytes before an empty tag's end. */
		size_t word = file.n - key.tag.n - 28;
		assert_int_equal(load32(file.p + word), 1);
		assert_int_equal(load32(again.p + word), 0);
		again.p[word] = 1;
		assert_same_bytes(buf_slice(&again), buf_slice(&file));
		again.p[word] = 0;
		assert_ok(tfhers_read_public_key(&back, &a, buf_slice(&again)));
		assert_memory_equal(back.body, key.body, 8 * key.params->pke.n);
	}
}

static void public_keys_of_other_parameters_are_refused(void **state)
{
	(void)state;
	AUTO(buf) file = vector("test/compact_public_key.bin");
	AUTO(arena) a = arena_with_limit(VECTOR_ROOM);
	tf_public_key good, k;
	public_key key;
	assert_ok(object_read(&good, &a, OBJECT_PUBLIC_KEY, buf_slice(&file)));
	for (int i = 0; i < 5; i++) {
		static const char *const SAYS[] = { "no parameter set", "no parameter set", "1023 words", "polynomial_size", "modulus" };
		AUTO(buf) changed = { 0 };
		k = good;
		if (i == 0) k.key.parameters.lwe_dimension = 511;
		if (i == 1) k.key.parameters.zk_scheme = ZK_V1;
		if (i == 2) k.key.key.data.n -= 8;
		if (i == 3) k.key.key.polynomial_size = 1024;
		if (i == 4) k.key.key.modulus.modulus = 3;
		object_write(&changed, OBJECT_PUBLIC_KEY, &k);
		assert_refused(SAYS[i], tfhers_read_public_key(&key, &a, buf_slice(&changed)));
	}
}

/* ---- key sets --------------------------------------------------------------------------------------------------------- */

static void every_part_encrypts_what_it_should_under_the_client_key(const char *client, const char *set_file, bool pke)
{
	AUTO(buf) client_file = vector(client);
	AUTO(buf) file = vector(set_file);
	AUTO(secret_keys) keys = { 0 };
	seeded_keyset set;
	slice tag;

	assert_ok(tfhers_read_client_key(&keys, &tag, buf_slice(&client_file)));
	assert_ok(tfhers_read_keyset(&set, &tag, buf_slice(&file)));
	assert_ptr_equal(set.params, &PARAMS_TEST);
	for (key_part part = 0; part < KEY_PARTS; part++) {
		noise_report report = { 0 };
		if (part == PART_PKE && !pke) assert_int_equal(set.part[part].bodies.n, 0);
		else assert_ok(keycheck_part(&report, &keys, &set, part));
	}
}

static void a_server_key_made_by_a_client_is_understood(void **state)
{
	(void)state;
	every_part_encrypts_what_it_should_under_the_client_key("test/client_key.bin", "test/compressed_server_key.bin", false);
}

static void a_key_set_from_one_stream_is_understood(void **state)
{
	(void)state;
	every_part_encrypts_what_it_should_under_the_client_key("xofset_test/client_key.bin",
	                                                        "xofset_test/compressed_xof_key_set.bin", true);
	every_part_encrypts_what_it_should_under_the_client_key("xofset_test/client_key.bin",
	                                                        "xofset_test/compressed_server_key.bin", false);
}

static void a_key_set_returns_byte_for_byte(void **state)
{
	(void)state;
	AUTO(buf) file = vector("xofset_test/compressed_xof_key_set.bin");
	AUTO(buf) again = { 0 };
	seeded_keyset set;
	slice tag;
	assert_ok(tfhers_read_keyset(&set, &tag, buf_slice(&file)));
	assert_int_equal(tag.n, 32);
	assert_int_equal(tag.p[0], 0xa0);
	tfhers_write_keyset(&again, &set, tag);
	assert_same_bytes(buf_slice(&again), buf_slice(&file));
}

static void a_server_key_returns_byte_for_byte(void **state)
{
	static const char *const FILES[] = { "test/compressed_server_key.bin", "xofset_test/compressed_server_key.bin" };
	(void)state;
	for (size_t i = 0; i < COUNT(FILES); i++) {
		AUTO(buf) file = vector(FILES[i]);
		AUTO(buf) again = { 0 };
		seeded_keyset set;
		slice tag;
		assert_ok(tfhers_read_keyset(&set, &tag, buf_slice(&file)));
		tfhers_write_server_key(&again, &set, tag);
		assert_same_bytes(buf_slice(&again), buf_slice(&file));
	}
}

static void the_public_key_of_a_set_is_the_published_one(void **state)
{
	(void)state;
	AUTO(buf) file = vector("xofset_test/compressed_xof_key_set.bin");
	AUTO(buf) public_file = vector("xofset_test/compact_public_key.bin");
	AUTO(arena) a = arena_with_limit(VECTOR_ROOM);
	uint64_t mask[512], body[512];
	seeded_keyset set;
	public_key key;
	slice tag;
	assert_ok(tfhers_read_keyset(&set, &tag, buf_slice(&file)));
	assert_ok(tfhers_read_public_key(&key, &a, buf_slice(&public_file)));
	compact_key_expand(mask, body, &set.part[PART_PKE], 512);
	assert_memory_equal(mask, key.mask, sizeof mask);
	assert_memory_equal(body, key.body, sizeof body);
	assert_true(slice_eq_var(key.tag, tag));
}

/* What stands alone in a file has the bytes that it has inside a key set made elsewhere. */
static void a_decompression_key_alone_has_the_bytes_that_it_has_in_a_set(void **state)
{
	(void)state;
	AUTO(buf) file = vector("xofset_test/compressed_xof_key_set.bin");
	seeded_keyset set, alone;
	slice tag, name;

	assert_ok(tfhers_read_keyset(&set, &tag, buf_slice(&file)));
	const seeded_part *part = &set.part[PART_DECOMP_BSK];
	const keyset_layout l = tfhers_decompression_layout(&PARAMS_TEST, part->seed.xof_n);
	AUTO(buf) own = { 0 };
	uint8_t *to = buf_grow(&own, l.bytes);
	tfhers_frame_decompression_key(to, &set);
	memcpy(to + l.at[PART_DECOMP_BSK], part->bodies.p, part->bodies.n);
	assert_ok(tfhers_name(&name, buf_slice(&own)));
	assert_true(slice_eq_var(name, slice_str("integer::CompressedDecompressionKey")));
	const size_t head = envelope_length("integer::CompressedDecompressionKey");
	assert_non_null(memmem(file.p, file.n, own.p + head, own.n - head));

	assert_ok(tfhers_read_decompression_key(&alone, buf_slice(&own)));
	assert_ptr_equal(alone.params, &PARAMS_TEST);
	for (key_part i = 0; i < KEY_PARTS; i++) assert_int_equal(alone.part[i].bodies.n, i == PART_DECOMP_BSK ? part->bodies.n : 0);
	assert_memory_equal(alone.part[PART_DECOMP_BSK].bodies.p, part->bodies.p, part->bodies.n);
	assert_true(alone.part[PART_DECOMP_BSK].seed.first.block == part->seed.first.block);
	assert_refused("where a integer::CompressedDecompressionKey was expected", tfhers_read_decompression_key(&alone, buf_slice(&file)));
}

static void decompression_keys_of_other_parameters_are_refused(void **state)
{
	(void)state;
	AUTO(buf) file = vector("xofset_test/compressed_xof_key_set.bin");
	AUTO(arena) a = arena_with_limit(VECTOR_ROOM);
	tf_xof_keyset good;

	assert_ok(object_read(&good, &a, OBJECT_XOF_KEYSET, buf_slice(&file)));
	for (int i = 0; i < 5; i++) {
		static const char *const SAYS[] = { "no parameter set", "no parameter set", "lwe_per_glwe", "Drift", "modulus" };
		AUTO(buf) changed = { 0 };
		tf_decomp_key k = good.server_key.key.decompression;
		seeded_keyset set;
		if (i == 0) k.bsk.classic.bsk.base_log = 23;
		if (i == 1) k.bsk.classic.bsk.data.n -= 8;
		if (i == 2) k.lwe_per_glwe++;
		if (i == 3) k.bsk.classic.ms = good.server_key.key.key.ap.standard.bsk.classic.ms;
		if (i == 4) k.bsk.classic.bsk.modulus.modulus = 1;
		object_write(&changed, OBJECT_DECOMPRESSION_KEY, &k);
		assert_refused(SAYS[i], tfhers_read_decompression_key(&set, buf_slice(&changed)));
	}
}

/* One change to a key set that was right, and what the refusal must say; "" if it must still be read. */
typedef struct change { const char *says; void (*apply)(tf_xof_keyset *k); } change;

static void try_changes(const change *changes, size_t n)
{
	AUTO(buf) file = vector("xofset_test/compressed_xof_key_set.bin");
	AUTO(arena) a = arena_with_limit(VECTOR_ROOM);
	tf_xof_keyset k;

	for (size_t i = 0; i < n; i++) {
		AUTO(buf) changed = { 0 };
		seeded_keyset set;
		slice tag;
		assert_ok(object_read(&k, &a, OBJECT_XOF_KEYSET, buf_slice(&file)));
		changes[i].apply(&k);
		object_write(&changed, OBJECT_XOF_KEYSET, &k);
		err e = tfhers_read_keyset(&set, &tag, buf_slice(&changed));
		if (changes[i].says[0]) assert_refused(changes[i].says, e);
		else assert_ok(e);
	}
}

#define CHANGE(name, what) static void name(tf_xof_keyset *k) { tf_integer_server_key *s = &k->server_key.key; (void)s; what; }

static const uint8_t OTHER_SEED[24] = "TFHE_GENxxxxxxxxxxxxxxx";

CHANGE(nothing, (void)0)
CHANGE(later_block, s->key.ap.standard.ksk.seed.first_index.aes_index++)
CHANGE(other_byte, s->oprf.classic.seed.first_index.byte_index ^= 8)
CHANGE(counter_seed, s->compression.pksk.seed.seed.variant = SEED_CTR)
CHANGE(other_seed, s->rerand.derived.key.seed.seed.xof = slice_of(OTHER_SEED, 24))
CHANGE(other_seed_for_all, k->seed.seed = slice_of(OTHER_SEED, 24))
CHANGE(second_byte, k->seed.variant = XOF_SECOND_BYTE)
CHANGE(short_seed, k->seed.seed.n = 7)
CHANGE(byte_beyond_block, s->cpk_ksk.ksk.seed.first_index.byte_index = 16)
CHANGE(last_part_absent, s->has_oprf = false)
CHANGE(inner_part_absent, s->has_rerand = false)

static void a_part_whose_masks_are_elsewhere_in_the_stream_is_refused(void **state)
{
	static const change CHANGES[] = {
		{ "", nothing }, { "keyswitch key", later_block }, { "pseudo-random function key", other_byte },
		{ "compression key", counter_seed }, { "re-randomization key", other_seed }, { "public key", other_seed_for_all },
		{ "byte 1", second_byte }, { "7 bytes", short_seed }, { "byte 16", byte_beyond_block },
		/* A part that is absent takes nothing from the stream, so those after it stand elsewhere. */
		{ "", last_part_absent }, { "squash compression key", inner_part_absent },
	};
	(void)state;
	try_changes(CHANGES, COUNT(CHANGES));
}

CHANGE(bootstrap_base, s->key.ap.standard.bsk.classic.bsk.base_log = 23)
CHANGE(squash_level, s->noise_squash.ap.standard.classic.bsk.level = 3)
CHANGE(centred_mean, s->key.ap.standard.bsk.classic.ms.variant = MS_CENTERED_MEAN)
CHANGE(sigma, s->key.ap.standard.bsk.classic.ms.drift.r_sigma = 9)
CHANGE(degree, s->key.max_degree = 15)
CHANGE(shift, s->cpk_ksk.cast_rshift = 1)
CHANGE(destination, s->cpk_ksk.destination_key = KEY_BIG)
CHANGE(storage, s->compression.storage_log_modulus = 12)
CHANGE(fewer_bodies, s->ns_compression.pksk.data.n -= 16)
CHANGE(no_zeros, s->key.ap.standard.bsk.classic.ms.drift.zeros.data.n = 0)
CHANGE(scheme, s->rerand.derived.parameters.zk_scheme = ZK_V2)
CHANGE(legacy, s->rerand.variant = RERAND_LEGACY)
CHANGE(dimension, k->public_key.key.parameters.lwe_dimension = 2048)
CHANGE(modulus, s->decompression.bsk.classic.bsk.modulus.modulus = 1)

static void key_sets_of_other_parameters_are_refused(void **state)
{
	static const change CHANGES[] = {
		{ "no parameter set", bootstrap_base }, { "noise_squash.ap.Standard.Classic.bsk.level", squash_level },
		{ "CenteredMean", centred_mean }, { "r_sigma", sigma }, { "max_degree", degree }, { "cast_rshift", shift },
		{ "destination_key", destination }, { "storage_log_modulus", storage },
		{ "squash compression key", fewer_bodies }, { "zeros of the bootstrap key", no_zeros }, { "zk_scheme", scheme },
		{ "re-randomization", legacy }, { "lwe_dimension", dimension }, { "modulus", modulus },
	};
	(void)state;
	try_changes(CHANGES, COUNT(CHANGES));
}

#ifdef ARCA_TEST_PARAMS
static void the_smaller_production_set_is_told_from_the_real_one(void **state)
{
	const lat_params *mini = &PARAMS_MINI;
	(void)state;
	AUTO(secret_keys) secret = { 0 };
	AUTO(secret_keys) secret_back = { 0 };
	AUTO(public_set) public = { 0 };
	AUTO(buf) client = { 0 };
	AUTO(buf) file = { 0 };
	AUTO(buf) again = { 0 };
	seeded_keyset set;
	slice tag;
	assert_ok(keys_from_seed(&secret, &public, mini, slice_str("mini"), NULL));
	tfhers_write_client_key(&client, &secret, slice_str("a tag"));
	assert_ok(tfhers_read_client_key(&secret_back, &tag, buf_slice(&client)));
	assert_ptr_equal(secret_back.params, mini);
	tfhers_write_keyset(&file, &public.set, tag);
	assert_ok(tfhers_read_keyset(&set, &tag, buf_slice(&file)));
	assert_ptr_equal(set.params, mini);
	tfhers_write_keyset(&again, &set, tag);
	assert_same_bytes(buf_slice(&again), buf_slice(&file));
}
#define MINI_TESTS TEST(the_smaller_production_set_is_told_from_the_real_one),
#else
#define MINI_TESTS
#endif

static void a_reference_string_says_for_which_keys_and_how_many_bits_it_is(void **state)
{
	(void)state;
	buf file = vector("test/crs_own.bin");
	crs_facts facts;

	assert_ok(tfhers_read_crs(&facts, buf_slice(&file)));
	assert_string_equal(facts.params->name, "test");
	assert_int_equal(facts.bits, 2048);
	assert_refused("", tfhers_read_crs(&facts, slice_of(file.p, file.n - 1)));
	buf_free(&file);
	file = vector("test/compact_public_key.bin");
	assert_refused("zk::CompactPkeCrs", tfhers_read_crs(&facts, buf_slice(&file)));
	buf_free(&file);
}

TESTS(TEST(a_client_key_with_every_part_returns_byte_for_byte),
      TEST(parts_that_a_client_key_lacks_are_null),
      TEST(a_production_client_key_has_the_size_of_the_real_one),
      TEST(client_keys_decrypt_what_was_encrypted_under_them),
      TEST(client_keys_of_other_parameters_are_refused),
      TEST(a_client_key_that_is_not_binary_is_refused),
      TEST(public_keys_are_written_for_clients_of_1_4_too),
      TEST(public_keys_of_other_parameters_are_refused),
      TEST(a_server_key_made_by_a_client_is_understood),
      TEST(a_key_set_from_one_stream_is_understood),
      TEST(a_key_set_returns_byte_for_byte),
      TEST(a_server_key_returns_byte_for_byte),
      TEST(the_public_key_of_a_set_is_the_published_one),
      TEST(a_decompression_key_alone_has_the_bytes_that_it_has_in_a_set),
      TEST(decompression_keys_of_other_parameters_are_refused),
      TEST(a_part_whose_masks_are_elsewhere_in_the_stream_is_refused),
      MINI_TESTS
      TEST(a_reference_string_says_for_which_keys_and_how_many_bits_it_is),
      TEST(key_sets_of_other_parameters_are_refused))
