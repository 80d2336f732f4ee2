/* SPDX-License-Identifier: MIT */
#include "tests/test.h"
#include "base/cpu.h"
#include "base/hex.h"
#include "sym/aes_many.h"
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MOST_QUADS = 11, MOST_BLOCKS = 21, KEY_BLOCK = AES_QUAD * AES_BLOCK };

#define FOR_EACH_KERNEL(k) \
	for (const aes_many_kernel *const *at_##k = AES_MANY_ALL, *k; (k = *at_##k) != NULL; at_##k++) if (cpu_can(k->needs))

static aes_quad quad[MOST_QUADS], other[MOST_QUADS];
static uint8_t state[MOST_QUADS * KEY_BLOCK], block[MOST_BLOCKS * AES_BLOCK];
static uint8_t expected[MOST_BLOCKS * MOST_QUADS * KEY_BLOCK], got[MOST_BLOCKS * MOST_QUADS * KEY_BLOCK + 1];

static void hex(uint8_t *out, size_t n, const char *text) { assert_true(hex_read(out, n, slice_str(text))); }

/* FIPS 197, appendix A.1: the schedule of one key; appendix C.1: one block. */
static void every_variant_reproduces_the_standard(void **test)
{
	uint8_t key[16], first[16], last[16], in[16], out[KEY_BLOCK], cipher[16];

	(void)test;
	FOR_EACH_KERNEL(k) {
		for (unsigned place = 0; place < AES_QUAD; place++) {
			memset(quad, 0, sizeof quad);
			hex(key, 16, "2b7e151628aed2a6abf7158809cf4f3c");
			hex(first, 16, "a0fafe1788542cb123a339392a6c7605");
			hex(last, 16, "d014f9a8c9ee2589e13f0cc8b6630ca6");
			k->set(quad, place, key);
			assert_memory_equal(quad->round[0][place], key, 16);
			assert_memory_equal(quad->round[1][place], first, 16);
			assert_memory_equal(quad->round[10][place], last, 16);

			hex(key, 16, "000102030405060708090a0b0c0d0e0f");
			hex(in, 16, "00112233445566778899aabbccddeeff");
			hex(cipher, 16, "69c4e0d86a7b0430d8cdb78070b4c55a");
			k->set(quad, place, key);
			k->many(quad, 1, out, NULL, in, 1);
			assert_memory_equal(out + place * AES_BLOCK, cipher, 16);
		}
	}
}

static void every_variant_expands_keys_alike(void **test)
{
	uint8_t key[AES128_KEY];

	(void)test;
	FOR_EACH_KERNEL(k)
		for (unsigned i = 0; i < 300; i++) {
			rng_fill(test_rng(), key, sizeof key);
			if (i < 256) memset(key + 12, (int)i, 4);            /* every place of the substitution box */
			memset(quad, 0, sizeof quad), memset(other, 0, sizeof other);
			k->set(quad, i % AES_QUAD, key);
			AES_MANY_PORTABLE.set(other, i % AES_QUAD, key);
			assert_memory_equal(quad, other, sizeof quad[0]);
		}
}

static void draw(void)
{
	uint8_t key[AES128_KEY];

	for (unsigned q = 0; q < MOST_QUADS; q++)
		for (unsigned place = 0; place < AES_QUAD; place++) {
			rng_fill(test_rng(), key, sizeof key);
			AES_MANY_PORTABLE.set(quad + q, place, key);
		}
	rng_fill(test_rng(), state, sizeof state);
	rng_fill(test_rng(), block, sizeof block);
}

static void every_variant_encrypts_alike(void **test)
{
	(void)test;
	draw();
	FOR_EACH_KERNEL(k)
		for (size_t quads = 0; quads <= MOST_QUADS; quads++)
			for (size_t count = 0; count <= MOST_BLOCKS; count++)
				for (unsigned with_state = 0; with_state < 2; with_state++) {
					const uint8_t *from = with_state ? state : NULL;
					const size_t n = count * quads * KEY_BLOCK;
					AES_MANY_PORTABLE.many(quad, quads, expected, from, block, count);
					got[n] = 0x5a;
					k->many(quad, quads, got, from, block, count);
					assert_memory_equal(got, expected, n);
					assert_int_equal(got[n], 0x5a);
				}
}

/* By hand, for one of the keys and the libcrypto context that aes_test.c compares with the standard. */
static void a_link_is_one_encryption_a_key_and_block(void **test)
{
	uint8_t key[AES128_KEY], b[AES_BLOCK];

	(void)test;
	draw();
	rng_fill(test_rng(), key, sizeof key);
	aes_quad_set(quad + 2, 1, key);
	aes_many(quad, 5, got, state, block, 7);
	AUTO(aes128) one = aes128_new(key);
	for (size_t i = 0; i < 7; i++) {
		for (unsigned j = 0; j < AES_BLOCK; j++) b[j] = block[i * AES_BLOCK + j] ^ state[9 * AES_BLOCK + j];
		aes128_blocks(&one, b, b, 1);
		assert_memory_equal(got + (i * 20 + 9) * AES_BLOCK, b, AES_BLOCK);
	}
}

static void a_state_can_be_advanced_in_place(void **test)
{
	uint8_t chain[sizeof state];

	(void)test;
	draw();
	FOR_EACH_KERNEL(k)
		for (size_t quads = 1; quads <= MOST_QUADS; quads++) {
			memcpy(chain, state, sizeof chain);
			k->many(quad, quads, expected, chain, block, 1);
			k->many(quad, quads, chain, chain, block, 1);
			assert_memory_equal(chain, expected, quads * KEY_BLOCK);
		}
}

/* The exit status of a child that asks for the choice under the given ARCA_CPU. */
static int choice_under(const char *level, const char *expects)
{
	int status;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		setenv("ARCA_CPU", level, 1);
		if (!freopen("/dev/null", "w", stderr)) _exit(2);
		execl("/proc/self/exe", "aes_many_test", "--chosen", expects, (char *)NULL);
		_exit(2);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void the_environment_sets_a_ceiling(void **test)
{
	(void)test;
	assert_int_equal(choice_under("portable", "portable"), 0);
	assert_int_equal(choice_under("portable", "avx512"), 1);
	if (cpu_can(CPU_VAES)) assert_int_equal(choice_under("avx2", "vaes"), 0);
	else if (cpu_can(CPU_AVX2 | CPU_AES)) assert_int_equal(choice_under("avx2", "aesni"), 0);
	if (cpu_can(CPU_AVX512 | CPU_VAES)) assert_int_equal(choice_under("avx512", "avx512"), 0);
	if (!cpu_can(CPU_AVX512)) assert_int_equal(choice_under("avx512", "vaes"), 64);
	assert_int_equal(choice_under("sse9", "portable"), 64);
}

static const struct CMUnitTest ALL[] = {
	TEST(every_variant_reproduces_the_standard), TEST(every_variant_expands_keys_alike), TEST(every_variant_encrypts_alike),
	TEST(a_link_is_one_encryption_a_key_and_block), TEST(a_state_can_be_advanced_in_place),
	TEST(the_environment_sets_a_ceiling),
};

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "--chosen") == 0) return strcmp(aes_many_chosen()->name, argv[2]) != 0;
	return test_main(argc, argv, __FILE__, ALL, COUNT(ALL));
}
